"""The Robustness page shows the core's own numbers for the network and the image on it."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from streamlit.testing.v1 import AppTest
from test_pages import opened

from cvexplore import images
from cvexplore.attribution import Asked, Structure
from cvexplore.checkpoints import checkpoint
from cvexplore.errors import LayerError
from cvexplore.interpret.predictions import Prediction
from cvexplore.plugins import Choice
from cvexplore.robustness import accuracies, attack, corrupt
from cvexplore.robustness.attacks import on_pixels, original_pixels
from cvexplore.training.splits import stratified
from cvexplore.ui import cached
from cvexplore.ui.attribution import Explaining, known
from cvexplore.ui.cached import Subject
from cvexplore.ui.pictures import Picture
from cvexplore.ui.robustness import answers, elsewhere
from cvexplore.ui.robustness.held_out import held_out
from cvexplore.ui.robustness.many_pictures import together

VIT = "cvexplore/vit"  # 56 pixels: a pass takes milliseconds
BUNDLED = Subject(VIT, "bundled", cached.frozen(dict(checkpoint(VIT).recipe["options"])))  # type: ignore[union-attr]

EXPLAINING = Explaining(BUNDLED, Picture(images.sample_image("coffee"), "coffee", "coffee"))


@pytest.fixture(autouse=True)
def no_runner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cvexplore.runs.runner.ensure", lambda folder=None: None)


def page(**query: str) -> AppTest:
    app = opened("robustness", arch=VIT, **query)
    assert not app.exception
    assert not app.error
    return app


def metrics(app: AppTest) -> dict[str, str]:
    return {each.label: each.value for each in app.metric}


def button(app: AppTest, label: str) -> Any:
    return next(each for each in app.button if each.label.startswith(label))


def asked() -> Asked:
    """Return the question of the page as it opens: the first sample of the network's data set."""
    dataset = cached.trained_on(BUNDLED)
    assert dataset is not None
    image = images.from_array(dataset.images[dataset.one_of_each(rows=2)[0]].numpy())
    preparation = cached.preparation(BUNDLED)
    prepared = images.prepare(image, preparation)
    return Asked(cached.network(BUNDLED), prepared, 0, preparation.mean, preparation.std)


# ------------------------------------------------------------------ fool it


def test_the_attack_on_the_page_is_the_cores() -> None:
    expected = attack(asked(), Choice("fgsm"), 12)
    _, after, _ = expected.probabilities()
    assert expected.flipped
    shown = metrics(page(epsilon="12"))
    assert shown["Answer"] == "flipped"
    assert shown["Probability left"] == f"{after[expected.label_before]:.1%}"
    assert shown["Largest change"] == "12 / 255"


def test_pgd_aims_at_the_class_that_someone_chooses() -> None:
    app = page(epsilon="16", attack="PGD")
    aim = next(each for each in app.selectbox if each.label == "To be taken for")
    aim.set_value(6).run()
    assert not app.exception
    expected = attack(asked(), Choice("pgd"), 16, towards=6)
    assert expected.succeeded
    shown = {each.label: each for each in app.metric}
    assert shown["Answer"].delta == "is 6"
    after = expected.probabilities()[1][expected.label_before]
    assert shown["Probability left"].value == f"{after:.1%}"


def test_the_changed_image_is_shown_to_another_network_as_a_file_would_be() -> None:
    app = page(epsilon="16")
    other = next(each for each in app.selectbox if each.label.startswith("Does it fool"))
    assert [each.split(" ")[0] for each in other.options[1:]] == ["cvexplore/simple_cnn"]
    cnn = Subject("cvexplore/simple_cnn", "bundled", ())
    other.set_value(next(each for each in elsewhere.knowing_the_same(EXPLAINING))).run()
    assert not app.exception
    picture = images.from_array(attack(asked(), Choice("fgsm"), 16).picture.numpy())
    prepared = images.prepare(picture, cached.preparation(cnn))
    said = cached.network(cnn)(prepared).softmax(1)[0]
    shown = next(each for each in app.metric if each.label == "The changed image")
    assert (shown.value, shown.delta) == (str(int(said.argmax())), f"{said.max():.1%}")


def test_nothing_flips_where_no_pixel_may_change() -> None:
    app = page(epsilon="0")
    assert metrics(app)["Answer"] == "stays"
    assert metrics(app)["Largest change"] == "0 / 255"
    assert any("No change" in each.value for each in app.markdown)


def test_the_search_ends_at_an_epsilon_that_flips_and_moves_the_slider_there() -> None:
    app = page()
    button(app, "Smallest epsilon").click().run()
    assert not app.exception
    button(app, "Show it at").click().run()
    epsilon: Any = app.slider(key="epsilon").value
    assert metrics(app)["Answer"] == "flipped"
    assert attack(asked(), Choice("fgsm"), epsilon).flipped
    assert not attack(asked(), Choice("fgsm"), epsilon - 0.125).flipped


# ------------------------------------------------------------------ common corruptions


def test_the_page_counts_the_corrupted_images_that_are_taken_for_something_else() -> None:
    from cvexplore.robustness import CORRUPTIONS

    question = asked()
    pixels, scores = original_pixels(question), on_pixels(question)
    own = int(scores(pixels).argmax())
    changed = sum(
        int(scores(corrupt(name, pixels, strength)).argmax()) != own
        for name in CORRUPTIONS
        for strength in (1, 2, 3, 4, 5)
    )
    app = page(view="Common corruptions")
    assert any(f"**{changed} of 40** corrupted" in each.value for each in app.markdown)


def test_pictures_held_out_are_those_of_the_run_and_give_the_recorded_accuracy() -> None:
    ours = checkpoint(VIT)
    assert ours is not None
    held = held_out(BUNDLED)
    assert held is not None
    recipe = ours.recipe
    learned, measured = stratified(held.dataset.labels, recipe["validation"], recipe["seed"])
    assert sorted(held.order) == measured.tolist()
    assert not set(held.order) & set(learned.tolist())
    count = len(held.order)
    found = on_pixels(asked())(held.pixels(0, count, 1)).argmax(1)
    accuracy = (found == held.labels(0, count)).float().mean().item()
    assert accuracy == pytest.approx(ours.score["accuracy"], abs=1e-3)


def test_nothing_is_held_out_for_weights_of_others() -> None:
    assert held_out(Subject("timm/tf_efficientnet_lite0", "bundled")) is None
    assert held_out(Subject(VIT, "random")) is None


def test_counts_on_parts_together_are_the_counts_on_all() -> None:
    pixels = torch.rand(6, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    labels = torch.tensor([0, 1, 0, 1, 0, 1])

    def scores(some: torch.Tensor) -> torch.Tensor:
        bright = some.mean((1, 2, 3))
        return torch.stack([bright, 1.01 - bright], 1)

    names = ("brightness", "gaussian noise")
    *_, whole = accuracies(scores, pixels, labels, names)
    *_, first = accuracies(scores, pixels[:2], labels[:2], names)
    *_, rest = accuracies(scores, pixels[2:], labels[2:], names)
    assert together([first, rest]) == whole


def test_without_labels_the_page_says_so_and_offers_agreement() -> None:
    app = opened("robustness", arch="cvexplore/simple_cnn", view="Common corruptions")
    app.selectbox(key="weights.cvexplore/simple_cnn").select("random").run()
    assert not app.exception
    assert any("Random weights" in each.value for each in app.caption)
    assert any("accuracy cannot be told" in each.value for each in app.caption)
    assert any("Agreement" in each.value for each in app.subheader)


# ------------------------------------------------------------------ smallest patch


def test_the_search_ends_at_a_square_that_changes_the_answer() -> None:
    app = page(view="Smallest patch")
    button(app, "Search").click().run(timeout=120)
    assert not app.exception
    said = next(each.value for each in app.markdown if "is enough for" in each.value)
    side = int(said.split("**")[1].split(" ")[0])
    assert f"{side**2 / 56**2:.1%} of the image" in said


# ------------------------------------------------------------------ long work


def test_work_that_was_stopped_waits_until_someone_asks_for_it() -> None:
    def script() -> None:
        import streamlit as st

        from cvexplore.ui.robustness.waiting import may_begin, stoppable

        if may_begin(5.0, "Work", key="work"):
            with stoppable("work", 5.0):
                st.write("at work")
                if st.session_state.get("stays"):
                    st.stop()

    app = AppTest.from_function(script)
    app.session_state["stays"] = True  # as when a click on Stop interrupts it
    app.run()
    assert app.markdown[0].value == "at work"
    button(app, "Stop").click().run()
    assert not app.markdown
    button(app, "Work (about 5.0 s)").click().run()
    assert app.markdown[0].value == "at work"


# ------------------------------------------------------------------ what cannot be asked


def test_a_network_of_one_class_is_told_why_nothing_can_change() -> None:
    picture = Picture(images.sample_image("coffee"), "coffee", "coffee")
    only = Explaining(BUNDLED, picture, (Prediction("cup", 1.0, 0),))
    with pytest.raises(LayerError, match="single class"):
        answers.of_several_classes(only)


@pytest.mark.parametrize("name", ["pgd", "PGD"])
def test_an_attack_is_found_in_the_url_in_either_case(name: str) -> None:
    assert page(attack=name).segmented_control(key="attack").value == "pgd"


def test_a_head_of_zeros_is_refused_for_nothing_can_change_its_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(known, "structure", lambda explaining: Structure(silent_head=True))
    two = (Prediction("cup", 0.5, 0), Prediction("spoon", 0.5, 1))
    with pytest.raises(LayerError, match="all zero"):
        answers.of_several_classes(replace(EXPLAINING, predictions=two))
