"""A run's script, run by itself: it must end where the run ended."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cvexplore.errors import RunError
from cvexplore.plugins import Choice
from cvexplore.runs import Run, RunStore, exports, worker
from cvexplore.training import Change
from tests.runs.conftest import recipe

RECIPES: dict[str, dict[str, Any]] = {
    "standard": {},
    "all that a step can have": {
        "optimizer": Choice("sgd", {"momentum": 0.8}),
        "schedule": Choice("plateau", {"patience": 0}),
        "approach": Choice("supervised", {"label_smoothing": 0.1}),
        "learning_rate": 0.05,
        "accumulate": 2,
        "clip": 0.5,
        "decay_all": False,
        "ema": 0.9,
        "epochs": 3,
    },
    "augmented and steered": {
        "augmentations": (Choice("affine"), Choice("brightness"), Choice("cutmix")),
        "changes": (Change(2, "learning_rate", 0.01), Change(4, "strength", 0.5)),
        "split": "random",
    },
    "ended early": {
        "learning_rate": 0.5,
        "schedule": Choice("constant"),
        "patience": 1,
        "epochs": 30,
    },
    "begun with learned weights, half of them frozen": {
        "architecture": "cvexplore/resnet",
        "weights": "bundled",
        "frozen": 0.5,
        "options": {},
        "dataset": Choice("shapes", {"count": 80, "image_size": 32}),
        "epochs": 1,
    },
    "of a library": {
        "architecture": "timm/mobilenetv3_small_050",
        "options": {},
        "dataset": Choice("shapes", {"count": 80, "image_size": 32}),
        "epochs": 1,
        "schedule": Choice("one_cycle"),
    },
}


def trained(store: RunStore, **changed: Any) -> Run:
    run_id = store.submit(recipe(**changed), state="starting")
    worker.work(store, store.run(run_id))
    run = store.run(run_id)
    assert run.state == "finished", run.message
    return run


@pytest.mark.parametrize("name", RECIPES)
def test_a_script_ends_with_the_loss_of_its_run(store: RunStore, tmp_path: Path, name: str) -> None:
    run = trained(store, **RECIPES[name])
    for file, content in exports.EXPORTS["script"](store, run).items():
        (tmp_path / file).write_bytes(content)
    for script in ("train.py", "network.py"):
        assert "cvexplore" not in imported(tmp_path / script)
    done = subprocess.run(
        [sys.executable, "train.py"],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = re.findall(r"epoch (\d+): loss (\S+), accuracy (\S+)", done.stdout)
    curve = store.curves(run.id)["validation", "loss"].values
    assert [float(loss) for _, loss, _ in found] == pytest.approx(curve, abs=1e-6)
    accuracy = store.curves(run.id)["validation", "accuracy"].values[-1]
    assert float(found[-1][2]) == pytest.approx(accuracy, abs=1e-4)


def imported(path: Path) -> set[str]:
    """Return the libraries that a file imports."""
    tree = ast.parse(path.read_text())
    found = {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    found |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    return {name.partition(".")[0] for name in found}


def test_what_a_script_cannot_tell_is_said(store: RunStore) -> None:
    run = trained(store, changes=(Change(2, "frozen", 0.5),))
    with pytest.raises(RunError, match="does not know how frozen is steered"):
        exports.export(store, run, "script")
