"""The Experiments view shows the numbers of the change, layer and weights that are chosen."""

import json
from typing import Any

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest
from test_pages import opened

from cvexplore import catalog, images
from cvexplore.interpret.activations import capture
from cvexplore.interpret.changes import Shift

CNN = "cvexplore/simple_cnn"  # 28 pixels: all of its strengths are measured within a second


@pytest.fixture(autouse=True)
def no_runner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cvexplore.runs.runner.ensure", lambda folder=None: None)


def view() -> AppTest:
    torch.manual_seed(0)
    app = opened("feature_maps", view="Experiments", model=CNN, weights="random")
    assert not app.exception
    assert not app.error
    return app


def metrics(app: AppTest) -> dict[str, str]:
    return {each.label: each.value for each in app.metric}


def widget(app: AppTest, kind: str, label: str) -> Any:
    return next(each for each in app.get(kind) if getattr(each, "label", None) == label)


def curve(app: AppTest, name: str) -> dict:
    """Return one curve as it was sent."""
    charts = [json.loads(each.proto.spec)["data"] for each in app.get("plotly_chart")]
    return next(trace for chart in charts for trace in chart if trace.get("name") == name)


def test_the_slider_moves_the_numbers_and_the_curve_agrees() -> None:
    app = view()
    assert metrics(app)["Invariance error"] == "0.000"
    app.select_slider[0].set_value(3).run()
    shown = metrics(app)
    assert shown["Invariance error"] != "0.000"
    for label, name in (
        ("Equivariance error", "equivariance error"),
        ("Invariance error", "invariance error"),
    ):
        measured = curve(app, name)
        assert measured["x"] == list(range(15))  # half of 28 pixels at most
        assert float(shown[label]) == pytest.approx(measured["y"][3], abs=6e-4)


def test_the_invariance_error_is_that_of_two_plain_passes() -> None:
    app = view()
    app.select_slider[0].set_value(5).run()
    from cvexplore.ui import cached

    model = cached.network(cached.Subject(CNN, "random"))
    layer = widget(app, "selectbox", "Layer").value
    preparation = catalog.preparation(CNN, "random")
    seen = images.crop(images.sample_image("coffee"), preparation)
    square = torch.from_numpy(np.array(seen))[None, None].float() / 255
    mean, std = preparation.mean[0], preparation.std[0]
    before, after = (
        capture(model, (each - mean) / std, [layer]).layers[layer][0]
        for each in (square, Shift(right=5)(square))
    )
    truth = ((after - before).norm() / before.norm()).item()
    assert float(metrics(app)["Invariance error"]) == pytest.approx(truth, abs=6e-4)


def test_a_change_that_moves_nothing_has_no_equivariance() -> None:
    app = view()
    widget(app, "button_group", "Change").set_value("blur").run()
    assert not app.exception
    assert "Equivariance error" not in metrics(app)
    assert "Invariance error" in metrics(app)


def test_layers_through_the_network_are_drawn_at_this_strength() -> None:
    app = view()
    app.select_slider[0].set_value(3).run()
    app.toggle(key="experiment.depth").set_value(True).run()
    assert not app.exception
    layer = widget(app, "selectbox", "Layer").value
    curves = [json.loads(each.proto.spec)["data"] for each in app.get("plotly_chart")][-1]
    depth = next(each for each in curves if each["name"] == "invariance error")
    names = depth["customdata"]
    assert len(names) > 4
    shown = float(metrics(app)["Invariance error"])
    assert depth["y"][names.index(layer)] == pytest.approx(shown, abs=6e-4)


def test_a_layer_is_switched_off_and_its_channels_are_tried() -> None:
    app = view()
    widget(app, "button_group", "Experiment").set_value("Switch off").run()
    assert not app.exception
    whole = metrics(app)["Answer distance"]
    widget(app, "button_group", "Switch off").set_value("Channels").run()
    assert metrics(app)["Answer distance"] != whole
    widget(app, "button", "Try 32 channels").click().run()
    assert not app.exception
    assert any("32 channels tried" in each.value for each in app.caption)
    (bars,) = json.loads(app.get("plotly_chart")[-1].proto.spec)["data"]
    assert bars["y"] == sorted(bars["y"])
    assert len(bars["y"]) == 32


def test_a_layer_that_changes_the_shape_cannot_be_skipped() -> None:
    app = view()
    widget(app, "button_group", "Experiment").set_value("Switch off").run()
    widget(app, "selectbox", "Layer").set_value("features.0").run()
    widget(app, "button_group", "In their place").set_value("input").run()
    assert not app.exception
    assert "cannot be skipped" in app.error[0].value


def test_much_work_waits_until_someone_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cvexplore.ui.features.following._AT_ONCE", 0)
    app = view()
    widget(app, "button_group", "Change").set_value("rotate").run()
    assert not app.get("plotly_chart")
    assert any("strengths measured; the others take" in each.value for each in app.caption)
    widget(app, "button", "Measure them").click().run()
    assert not app.exception
    assert len(curve(app, "invariance error")["x"]) > 5


@pytest.mark.parametrize("experiment", ["Change the image", "Switch off"])
def test_a_click_interrupts_what_is_being_measured(experiment: str) -> None:
    app = view()
    widget(app, "button_group", "Experiment").set_value(experiment).run()
    # Streamlit lets a fragment's clicks wait until the fragment has ended.
    known = app.session_state._state._state._new_widget_state.widget_metadata
    ours = [
        each.fragment_id for name, each in known.items() if "-change" in name or "-off." in name
    ]
    assert ours
    assert set(ours) == {None}
