"""Figures of a run: each value is drawn in its place, and a click tells which it is."""

from typing import Any

import numpy as np
import pytest

from cvexplore.figures.confusion import confusion_matrix
from cvexplore.figures.gradients import gradients_by_depth
from cvexplore.figures.run_layers import dead_units, gradient_norms, update_ratios

CLASSES = ["cat", "dog", "<b>&"]
COUNTS = np.array([[8, 2, 0], [0, 5, 5], [0, 0, 0]])
STEPS, LAYERS = [1, 5, 9], ["stem", "a.very.long.path.of.a.layer"]


def drawn(**how: Any) -> Any:
    return confusion_matrix(COUNTS, CLASSES, **how)


def test_what_is_right_and_what_is_wrong_are_drawn_apart_as_shares_of_their_row() -> None:
    right, wrong, _ = drawn().data
    assert np.diag(right["z"]) == pytest.approx([0.8, 0.5, np.nan], nan_ok=True)
    assert wrong["z"][0, 1] == pytest.approx(0.2)
    assert wrong["z"][1, 2] == pytest.approx(0.5)
    assert np.isfinite(right["z"]).sum() + np.isfinite(wrong["z"]).sum() == (COUNTS > 0).sum()
    assert right["colorscale"] != wrong["colorscale"]


@pytest.mark.parametrize("shares", [False, True])
def test_a_square_says_its_number_and_a_click_its_classes(shares: bool) -> None:
    points = drawn(shares=shares).data[2]
    for (true, answer), x, y, text in zip(
        points["customdata"], points["x"], points["y"], points["text"], strict=True
    ):
        assert (y, x) == (true, answer)
        count = COUNTS[true, answer]
        assert text == ("" if not count else f"{count / 10:.0%}" if shares else str(count))


def test_true_classes_run_downwards_and_names_are_shown_as_they_are() -> None:
    layout = drawn().layout
    first, last = layout["yaxis"]["range"]
    assert first > last
    assert layout["xaxis"]["ticktext"][2] == "&lt;b&gt;&amp;"
    assert "&lt;b&gt;" in drawn().data[2]["hovertext"][-1]


def test_the_picked_square_is_framed() -> None:
    assert not drawn().layout.shapes
    for shape in drawn(picked=(1, 2)).layout.shapes:
        assert (shape["x0"], shape["x1"], shape["y0"], shape["y1"]) == (1.5, 2.5, 0.5, 1.5)


def test_many_classes_have_no_numbers_in_their_squares_and_fewer_names() -> None:
    figure: Any = confusion_matrix(np.eye(100), [f"class {place}" for place in range(100)])
    assert figure.data[2]["mode"] == "markers"
    assert len(figure.layout["xaxis"]["ticktext"]) <= 40


def test_layers_are_rows_from_the_image_down_and_colours_are_orders_of_magnitude() -> None:
    values = np.array([[1e-3, 10.0], [1e-2, np.nan], [0.0, 0.1]])
    figure: Any = gradient_norms(STEPS, values, LAYERS)
    (cells,) = figure.data
    expected = [[-3, -2, np.nan], [1, np.nan, -1]]
    assert np.asarray(cells["z"]) == pytest.approx(np.array(expected), nan_ok=True)
    assert list(cells["x"]) == STEPS
    assert figure.layout["yaxis"]["range"][0] > figure.layout["yaxis"]["range"][1]
    assert figure.layout["yaxis"]["ticktext"][1].endswith("path.of.a.layer")


def test_a_thousandth_is_the_middle_of_the_colours_of_moves() -> None:
    figure: Any = update_ratios(STEPS, np.full((3, 2), 1e-3), LAYERS)
    (cells,) = figure.data
    assert (cells["zmin"] + cells["zmax"]) / 2 == pytest.approx(-3)
    assert np.asarray(cells["z"]) == pytest.approx(np.full((2, 3), -3.0))


def test_dead_units_are_shares_from_none_to_all() -> None:
    figure: Any = dead_units(STEPS, np.array([[0.0, 1.0]] * 3), LAYERS)
    (cells,) = figure.data
    assert (cells["zmin"], cells["zmax"]) == (0, 1)
    assert np.asarray(cells["z"]).tolist() == [[0, 0, 0], [1, 1, 1]]


def test_gradients_of_networks_of_any_depth_reach_from_the_first_layer_to_the_last() -> None:
    lines = {"shallow": [1.0, 2.0], "deep": [1e-6, 0.0, 1e-2, 1.0, 3.0]}
    figure: Any = gradients_by_depth(lines)
    for trace, (name, values) in zip(figure.data, lines.items(), strict=True):
        assert trace["name"] == name
        assert (trace["x"][0], trace["x"][-1]) == (0, 1)
        assert list(trace["y"]) == [value or None for value in values]
    assert figure.layout["yaxis"]["type"] == "log"
