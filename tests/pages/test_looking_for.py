"""The strongest images in the Looking-for view are the right ones; one can be made, and stopped."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest
from test_pages import opened

from cvexplore import catalog, images
from cvexplore.interpret.activations import feature_maps
from cvexplore.ui import cached
from cvexplore.ui.cached import Subject
from cvexplore.ui.features import exciting_images
from cvexplore.ui.features.image_sets import image_set, titles

LITE0 = "timm/tf_efficientnet_lite0"
PLACE = f"looking_for.{LITE0}.bundled.blocks.2"
SUBJECT = Subject(LITE0, "bundled")


@pytest.fixture(autouse=True)
def no_runner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cvexplore.runs.runner.ensure", lambda folder=None: None)
    monkeypatch.setattr("cvexplore.ui.features.looking_for._COUNTS", (8, 16))
    monkeypatch.setattr("cvexplore.ui.features.made_for._STEPS", (2, 128))
    monkeypatch.setattr(exciting_images, "_TILES", 3)


def view(model: str = LITE0, **query: str) -> AppTest:
    app = opened("feature_maps", view="Looking for", model=model, **query)
    assert not app.exception
    return app


def button(app: AppTest, label: str):
    return next(each for each in app.button if each.label == label)


def captions(app: AppTest) -> list[str]:
    """Return what stands under the tiles: the person's image, then the strongest."""
    found = [caption for image in app.get("image") for caption in image.captions]
    return [each for each in found if each.startswith("**")]


def highest(image: Image.Image, channel: int) -> float:
    model, preparation = cached.network(SUBJECT), cached.preparation(SUBJECT)
    maps = feature_maps(model, images.prepare(image, preparation), "blocks.2").maps
    return float(maps[channel].max())


def test_the_strongest_photos_are_shown_beside_ones_own_with_its_rank() -> None:
    app = view()
    app.number_input(key=f"{PLACE}.channel").set_value(7).run()
    assert not app.exception
    among = image_set("photos and crops", SUBJECT)
    values = sorted((highest(among.image(place), 7) for place in range(16)), reverse=True)
    own = highest(images.sample_image("coffee"), 7)
    rank = 1 + sum(value > own + 1e-4 for value in values)
    shown = captions(app)
    assert shown[0].startswith(f"**{own:.3g}** · yours, {rank}")
    assert [each.split("**")[1] for each in shown[1:]] == [f"{value:.3g}" for value in values[:3]]
    assert any("16 were looked through" in each.value for each in app.caption)
    assert any("effective receptive field" in each.value for each in app.caption)


def test_a_channel_that_stands_out_is_picked_with_a_click() -> None:
    app = view()
    quick = app.button_group(key=f"{PLACE}.quick")
    wanted = int(quick.options[-1])
    quick.set_value(wanted).run()
    assert not app.exception
    assert app.number_input(key=f"{PLACE}.channel").value == wanted


def test_what_takes_long_waits_for_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cvexplore.ui.features.looking_for._AT_ONCE", 0)
    app = view("cvexplore/simple_cnn")
    assert not captions(app)
    button(app, "Look through them").click().run()
    assert not app.exception
    assert captions(app)


def test_an_image_is_made_shown_and_judged() -> None:
    app = view()
    app.select_slider(key="made_for.steps").set_value(2).run()
    button(app, "Make it").click().run()
    assert not app.exception
    assert any("highest value on it is" in each.value for each in app.markdown)
    assert app.session_state["made_for"].done
    assert len(app.session_state["made_for"].values) == 3
    saved = next(each for each in app.get("download_button") if each.label == "Save the image")
    assert saved
    assert button(app, "Make it again")
    # Another channel's view says nothing of this one's image.
    app.number_input(key=f"{PLACE}.channel").set_value(0).run()
    assert not any("highest value on it is" in each.value for each in app.markdown)


def test_for_a_class_the_page_says_its_probability() -> None:
    app = view()
    app.select_slider(key="made_for.steps").set_value(2).run()
    app.button_group(key="made_for.what").set_value("class").run()
    button(app, "Make it").click().run()
    assert not app.exception
    made = app.session_state["made_for"]
    assert made.aim.name == "espresso"
    colours = torch.from_numpy(made.last.pixels).permute(2, 0, 1)[None] / 255
    with torch.inference_mode():
        scores = cached.network(SUBJECT)((colours - 0.5) / 0.5)[0]
    share = float(scores.softmax(0)[made.aim.channel])
    assert any(f"**{share:.1%}** for its class" in each.value for each in app.markdown)


def test_a_stopped_image_stays_and_goes_on() -> None:
    app = view()
    app.select_slider(key="made_for.steps").set_value(2).run()
    button(app, "Make it").click().run()
    made = app.session_state["made_for"]
    from cvexplore.ui.features.made_for import _beginning

    made.rest, made.values, made.going = _beginning(made.aim), [], False
    made.last = next(made.rest)
    made.values.append(made.last.value)
    app.run()
    assert any("Step 0 of 2" in each.value for each in app.caption)
    button(app, "Go on").click().run()
    assert not app.exception
    assert app.session_state["made_for"].done
    assert any("Step 2 of 2" in each.value for each in app.caption)


# ------------------------------------------------------------------ images


def test_image_sets_give_the_same_image_at_every_call_and_differ_from_place_to_place() -> None:
    for title in titles(SUBJECT):
        among = image_set(title, SUBJECT)
        first, again = (np.asarray(among.image(among.size - 1)) for _ in range(2))
        assert np.array_equal(first, again)
        assert not np.array_equal(first, np.asarray(among.image(3)))
        prepared = among.prepared([0, 9], catalog.preparation(LITE0, "bundled"))
        assert prepared.shape == (2, 3, 224, 224)


def test_data_sets_are_not_taken_class_by_class() -> None:
    data = cached.dataset("mnist_5k")
    assert len(set(data.labels[:100].tolist())) == 1  # the file is sorted
    among = image_set("mnist_5k", SUBJECT)
    of_pixels = {
        data.images[each].numpy().tobytes(): int(data.labels[each]) for each in range(5000)
    }
    seen = [np.asarray(among.image(each))[..., 0][None].tobytes() for each in range(100)]
    assert len({of_pixels[each] for each in seen}) == 10


def test_the_marked_rectangle_is_bright_and_the_rest_dark() -> None:
    from cvexplore.interpret.exciting import Region

    grey = Image.new("RGB", (24, 24), (200, 200, 200))
    tile = np.asarray(exciting_images._marked(grey, Region(6, 12, 12, 18)))
    scale = tile.shape[0] // 24
    assert (tile[9 * scale, 15 * scale] == 200).all()
    assert (tile[20 * scale, 3 * scale] < 100).all()
    assert (tile[3 * scale, 15 * scale] < 100).all()
    close = exciting_images._close_up(grey, Region(20, 0, 24, 10))
    assert close.width == close.height
    buffer = io.BytesIO()
    close.save(buffer, "PNG")
