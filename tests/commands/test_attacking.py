"""The command ``attack``, as a script or a person types it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from cvexplore import catalog, images
from cvexplore.__main__ import main
from tests.commands.typed import assert_mendable, assert_shape, parsed

LITE = "timm/tf_efficientnet_lite0"
CLASS = {"index": int, "label": str, "probability": float}
SHAPE = {
    "network": str,
    "weights": str,
    "method": str,
    "options": dict,
    "epsilon": float,
    "before": dict,
    "after": dict,
    "saved": dict,
    "kept": float,
    "flipped": bool,
    "succeeded": bool,
    "survives": bool,
    "distance": float,
    "seconds": float,
    "passes": int,
}


def seen(name: str, weights: str, picture: Image.Image) -> int:
    """Return the class a network predicts for a square that needs no cutting."""
    preparation = catalog.preparation(name, weights)
    whole = images.Preparation(preparation.image_size, preparation.channels, preparation.mean,
                               preparation.std, crop=1.0)  # fmt: skip
    model = catalog.build(name, weights=weights).eval()
    with torch.no_grad():
        return int(model(images.prepare(picture, whole)).argmax())


def square(name: str, weights: str) -> np.ndarray:
    cut = images.crop(images.sample_image("chelsea"), catalog.preparation(name, weights))
    return np.array(cut, int)


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """Return what the command prints for a script; it runs in this process."""
    assert main(["attack", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_pgd_changes_what_a_learned_network_says_and_the_file_still_fools_it(
    tmp_path: Path,
) -> None:
    out = tmp_path / "fooled.png"
    said: dict[str, Any] = parsed(
        "attack", LITE, "chelsea", "--weights", "bundled", "--method", "pgd", "--epsilon", "4",
        "--option", "steps=4", "--out", out,
    )  # fmt: skip
    assert_shape(said, SHAPE)
    for key in ("before", "after", "saved"):
        assert_shape(said[key], CLASS)
    assert said["flipped"] is True
    assert said["distance"] <= 4
    assert said["passes"] == 4 + 3
    assert said["kept"] < said["before"]["probability"]
    written = Image.open(out)
    assert seen(LITE, "bundled", written) == said["saved"]["index"]
    assert np.abs(np.array(written, int) - square(LITE, "bundled")).max() == 4


def test_a_person_reads_what_it_came_to(capsys: pytest.CaptureFixture[str]) -> None:
    main(["attack", "cvexplore/simple_cnn", "chelsea", "--method", "fgsm", "--epsilon", "2"])
    said = capsys.readouterr().out
    assert "random" in said
    assert "before" in said
    assert "after" in said
    assert "2 of 255" in said


def test_the_smallest_epsilon_is_the_first_that_was_tried_and_is_enough(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = told(capsys, "cvexplore/simple_cnn", "coins", "--weights", "bundled",
                  "--method", "fgsm", "--smallest", "--epsilon", "64")  # fmt: skip
    assert said["tried"][:3] == [0.125, 0.25, 0.5]
    assert said["smallest"] in [*said["tried"], None]
    if said["smallest"] is None:
        assert max(said["tried"]) == 64
    else:
        assert said["flipped"] is True
        assert said["epsilon"] == said["smallest"]
        assert said["smallest"] - 0.125 in [0, *said["tried"]]


def test_towards_a_class_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    said = told(capsys, "cvexplore/simple_cnn", "coins", "--weights", "bundled",
                  "--target", "7", "--epsilon", "200")  # fmt: skip
    assert_shape(said, {**SHAPE, "towards": dict})
    assert said["towards"]["label"] == "7"
    assert said["succeeded"] == (said["after"]["label"] == "7")


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("cvexplore/simple_cnn coins --method pdg", "pgd"),
        ("cvexplore/simple_cnn coins --option stepz=3", "steps"),
        ("cvexplore/simple_cnn coins --epsilon -1", "255"),
        ("cvexplore/simple_cnn coins --target 10", "0 and 9"),
        ("cvexplore/simple_cnn coins --out a.jpg", ".png"),
        ("torchvision/fcn_resnet50 coins", "classifiers"),
    ],
)
def test_attack_says_what_cannot_be(
    typed: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["attack", *typed.split()])
    assert_mendable(code, capsys.readouterr().err, says)
