"""``trace``, as a script or a person calls it, in every format."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cvexplore import designs
from cvexplore.__main__ import main
from cvexplore.catalog import traced
from cvexplore.trace.summary import markdown_text, plain_text, summary
from tests.commands.typed import WHOLE, assert_mendable, assert_shape, output, parsed

RESNET = "torchvision/resnet18"
SUMS = {"parameters": WHOLE, "trainable": WHOLE, "macs": WHOLE, "activation_bytes": WHOLE}
TRACE = {
    "name": str,
    "image_size": WHOLE,
    **SUMS,
    "layers": list,
    "sums": dict,
    "edges": list,
}
LAYER = {
    "path": str,
    "kind": str,
    "depth": WHOLE,
    "input_shapes": list,
    "output_shape": list,
    **SUMS,
    "parameter_share": float,
    "mac_share": float,
}


def test_trace_gives_layers_and_totals() -> None:
    seen = parsed("trace", RESNET)
    assert_shape(seen, TRACE)
    assert_shape(seen["sums"], SUMS)
    for layer in seen["layers"]:
        assert type(layer.pop("receptive_field")) in (int, type(None))
        assert_shape(layer, LAYER)
    assert (seen["name"], seen["image_size"]) == (RESNET, 224)
    assert seen["parameters"] == seen["trainable"] == 11_689_512  # as torchvision publishes
    assert seen["macs"] == pytest.approx(1.814e9, rel=1e-3)
    assert seen["sums"] == {key: seen[key] for key in SUMS}
    assert [layer["output_shape"] for layer in seen["layers"]][-1] == [1, 1000]
    count = len(seen["layers"])
    assert all(0 <= start < count and 0 <= end < count for start, end in seen["edges"])


def test_trace_takes_a_size_and_options() -> None:
    options = ["--option", "width=8", "--option", "classes=3"]
    seen = parsed("trace", "cvexplore/simple_cnn", "--image-size", "32", *options)
    assert seen["image_size"] == 32
    assert seen["parameters"] == 80 + 1168 + (16 * 8 * 8 * 128 + 128) + (128 * 3 + 3)
    assert seen["layers"][0]["input_shapes"] == [[1, 1, 32, 32]]


def test_trace_prints_a_table_for_people() -> None:
    lines = output("trace", "cvexplore/simple_cnn").splitlines()
    assert lines[0] == "cvexplore/simple_cnn at 28 pixels: 11 rows of 11 layers"
    assert lines[2].split()[:5] == ["Layer", "Kind", "Input", "Output", "Parameters"]
    assert any("1 × 32 × 28 × 28" in line for line in lines)
    assert "421,642" in lines[-1]


# --- In this process, which has imported torch already ---

Said = Callable[..., tuple[int, str, str]]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """Return a function that types ``trace`` and returns the exit code and what was printed."""

    def typed(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        try:
            code = main(["trace", *arguments])
        except SystemExit as stopped:
            code = stopped.code
        told = capsys.readouterr()
        return int(code or 0), told.out, told.err

    return typed


def test_every_format_holds_the_same_folded_rows(said: Said) -> None:
    table = summary(traced(RESNET), 1)
    told = {
        name: said(RESNET, "--depth", "1", "--format", name)[1]
        for name in ("text", "markdown", "csv", "json")
    }
    assert told["text"].endswith("\n\n" + plain_text(table))
    assert told["markdown"] == markdown_text(table)
    rows = list(csv.DictReader(io.StringIO(told["csv"])))
    layers = json.loads(told["json"])["layers"]
    paths = [row.path for row in table.layers]
    assert [row["path"] for row in rows] == [layer["path"] for layer in layers] == paths
    assert sum(int(row["parameters"]) for row in rows) == 11_689_512
    assert said(RESNET, "--depth", "1", "--json")[1] == told["json"]


def test_one_block_can_be_looked_into(said: Said) -> None:
    seen = json.loads(said(RESNET, "--inside", "layer3", "--depth", "1", "--json")[1])
    assert [layer["path"] for layer in seen["layers"]] == ["layer3.0", "layer3.1"]
    assert seen["sums"]["parameters"] == 2_099_712 < seen["parameters"] == 11_689_512


def test_a_design_stands_where_a_name_does(said: Said, tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    layers = (designs.layer("flatten"), designs.layer("classifier"))
    file.write_text(designs.to_json(designs.Design("Mine", 1, 8, 5, layers)), "utf-8")
    seen = json.loads(said("--design", str(file), "--json")[1])
    assert seen["parameters"] == 64 * 5 + 5
    assert seen["image_size"] == 8


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([RESNET, "--inside", "layr3"], "There is no block named 'layr3'. Did you mean layer3"),
        ([RESNET, "--depth", "0"], "--depth counts levels from 1"),
        ([RESNET, "--format", "html"], "invalid choice: 'html'"),
        ([], "Give the NAME of an architecture, or --design FILE"),
    ],
)
def test_mistakes_are_told_in_a_sentence(said: Said, arguments: list[str], says: str) -> None:
    code, out, told = said(*arguments)
    assert_mendable(code, told, says)
    assert out == ""


def test_a_size_that_does_not_fit_shows_how_far_the_network_came(said: Said) -> None:
    small = ("torchvision/alexnet", "--image-size", "48")
    code, out, told = said(*small)
    assert_mendable(code, told, "Layer features.12 (MaxPool2d) cannot take")
    assert out.splitlines()[-4].split()[0] == "features.12"
    assert "failed here" in out.splitlines()[-4]
    for written in ("json", "csv"):
        assert said(*small, "--format", written)[:2] == (2, "")
