"""The networks that ship can be chosen on every page, with their own options, labels and data."""

import pytest
import torch
from streamlit.testing.v1 import AppTest
from test_pages import opened

from cvexplore import catalog, images
from cvexplore.checkpoints import Checkpoint, checkpoints
from cvexplore.plugins import Choice
from cvexplore.training.datasets import DATASETS
from cvexplore.ui import cached
from cvexplore.ui.cached import Subject, frozen
from cvexplore.ui.features.image_sets import image_set, titles

EVERY = [pytest.param(each, id=each.name) for each in checkpoints()]
CLASSIFIERS = [
    pytest.param(each, id=each.name)
    for each in checkpoints()
    if catalog.find(each.architecture).task == "classification"
]


def weights_of(app: AppTest, name: str):
    return app.selectbox(key=f"weights.{name}")


def subject(each: Checkpoint) -> Subject:
    options = catalog.origin_options(each.architecture, "bundled")
    return Subject(each.architecture, "bundled", frozen(dict(options)))


@pytest.mark.parametrize("each", CLASSIFIERS)
def test_it_is_chosen_first_and_sees_a_picture_of_its_own_data(each: Checkpoint) -> None:
    app = opened("feature_maps", model=each.architecture, view="Layer")
    assert not app.exception
    assert not app.error
    chosen = weights_of(app, each.architecture)
    assert chosen.value == "bundled"
    assert chosen.options[0] == f"{each.title} (bundled)"
    data = DATASETS.bind(Choice(*each.dataset))()
    first = images.from_array(data.images[data.one_of_each(rows=2)[0]].numpy())
    model = catalog.build(each.architecture, weights="bundled").eval()
    with torch.inference_mode():
        scores = model(images.prepare(first, catalog.preparation(each.architecture, "bundled")))
    likely = f"{data.classes[scores.argmax()]} · {scores.softmax(1).max():.1%}"
    assert likely == app.get("progress")[0].proto.text


@pytest.mark.parametrize("each", EVERY)
def test_its_data_set_is_offered_and_is_the_recipes(each: Checkpoint) -> None:
    name, options = cached.learned_from(subject(each)) or ("", {})
    assert (name, dict(options)) == (each.dataset[0], dict(each.dataset[1]))
    found = cached.trained_on(subject(each))
    assert found is not None
    expected = DATASETS.bind(Choice(*each.dataset))()
    assert torch.equal(found.images, expected.images)
    assert titles(subject(each))[0] == "what it learned from"
    assert expected.source in image_set(titles(subject(each))[0], subject(each)).about


def test_other_weights_have_no_data_set_of_ours() -> None:
    for other in (
        Subject("timm/tf_efficientnet_lite0", "bundled"),
        Subject("cvexplore/vit", "random"),
    ):
        assert cached.trained_on(other) is None
        assert "what it learned from" not in titles(other)


@pytest.mark.parametrize("view", ["Weights", "Export"])
@pytest.mark.parametrize("each", CLASSIFIERS)
def test_anatomy_says_when_the_options_are_others(each: Checkpoint, view: str) -> None:
    app = opened("anatomy", arch=each.architecture, view=view)
    assert not app.exception
    assert not app.error
    if view == "Weights":
        assert weights_of(app, each.architecture).value == "bundled"
        standard = {one.name: one.default for one in catalog.options(each.architecture)}
        said = " ".join(one.value for one in app.caption if "other options" in one.value)
        for name, value in each.recipe["options"].items():
            assert (f"{name} {value}" in said) == (standard[name] != value)


@pytest.mark.parametrize("each", CLASSIFIERS)
def test_beside_it_stands_the_same_network_before_it_learned(each: Checkpoint) -> None:
    app = opened("feature_maps", model=each.architecture, view="Two networks")
    assert not app.exception
    assert not app.error
    chosen = [one.value for one in app.selectbox if one.label == "Weights"]
    assert chosen == ["bundled", "random"]
    layers = {one.label: one.value for one in app.selectbox if "ayer" in one.label}
    assert layers["Its layer"] == layers["Layer"]
    first, second = (one.value for one in app.caption if one.value.startswith(layers["Layer"]))
    assert first.replace(f"trained on {each.title}", "random weights") == second != first
