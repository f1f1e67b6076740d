"""The matrix shows each pair of layers in its place, and a click tells which it is."""

from typing import Any

import numpy as np

from cvexplore.figures.similarity import similarity_matrix

ROWS, COLUMNS = ["stem", "body", "encoder.layers.encoder_layer_11"], ["conv1", "fc"]
VALUES = np.array([[0.1, 0.2], [0.3, np.nan], [0.5, 0.6]])


def drawn(picked: tuple[int, int] | None = None) -> Any:
    return similarity_matrix(VALUES, ROWS, COLUMNS, names=("one", "two"), picked=picked)


def test_a_point_lies_on_the_cell_of_its_pair() -> None:
    cells, points = drawn().data
    assert len(points["customdata"]) == 6
    for (row, column), x, y, text in zip(
        points["customdata"], points["x"], points["y"], points["text"], strict=True
    ):
        assert (y, x) == (row, column)
        assert ROWS[row] in text
        assert COLUMNS[column] in text
        value = cells["z"][y, x]
        assert ("does not vary" if np.isnan(value) else f"{value:.2f}") in text


def test_colours_reach_from_0_to_1_whatever_the_values() -> None:
    cells = drawn().data[0]
    assert (cells["zmin"], cells["zmax"]) == (0, 1)


def test_axes_name_the_networks_and_shorten_long_layers_from_the_front() -> None:
    layout = drawn().layout
    assert layout["yaxis"]["title"]["text"] == "one"
    assert layout["xaxis"]["title"]["text"] == "two"
    assert list(layout["xaxis"]["ticktext"]) == COLUMNS
    assert layout["yaxis"]["ticktext"][2] == "…ncoder_layer_11"
    assert layout["yaxis"]["scaleanchor"] == "x"


def test_the_picked_pair_is_framed() -> None:
    assert not drawn().layout.shapes
    for frame in drawn(picked=(2, 1)).layout.shapes:
        assert (frame["x0"], frame["x1"], frame["y0"], frame["y1"]) == (0.5, 1.5, 1.5, 2.5)
