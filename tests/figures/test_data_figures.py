"""Charts and marks of data sets hold the numbers and places they were given."""

from typing import Any

import numpy as np
import pytest

from cvexplore.figures.data import class_balance, fold_plan, picture_sizes
from cvexplore.figures.marking import colour_of, enlarged, in_grey, legend, with_boxes, with_masks


def test_bars_are_stacked_by_part_and_names_are_text() -> None:
    figure: Any = class_balance(("cat", "<b>dog</b>"), {"train": [8, 4], "test": [2, 1]})
    assert figure.layout.barmode == "stack"
    train, test = figure.data
    assert (list(train.y), list(test.y)) == ([8, 4], [2, 1])
    assert train.marker.color != test.marker.color
    assert list(figure.layout.xaxis.ticktext) == [
        "cat",
        "&lt;b&gt;dog&lt;/b&gt;",
    ]
    assert "<b>" not in "".join(train.customdata)


def test_a_part_has_its_colour_whichever_are_shown() -> None:
    alone: Any = class_balance(("a",), {"validation": [1]})
    among: Any = class_balance(("a",), {"train": [1], "validation": [1]})
    assert alone.data[0].marker.color == among.data[1].marker.color


@pytest.mark.parametrize("classes", [12, 13, 100])
def test_of_many_classes_some_names_are_shown_and_all_bars(classes: int) -> None:
    names = tuple(f"class {index}" for index in range(classes))
    figure: Any = class_balance(names, {"train": [1] * classes})
    assert len(figure.data[0].y) == classes
    assert len(figure.layout.xaxis.ticktext) <= 40


def test_sizes_are_counted() -> None:
    figure: Any = picture_sizes([10, 10, 20], [5, 5, 8])
    (points,) = figure.data
    assert sorted(zip(points.x, points.y, points.customdata, strict=True)) == [
        (10, 5, 2),
        (20, 8, 1),
    ]
    assert points.marker.size[0] > points.marker.size[1]


@pytest.mark.parametrize("test", [0.0, 0.25])
def test_each_fold_is_held_out_once_and_a_row_is_the_whole(test: float) -> None:
    figure: Any = fold_plan(4, 1, test)
    rows: dict[str, list[tuple[str, float]]] = {}
    for bar in figure.data:
        rows.setdefault(bar.y[0], []).append((bar.name, bar.x[0]))
    assert list(rows) == ["fold 0", "fold 1 (this one)", "fold 2", "fold 3"]
    for index, parts in enumerate(rows.values()):
        assert sum(share for _, share in parts) == pytest.approx(1)
        assert [name for name, _ in parts].index("validation") == index
        assert [name for name, _ in parts].count("test") == bool(test)
    assert sum(bool(bar.showlegend) for bar in figure.data) == 2 + bool(test)


def test_pictures_are_enlarged_by_whole_factors_and_in_colour() -> None:
    grey = np.arange(8, dtype=np.uint8).reshape(2, 1, 2, 2)
    large = enlarged(grey, least=7)
    assert large.shape == (2, 3, 6, 6)
    assert np.array_equal(large[:, 0, ::3, ::3], grey[:, 0])


def test_a_box_frames_its_object_and_hides_nothing_of_it() -> None:
    pictures = np.zeros((1, 3, 20, 20), np.uint8)
    boxes = np.array([[0.5, 0.5, 0.5, 0.3], [0.2, 0.2, 0.2, 0.2]])
    drawn = with_boxes(pictures, [boxes], [np.array([2, -1])])
    rows, columns = drawn[0].any(0).nonzero()
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (7, 12, 5, 14)
    assert not drawn[0, :, 8:12, 6:14].any()
    assert not pictures.any()  # what was handed in is as it was


def test_a_box_at_the_edge_stays_inside() -> None:
    drawn = with_boxes(
        np.zeros((1, 3, 10, 10), np.uint8), [np.array([[0.5, 0.5, 1.4, 1.4]])], [np.array([0])]
    )
    assert drawn[0, :, 0].any()
    assert drawn[0, :, -1].any()


def test_a_mask_tints_its_pixels_alone_and_classes_differ() -> None:
    mask = np.array([[[0, 1], [2, 0]]], np.uint8)
    pictures = np.full((1, 3, 4, 4), 100, np.uint8)
    tinted = with_masks(pictures, mask)[0].transpose(1, 2, 0)
    assert (tinted[:2, :2] == 100).all()
    assert (tinted[2:, 2:] == 100).all()
    first, second = tinted[0, 2], tinted[2, 0]
    assert (tinted[:2, 2:] == first).all()
    assert not np.array_equal(first, second)


def test_a_legend_has_the_colours_of_the_boxes_and_names_as_text() -> None:
    found = legend(["cat", "<b>dog</b>"], ["80 %", "not there"])
    red, green, blue = colour_of(1)
    assert f"rgb({red} {green} {blue})" in found
    assert "&lt;b&gt;dog&lt;/b&gt;" in found
    assert "<b>not there</b>" in found
    box = with_boxes(
        np.zeros((1, 3, 8, 8), np.uint8), [np.array([[0.5, 0.5, 0.5, 0.5]])], [np.array([1])]
    )
    assert tuple(box[0, :, 2, 2]) == (red, green, blue)


def test_grey_pictures_keep_their_brightness() -> None:
    images = np.arange(2 * 3 * 4 * 4, dtype=np.uint8).reshape(2, 3, 4, 4)
    grey = in_grey(images)
    assert grey.shape == images.shape
    assert np.all(grey == grey[:, :1])
    np.testing.assert_allclose(grey[:, 0], images.mean(1), atol=0.5)
