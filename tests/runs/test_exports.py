"""What is exported, read again by those it is for."""

import csv
import io
import json
import math
import zipfile
from pathlib import Path
from typing import Any

import pytest
from safetensors import safe_open

from cvexplore.errors import RunError, UnknownName
from cvexplore.runs import Run, RunStore, exports, worker
from cvexplore.runs.exports.mlflow_run import to_mlflow
from cvexplore.training import MetricPoint, RunConfig
from tests.runs.conftest import recipe


@pytest.fixture
def trained(store: RunStore) -> Run:
    """Return a run of a few steps; one of its values is no number."""
    run_id = store.submit(recipe(steps=6), state="starting")
    worker.work(store, store.run(run_id))
    store.record(run_id, [MetricPoint(6, "train", "odd", math.nan, 1.0)], 6, 6)
    return store.run(run_id)


def measured(store: RunStore, run: Run) -> list[tuple[int, str, float]]:
    points, _ = store.metrics(run.id)
    assert len(points) > 20
    return [(each.step, f"{each.split}/{each.name}", each.value) for each in points]


def only(store: RunStore, run: Run, format: str) -> bytes:
    (content,) = exports.EXPORTS[format](store, run).values()
    return content


def test_the_table_holds_every_measurement_to_the_last_digit(store: RunStore, trained: Run) -> None:
    rows = list(csv.DictReader(io.StringIO(only(store, trained, "csv").decode())))
    found = [(int(r["step"]), f"{r['split']}/{r['name']}", float(r["value"])) for r in rows]
    assert str(found) == str(measured(store, trained))  # not-a-number equals itself as text
    assert {row["run"] for row in rows} == {trained.id}


def test_tensorboard_reads_the_curves(store: RunStore, trained: Run, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    for name, content in exports.EXPORTS["tensorboard"](store, trained).items():
        (tmp_path / name).write_bytes(content)
    events = EventAccumulator(str(tmp_path), size_guidance={"tensors": 0}).Reload()
    found = {
        (event.step, tag, event.tensor_proto.float_val[0])
        for tag in events.Tags()["tensors"]
        for event in events.Tensors(tag)
    }
    wanted = {each for each in measured(store, trained) if not math.isnan(each[2])}
    finite = sorted(each for each in found if not math.isnan(each[2]))
    assert [each[:2] for each in finite] == sorted(each[:2] for each in wanted)
    for (_, _, value), (_, _, true) in zip(finite, sorted(wanted), strict=True):
        assert value == pytest.approx(true, rel=1e-6)  # TensorBoard keeps 32 bits
    assert len(found) == len(finite) + 1


def test_the_recipe_is_read_again(store: RunStore, trained: Run) -> None:
    assert RunConfig.from_json(only(store, trained, "recipe").decode()) == trained.recipe


def test_the_weights_are_the_file_the_run_left(
    store: RunStore, trained: Run, tmp_path: Path
) -> None:
    name, content = exports.export(store, trained, "weights")
    assert name == f"{trained.id}-weights.safetensors"
    (tmp_path / "w").write_bytes(content)
    with safe_open(tmp_path / "w", "pt") as file:
        assert json.loads(file.metadata()["cvexplore"])["architecture"] == "cvexplore/simple_cnn"


def test_a_run_without_weights_says_so(store: RunStore) -> None:
    run = store.run(store.submit(recipe()))
    with pytest.raises(RunError, match="no weights yet"):
        exports.export(store, run, "weights")


def test_several_files_come_as_a_zip(
    store: RunStore, trained: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    two: dict[str, Any] = {"pair": lambda *_: {"a.txt": b"1", "b.txt": b"2"}}
    monkeypatch.setattr(exports, "EXPORTS", two)
    name, content = exports.export(store, trained, "pair")
    assert name == f"{trained.id}-pair.zip"
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert {each: archive.read(each) for each in archive.namelist()} == {
        f"{trained.id}/a.txt": b"1",
        f"{trained.id}/b.txt": b"2",
    }


def test_a_format_that_does_not_exist_is_told_the_nearest(store: RunStore, trained: Run) -> None:
    with pytest.raises(UnknownName, match="tensorboard"):
        exports.export(store, trained, "tensorbord")


def test_mlflow_holds_settings_and_curves_or_is_said_to_be_missing(
    store: RunStore, trained: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")  # a database needs the whole of MLflow
    where = f"file:{tmp_path / 'mlflow'}"
    try:
        from mlflow import MlflowClient  # pyright: ignore[reportMissingImports]
    except ImportError:
        with pytest.raises(RunError, match="pip install mlflow"):
            to_mlflow(store, trained, where)
        return
    client = MlflowClient(where)
    entered = to_mlflow(store, trained, where)
    run = client.get_run(entered)
    assert run.data.params["learning_rate"] == "0.002"
    assert run.info.status == "FINISHED"
    history = client.get_metric_history(entered, "train/loss")
    losses = [value for _, name, value in measured(store, trained) if name == "train/loss"]
    assert [each.value for each in history] == losses
