"""The choice of augmentations: what it returns, and what its preview shows."""

import io
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest

from cvexplore.plugins import Choice
from cvexplore.training.augmentations import Pictures
from cvexplore.training.datasets import DATASETS, Dataset
from cvexplore.ui.training.augmenting import captions, preview


def form() -> None:
    """Draw the choice as a page would."""
    import streamlit as st

    from cvexplore.plugins import Choice
    from cvexplore.ui import cached
    from cvexplore.ui.training.augmenting import pick_augmentations

    start = (Choice("rotate", {"degrees": 30.0}),)
    st.session_state.chosen = pick_augmentations(
        cached.dataset("digits"), key="augment", start=start, strength=0.5
    )


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return DATASETS.bind(Choice("digits"))()


def shown(app: AppTest) -> list[str]:
    found = app.get("image")
    return [image.caption for each in found for image in each.proto.imgs]  # type: ignore[attr-defined]


def opened(script: Callable[[], None] = form) -> AppTest:
    app = AppTest.from_function(script, default_timeout=60).run()
    assert not app.exception
    return app


def test_it_starts_with_what_it_is_handed_and_shows_eight_pictures() -> None:
    app = opened()
    assert app.session_state.chosen == (Choice("rotate", {"degrees": 30.0}),)
    assert len(shown(app)) == 8
    assert "strength of 0.5" in app.caption[-1].value


def test_a_changed_option_is_in_the_choice() -> None:
    app = opened()
    app.slider(key="augment.rotate.degrees").set_value(20.0).run()
    assert app.session_state.chosen == (Choice("rotate", {"degrees": 20.0}),)


def test_ready_made_sets_replace_the_choice_and_none_shows_no_preview() -> None:
    app = opened()
    app.button(key="augment.ready.Photos").click().run()
    names = [each.name for each in app.session_state.chosen]
    assert names == ["horizontal_flip", "crop", "colour"]
    app.button(key="augment.ready.None").click().run()
    assert app.session_state.chosen == ()
    assert not shown(app)


def test_the_choice_is_offered_kind_by_kind_and_keeps_the_order_it_was_made_in() -> None:
    app = opened()
    kinds = [label.rpartition("(")[2] for label in app.multiselect[0].options]
    assert len({*kinds}) == 5
    assert sum(before != after for before, after in pairwise(kinds)) == 4
    app.multiselect[0].set_value(["noise", "affine"]).run()
    assert [each.name for each in app.session_state.chosen] == ["noise", "affine"]


def test_mixed_pictures_say_of_what_and_how_much() -> None:
    app = opened()
    app.multiselect[0].set_value(["mixup"]).run()
    mixed = [each for each in shown(app) if "+" in each]
    assert mixed
    for each in mixed:
        first, share, _, second, other = each.replace("\\", "").split()
        assert first != second
        assert float(share) + float(other) == pytest.approx(1, abs=0.011)
    app.multiselect[0].set_value(["mixup", "cutmix"]).run()
    assert "lower its share" in app.info[0].value


def test_drawing_again_draws_other_pictures() -> None:
    app = opened()
    app.multiselect[0].set_value(["mixup"]).run()
    before = shown(app)
    app.button(key="augment.again").click().run()
    assert shown(app) != before


def test_the_originals_stand_above_and_no_strength_changes_nothing(digits: Dataset) -> None:
    for strength in (0.0, 1.0):
        drawn = preview(digits, [Choice("vertical_flip", {"share": 1.0})], strength, seed=0)
        for png in drawn.pictures:
            pixels = np.asarray(Image.open(io.BytesIO(png)))[..., :3]
            half = len(pixels) // 2
            above, below = pixels[: half - 2], pixels[half : 2 * half - 2]
            assert np.array_equal(above, below[::-1] if strength else below)


def test_every_class_has_its_turn_where_there_are_few_pictures() -> None:
    images = torch.zeros(5, 1, 4, 4, dtype=torch.uint8)
    few = Dataset(images, torch.tensor([0, 0, 0, 1, 1]), ("a*b", "c"), "drawn here")
    drawn = preview(few, [Choice("noise")], 1.0, seed=0)
    assert drawn.captions == ("a*b", "c", "a*b", "c", "a*b")


def test_captions_name_both_classes_with_their_shares() -> None:
    labels, others = torch.tensor([7, 1, 3]), torch.tensor([2, 1, 4])
    mixed = Pictures(torch.zeros(3, 1, 2, 2), labels, others, torch.tensor([0.63, 1.0, 0.25]))
    names = tuple("0123456789")
    assert captions(mixed, names) == ["7 0.63 + 2 0.37", "1", "3 0.25 + 4 0.75"]
