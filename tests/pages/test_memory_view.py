"""The Memory view says what a batch needs and what fits, and follows its controls."""

import json

import pytest
from streamlit.testing.v1 import AppTest
from test_pages import opened

from cvexplore import catalog
from cvexplore.trace.memory import Memory, memory
from cvexplore.ui.words import compact

NAME = "torchvision/squeezenet1_1"


@pytest.fixture(autouse=True)
def no_runner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cvexplore.runs.runner.ensure", lambda folder=None: None)


def metrics(app: AppTest) -> dict[str, str]:
    return {each.label: each.value for each in app.metric}


def bar(app: AppTest) -> dict[str, float]:
    """Return the parts of the bar as they were sent."""
    charts = [json.loads(each.proto.spec)["data"] for each in app.get("plotly_chart")]
    return {part["name"]: part["x"] for data in charts for part in data if part["type"] == "bar"}


def said(need: Memory, batch: int, optimizer: str) -> dict[str, str]:
    """Return the figures the page should show."""
    fits = {f"{size} GB": need.largest_batch(size * 1e9, optimizer) for size in (4, 8, 16, 24, 80)}
    return {
        "Needs": compact(need.peak(batch, optimizer).total, "B"),
        **{size: f"{count:,}" for size, count in fits.items()},
    }


def test_the_figures_follow_the_controls() -> None:
    model, example = catalog.build(NAME, device="meta"), catalog.example(NAME)
    app = opened("anatomy", arch=NAME, view="Memory")
    assert not app.exception
    assert said(memory(model, example), 32, "sgd").items() <= metrics(app).items()
    assert set(bar(app)) == {"weights", "activations"}

    app.segmented_control(key="memory.for").set_value("Training").run()
    need = memory(model, example, training=True)
    assert said(need, 32, "adamw").items() <= metrics(app).items()
    assert {"weights", "optimiser state", "activations"} <= set(bar(app))
    kept = app.dataframe[-1].value
    assert kept["Keeps (MB)"].is_monotonic_decreasing
    assert kept["Layer"].iloc[0] in need.kept

    app.select_slider(key="memory.batch").set_value(256).run()
    app.selectbox(key="memory.optimizer").set_value("momentum").run()
    app.selectbox(key="memory.precision").set_value("bfloat16").run()
    half = memory(model, example, training=True, precision="bfloat16")
    assert said(half, 256, "momentum").items() <= metrics(app).items()
    assert not app.exception
    assert not app.error


def test_training_a_detector_is_refused_in_a_sentence() -> None:
    app = opened("anatomy", arch="torchvision/ssdlite320_mobilenet_v3_large", view="Memory")
    assert "Needs" in metrics(app)
    app.segmented_control(key="memory.for").set_value("Training").run()
    assert [error.value.replace("\\", "") for error in app.error] == [
        "The memory for training in float32 cannot be told, since the network does not run like "
        "that: targets should not be none when in training mode."
    ]
    assert not app.exception
