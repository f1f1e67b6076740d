"""The Weights view shows the numbers of the weights that are chosen, and says whose they are."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from streamlit.testing.v1 import AppTest
from test_pages import opened, sheet

from cvexplore import catalog, folders
from cvexplore.catalog.weights import Origin, save
from cvexplore.runs import RunStore
from cvexplore.training.config import RunConfig
from cvexplore.ui import cached

LITE0 = "timm/tf_efficientnet_lite0"


def view(name: str, **query: str) -> AppTest:
    app = opened("anatomy", arch=name, view="Weights", **query)
    assert not app.exception
    return app


def untrained(name: str) -> AppTest:
    return view(name, weights="random")


def chart(app: AppTest, place: int) -> dict[str, Any]:
    """Return a figure as it was sent: 0 is the picked tensor's histogram, 1 is all of them."""
    return json.loads(app.get("plotly_chart")[place].proto.spec)


def trained(name: str, **options: Any) -> str:
    """Keep a network of ones as a run's weights, and return what to call them."""
    store = RunStore()
    run = store.submit(RunConfig(architecture=name, options=options))
    model = catalog.build(name, **options)
    with torch.no_grad():
        for tensor in model.parameters():
            tensor.fill_(1)
    path = folders.run_weights(run)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    save(model, Origin(name, options, (), catalog.preparation(name, **options)), path)
    return f"run:{run}"


@pytest.fixture(autouse=True)
def no_runner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cvexplore.runs.runner.ensure", lambda folder=None: None)


def test_bundled_weights_show_their_tensors_and_filters() -> None:
    app = view(LITE0)
    model = catalog.build(LITE0, weights="bundled")
    weight = model.get_parameter("conv_stem.weight")
    said = next(each.value for each in app.markdown if "standard deviation" in each.value)
    assert f"standard deviation **{weight.std(correction=0):.3g}**" in said
    assert "32 × 3 × 3 × 3" in said
    filters = sheet(app, "Filters of conv_stem")
    assert filters["tiles"] == 32
    norms = weight.flatten(1).norm(dim=1)
    assert filters["captions"][7] == f"filter 7 · norm {norms[7]:.3g}"
    assert not any("Random" in each.value for each in app.caption)


def test_random_weights_are_called_random_and_follow_the_options() -> None:
    app = untrained("cvexplore/simple_cnn")
    assert any("Random weights" in each.value for each in app.caption)
    assert sheet(app, "Filters")["tiles"] == 32
    app.number_input(key="cvexplore/simple_cnn.width").set_value(16).run()
    assert sheet(app, "Filters")["tiles"] == 16


def test_the_picked_tensor_is_drawn() -> None:
    app = view("cvexplore/simple_cnn")
    pick = next(each for each in app.selectbox if each.label == "Tensor")
    assert "features.0.bias" not in pick.options
    pick.set_value(pick.options[-1]).run()
    assert any(f"Linear {10} × {128}" in each.value for each in app.markdown)


def test_biases_and_scales_are_a_choice_away() -> None:
    app = view("cvexplore/simple_cnn")
    group = next(each for each in app.segmented_control if each.label == "Tensors")
    group.set_value("Biases, scales").run()
    assert not app.exception
    pick = next(each for each in app.selectbox if each.label == "Tensor")
    assert all(name.endswith("bias") for name in pick.options)


def test_a_run_s_weights_say_what_they_belong_to() -> None:
    weights = trained("cvexplore/simple_cnn", width=16)
    app = view("cvexplore/simple_cnn", weights=weights)
    assert any("other options than those chosen here: width 16" in e.value for e in app.caption)
    assert sheet(app, "Filters")["tiles"] == 16
    assert any("mean **1** · standard deviation **0**" in each.value for each in app.markdown)


def test_random_weights_stand_beside_trained_ones() -> None:
    weights = trained("cvexplore/simple_cnn")
    app = view("cvexplore/simple_cnn", weights=weights)
    assert "random" not in [trace.get("name") for trace in chart(app, 1)["data"]]
    next(each for each in app.toggle if each.label == "Beside random").set_value(True).run()
    assert not app.exception
    names = [[trace.get("name") for trace in chart(app, each)["data"]] for each in (0, 1)]
    assert all("random" in each for each in names)


def test_a_large_network_is_built_only_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(subject: cached.Subject) -> None:
        raise AssertionError(f"{subject} was built")

    monkeypatch.setattr(cached, "network", refuse)
    app = view("timm/vit_giant_patch14_clip_224")
    assert "1.01 G parameters need 4.05 GB" in app.info[0].value
    assert [each.label for each in app.button] == ["Build it"]


def test_a_large_network_is_built_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cvexplore.ui.anatomy.weights._ASK", 1000)
    app = view("cvexplore/simple_cnn")
    app.button[0].click().run()
    assert not app.exception
    assert sheet(app, "Filters")["tiles"] == 32


def test_what_does_not_fit_in_memory_cannot_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cvexplore.ui.anatomy.weights._ASK", 1000)
    monkeypatch.setattr("cvexplore.ui.anatomy.weights.free_bytes", lambda device: 1_000_000)
    app = view("cvexplore/simple_cnn")
    assert "1 MB are free" in app.info[0].value
    assert app.button[0].disabled


def test_filters_of_many_channels_are_seen_one_at_a_time() -> None:
    app = untrained("cvexplore/simple_cnn")
    app.slider(key="cvexplore/simple_cnn.channels").set_value(5).run()
    assert not app.exception
    seen = next(each for each in app.selectbox if each.label == "Seen")
    assert seen.options == [f"channel {each}" for each in range(5)]
    first = sheet(app, "Filters")["sheet"]
    seen.set_value("channel 4").run()
    assert sheet(app, "Filters")["sheet"] != first
