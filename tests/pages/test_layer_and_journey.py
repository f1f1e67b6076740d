"""The Layer and Journey views of Feature maps: what they say is what the network computed."""

import numpy as np
import torch
from streamlit.testing.v1 import AppTest

from cvexplore import catalog, images
from cvexplore.interpret.activations import capture, feature_maps
from cvexplore.interpret.residual import residuals
from tests.pages.test_pages import opened, sheet

LITE = {"model": "timm/tf_efficientnet_lite0", "weights": "bundled"}


def maps(layer: str) -> np.ndarray:
    model = catalog.build(LITE["model"], weights="bundled").eval()
    preparation = catalog.preparation(LITE["model"], "bundled")
    prepared = images.prepare(images.sample_image("coffee"), preparation)
    return feature_maps(model, prepared, layer).maps.numpy()


def captions(app: AppTest) -> list[str]:
    return [each.value for each in app.caption]


def test_the_most_active_channels_come_first_and_facts_are_the_channel_s_own() -> None:
    app = opened("feature_maps", view="Layer", **LITE)
    app.selectbox(key="order").select("Activity").run()
    assert not app.exception
    truth = maps("blocks.2")
    busiest = np.argsort(-np.abs(truth).mean((1, 2)), kind="stable")
    told = [each.split(" ·")[0] for each in sheet(app, "All channels")["captions"]]
    assert told == [f"channel {index}" for index in busiest]
    assert any(each.value == f"Channel {busiest[0]}" for each in app.subheader)
    mean = f"mean **{truth[busiest[0]].mean():.3g}**"
    assert any(mean in each.value for each in app.markdown)


def test_a_sum_between_layers_can_be_looked_at() -> None:
    app = opened("feature_maps", view="Layer", **LITE)
    picker = next(each for each in app.selectbox if each.label == "Layer")
    path = "blocks.2.1.add"
    assert any(option.startswith(f"{path} · add") for option in picker.options)
    picker.set_value(path).run()
    assert not app.exception
    highest = maps(path)[0].max()
    assert f"highest {highest:.3g}" in sheet(app, f"All channels of {path}")["captions"][0]


def test_each_call_of_a_module_that_is_used_again_has_its_own_maps() -> None:
    resnet = {"model": "torchvision/resnet18", "weights": "random"}
    app = opened("feature_maps", view="Layer", **resnet)
    next(each for each in app.selectbox if each.label == "Layer").set_value("layer3.1.relu").run()
    call = next(each for each in app.selectbox if each.label == "Call")
    assert call.options == ["1 of 2", "2 of 2"]
    first = sheet(app, "All channels")["captions"]
    call.set_value(1).run()
    assert sheet(app, "All channels")["captions"] != first


def test_the_class_token_stands_apart() -> None:
    vit = {"model": "timm/deit_tiny_patch16_224", "weights": "random"}
    app = opened("feature_maps", view="Layer", **vit)
    next(each for each in app.selectbox if each.label == "Layer").set_value("blocks.3").run()
    assert not app.exception
    assert any("197 tokens: 14 × 14 laid out" in each for each in captions(app))
    assert list(app.dataframe[0].value["Token"]) == ["class token"]


def test_the_journey_leads_from_pixels_to_classes_and_into_every_layer() -> None:
    app = opened("feature_maps", **LITE)
    assert not app.exception
    rows = [each.value.replace("\u200b", "") for each in app.markdown]  # where a path may break
    assert any(row.startswith("**pixels**") and "3 × 224 × 224" in row for row in rows)
    assert any(row.startswith("**blocks.3**") and "80 channels of 14 × 14" in row for row in rows)
    assert any(row.startswith("**classes**") for row in rows)
    walk = next(each for each in app.select_slider if each.label.startswith("Walk"))
    walk.set_value(walk.options.index("blocks.3")).run()
    busiest = np.argsort(-np.abs(maps("blocks.3")).mean((1, 2)), kind="stable")[:12]
    told = ", ".join(map(str, busiest))
    assert any(told in each for each in captions(app))
    next(each for each in app.button if each.label == "Look at all its channels").click().run()
    assert app.session_state["view"] == "Layer"
    picker = next(each for each in app.selectbox if each.label == "Layer")
    assert picker.value == "blocks.3"


def test_what_a_block_adds_is_measured_on_its_own_maps() -> None:
    app = opened("feature_maps", **LITE)
    walk = next(each for each in app.select_slider if each.label.startswith("Walk"))
    walk.set_value(walk.options.index("blocks.2")).run()
    last = residuals(catalog.traced(LITE["model"]), "blocks.2")[-1]
    model = catalog.build(LITE["model"], weights="bundled").eval()
    preparation = catalog.preparation(LITE["model"], "bundled")
    prepared = images.prepare(images.sample_image("coffee"), preparation)
    seen = capture(model, prepared, last.layers)
    x, fx = (seen.layers[path][call] for path, call in (last.shortcut, last.branch))
    share = torch.linalg.vector_norm(fx) / torch.linalg.vector_norm(x)
    assert any(f"adds {share:.0%} of its shortcut" in each for each in captions(app))
