"""Whatever a person can mend is told in one sentence on stderr, with exit code 2."""

import subprocess
import sys
from pathlib import Path

import pytest

from cvexplore.__main__ import main
from tests.commands.typed import ROOT, assert_mendable, noise, run


def fails(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[object, str]:
    """Run a command in this process and return its code and what it told."""
    try:
        code: object = main([str(each) for each in arguments])
    except SystemExit as ended:
        code = ended.code
    return code, capsys.readouterr().err


CNN = "cvexplore/simple_cnn"
MISTAKES = [
    ("", "the following arguments are required: COMMAND"),
    ("trian", "invalid choice: 'trian'"),
    ("models --library tensorflow", "invalid choice: 'tensorflow'"),
    ("models --colour", "unrecognized arguments: --colour"),
    ("trace torchvision/resnet19", "Did you mean torchvision/resnet18"),
    ("trace resnet18", "torchvision/resnet18"),
    ("trace", "Give the NAME"),
    (f"trace {CNN} --image-size many", "invalid int value: 'many'"),
    (f"trace {CNN} --image-size 0", "image_size must be between 4 and 256"),
    (f"trace {CNN} --image-size -5", "image_size must be between 4 and 256"),
    (f"trace {CNN} --image-size 100000", "image_size must be between 4 and 256"),
    (f"trace {CNN} --option widht=8", "Did you mean width"),
    (f"trace {CNN} --option width", "--option takes KEY=VALUE, not 'width'"),
    (f"trace {CNN} --option width=wide", "width must be a number, not 'wide'"),
    (f"trace {CNN} --option width=8.5", "width must be a whole number"),
    (f"trace {CNN} --option width=1e999", "width must be a"),
    ("trace torchvision/alexnet --image-size 16", "Layer features.5"),
    ("trace torchvision/vit_b_16 --image-size 100", "Patch size 16 does not divide"),
    ("measure", "Give the NAME"),
    ("measure torchvision/resnet19", "Did you mean torchvision/resnet18"),
    (f"measure {CNN} torchvision/resnet19", "Did you mean torchvision/resnet18"),
    (f"measure {CNN} --device tpu", "invalid choice: 'tpu'"),
    (f"measure {CNN} --threads 0", "threads must be between 1 and 1024"),
    (f"measure {CNN} --threads all", "threads must be a number, not 'all'"),
    (f"features {CNN} coffee --layer features.9 --out x.npz", "There is no layer named"),
    (f"features {CNN} coffee --layer features.0 --out x.jpg", "must end in .npz or .png"),
    (f"features {CNN} coffee --layer features.0 --out no/where/x.npz", "cannot be written"),
    (f"features {CNN} coffee --layer features.0 --out no/where/x.png", "cannot be written"),
    (f"features {CNN} nowhere.png --layer features.0 --out x.npz", "nowhere.png cannot be read"),
    (f"features {CNN} . --layer features.0 --out x.npz", "cannot be read"),
    (f"features {CNN} coffee --layer features.0 --out x.npz --weights best", "'best' are unknown"),
    (f"features {CNN} coffee --layer features.0 --out x.npz --weights run:nix", "no weights (yet)"),
    (
        f"features {CNN} coffee --layer features.0 --out x.npz --weights run:../../nix",
        "is not the id of a run",
    ),
    (f"features {CNN} coffee --layer features.0 --out x.npz --weights no.pth", "no weights file"),
    (
        "features cvexplore/vgg coffee --layer features.0 --out x.npz --weights bundled",
        "No weights",
    ),
    ("features torchvision/raft_small coffee --layer feature_encoder --out x.npz", "optical flow"),
    ("features torchvision/r3d_18 coffee --layer stem --out x.npz", "is a network for video"),
    (f"features {CNN} coffee --layer all --out x.png", "All layers do not fit on one picture"),
    (f"features {CNN} coffee --layer all --out no/where/x.npz", "cannot be written"),
    (f"features {CNN} coffee --layer feature.0 --out x.npz", "Did you mean features.0"),
    ("train --architecture cvexplore/simple_cmn", "Did you mean cvexplore/simple_cnn"),
    ("train --approach supervize", "Did you mean supervised"),
    ("train --dataset minst_5k", "Did you mean mnist_5k"),
    ("train --schedule cosin", "Did you mean cosine"),
    ("train --dataset mnist", "is not on this machine yet"),
    ("train --optimizer adamx", "Did you mean adam"),
    ("train --epochs 0", "epochs must be between 1 and 1000"),
    ("train --epochs some", "epochs must be a number, not 'some'"),
    ("train --learning-rate -1", "learning_rate must be between 1e-06 and 10"),
    ("train --learning-rate nan", "learning_rate must be a number"),
    ("train --batch-size 1.5", "batch_size must be a whole number"),
    ("train --option width=0", "width must be between 1 and 256 channels"),
    ("train --option dataset.image_size=9000", "image_size must be between 8 and 224 pixels"),
    ("train --option dataset.imagesize=9", "Did you mean"),
    ("train --option data.image_size=9", "the parts are approach, dataset, optimizer, schedule"),
    ("train --option schedule.warm_up", "--option takes KEY=VALUE"),
    ("train --architecture torchvision/alexnet", "On pictures of 28 pixels: "),
    ("train --architecture torchvision/raft_small", "not a classifier"),
    ("runs", "required: COMMAND"),
    ("runs show", "required: id"),
    ("runs show nothing", "There is no run named 'nothing'"),
    ("runs show ../../etc/passwd", "There is no run named"),
    ("runs stop nothing", "There is no run named 'nothing'"),
    ("runs resume nothing", "There is no run named 'nothing'"),
    ("runner --run nothing", "There is no run named 'nothing'"),
    ("app --port many", "port must be a number, not 'many'"),
    ("app --port 99999", "port must be between"),
    ("app --port -1", "port must be between"),
]


@pytest.mark.parametrize(("line", "says"), MISTAKES, ids=[line for line, _ in MISTAKES])
def test_a_mistake_is_told_in_a_sentence(
    line: str,
    says: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert_mendable(*fails(capsys, *line.split()), says)
    assert not list(tmp_path.iterdir())


def test_a_mistake_is_told_on_stderr_with_code_2() -> None:
    done = run("trace", "torchvision/resnet19")
    assert (done.returncode, done.stdout) == (2, "")
    assert_mendable(done.returncode, done.stderr, "torchvision/resnet18")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"these are words", "not an image"),
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n" + b"?" * 100, "image"),
        (b"<svg/>", "not an image"),
    ],
)
def test_what_is_no_image_is_told(
    content: bytes, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "words.png"
    path.write_bytes(content)
    arguments = ["features", CNN, path, "--layer", "features.0", "--out", tmp_path / "x.npz"]
    assert_mendable(*fails(capsys, *arguments), says)


def test_half_an_image_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = noise(tmp_path / "picture.png")
    picture.write_bytes(picture.read_bytes()[:600])
    arguments = ["features", CNN, picture, "--layer", "features.0", "--out", tmp_path / "x.npz"]
    assert_mendable(*fails(capsys, *arguments), "damaged")


@pytest.mark.parametrize("command", ["runs list", "train --steps 1"])
def test_a_home_that_is_a_file_is_told(
    command: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "runs").write_text("mine")
    assert_mendable(*fails(capsys, *command.split()), str(home))


def test_no_more_than_was_asked_for_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    """A pipe to head ends quietly."""
    done = subprocess.run(
        f"{sys.executable} -m cvexplore models | head -n 1",
        shell=True, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.split() == ["name", "library", "family", "kind", "year"]
    assert done.stderr == ""
