"""Two networks side by side: what stands beside what, and the similarity of their layers."""

import json
import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from test_pages import opened, sheet

from cvexplore.interpret.similarity import Similarity
from cvexplore.ui.cached import Subject
from cvexplore.ui.features import two

SMALL = "cvexplore/simple_cnn"
LITE0 = "timm/tf_efficientnet_lite0"


@pytest.fixture(autouse=True)
def no_runner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cvexplore.runs.runner.ensure", lambda folder=None: None)


def beside(first: str, second: str, **query: str) -> AppTest:
    app = opened("feature_maps", view="Two networks", model=first, second=second, **query)
    assert not app.exception
    assert not app.error
    return app


def field(app: AppTest, label: str) -> str:
    return str(next(each.value for each in app.selectbox if each.label == label))


def matrix(app: AppTest) -> dict[tuple[int, int], float]:
    """Return the values that a person can read in the chart, by their places."""
    data = json.loads(app.get("plotly_chart")[0].proto.spec)["data"]
    points = next(each for each in data if each["type"] == "scatter")
    values = [re.search(r"<b>([\d.]+)</b>", text) for text in points["text"]]
    places = map(tuple, points["customdata"])
    return {place: float(value[1]) for place, value in zip(places, values, strict=True) if value}


def said(app: AppTest) -> str:
    return " ".join(each.value for each in app.caption)


def test_a_trained_network_stands_beside_itself_before_it_learned() -> None:
    app = opened("feature_maps", view="Two networks")
    assert not app.exception
    assert field(app, "Second network") == LITE0
    assert [each.value for each in app.selectbox if each.label == "Weights"] == [
        "bundled",
        "random",
    ]
    assert field(app, "Its layer") == field(app, "Layer")
    assert app.query_params["second_weights"] == "random"


def test_a_network_that_learned_nothing_stands_beside_one_that_did() -> None:
    app = opened("feature_maps", view="Two networks", model="torchvision/squeezenet1_1")
    assert field(app, "Second network") == LITE0
    assert [each.value for each in app.selectbox if each.label == "Weights"] == [
        "random",
        "bundled",
    ]


def test_each_network_shows_the_channels_of_its_own_layer() -> None:
    app = beside(SMALL, "torchvision/squeezenet1_1")
    other = field(app, "Its layer")
    assert sheet(app, f"Channels of {field(app, 'Layer')} of {SMALL}")["tiles"] == 16
    assert sheet(app, f"Channels of {other} of torchvision/squeezenet1_1")["tiles"] == 16
    next(each for each in app.button_group if each.label == "Channels").set_value("In order").run()
    captions = sheet(app, f"Channels of {other} of torchvision")["captions"]
    assert [int(each.split()[1]) for each in captions] == list(range(len(captions)))


def test_the_most_active_channels_come_first() -> None:
    app = beside(SMALL, SMALL)
    sizes = [
        float(each.rpartition(" ")[2])
        for each in sheet(app, f"Channels of {field(app, 'Layer')}")["captions"]
    ]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > sizes[-1]


def test_a_network_compared_with_itself_is_1_at_equal_depth() -> None:
    app = beside(SMALL, SMALL, weights="random", second_weights="random")
    app.selectbox(key=f"two.set.{SMALL}.random").set_value("digits")
    next(each for each in app.button_group if each.label == "How many").set_value(64)
    app.button(key="two.compare").click().run()
    assert not app.exception
    values = matrix(app)
    layers = 1 + max(row for row, _ in values)
    assert len(values) == layers**2 > 4
    assert all(values[place, place] == 1 for place in range(layers))
    assert all(values[row, column] == values[column, row] for row, column in values)
    assert min(values.values()) < 0.95
    assert "without bias from 64 images. 1:" in said(app)


def test_what_was_found_when_it_was_stopped_stays() -> None:
    first, second = Subject(SMALL, "random"), Subject("torchvision/squeezenet1_1", "random")
    layers = tuple(len(two._layers(each)) for each in (first, second))
    part = Similarity(np.full(layers, 0.25), 48)
    two._kept(first, second, "photos", 128)["found"] = part
    app = beside(SMALL, "torchvision/squeezenet1_1", weights="random")
    assert "from 48 images, where 128 were asked for" in said(app)
    assert set(matrix(app).values()) == {0.25}


def test_every_image_is_in_one_batch_and_no_batch_is_too_small(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Places:
        def prepared(self, places: list[int], preparation: object) -> list[int]:
            return places

    monkeypatch.setattr(two.cached, "preparation", lambda subject: None)
    subject = Subject(SMALL, "random")
    for count in (64, 100, 256):
        for size in range(8, 33):
            pairs = list(two._batches(subject, subject, Places(), count, size))  # type: ignore[arg-type]
            assert all(one == other for one, other in pairs)
            assert sorted(place for one, _ in pairs for place in one) == list(range(count))
            assert (
                4 <= min(len(one) for one, _ in pairs) <= max(len(one) for one, _ in pairs) <= size
            )
