"""Heads as pictures: every head where it belongs, layers of other widths beside each other."""

import math

import numpy as np

from cvexplore.figures.heads import heads_beside, heads_by_depth, heads_map, norms_by_depth

VALUES = [[1.0, 2.0], [3.0, 4.0, 5.0], [math.nan]]
LAYERS = ["blocks.0.attention", "blocks.1.attention", "blocks.2.attention"]
UNIFORM = [1.5, 4.5, math.nan]


def test_each_head_has_a_square_and_missing_heads_have_none() -> None:
    figure = heads_map(VALUES, LAYERS, title="Mean distance", unit="px", uniform=UNIFORM)
    table = np.array(figure.data[0].z, float)  # type: ignore[attr-defined]
    assert table.shape == (3, 3)
    assert table[0, :2].tolist() == [1, 2]
    assert table[1].tolist() == [3, 4, 5]
    assert np.isnan([table[0, 2], *table[2]]).all()
    low, high = figure.layout.yaxis.range  # type: ignore[attr-defined]
    assert low > high, "the first layer of the pass is not on top"


def test_a_click_on_any_head_tells_its_layer() -> None:
    points = heads_map(VALUES, LAYERS, title="Mean distance", unit="px", uniform=UNIFORM).data[1]
    found = list(zip(points.y, points.x, points.customdata, points.text, strict=True))  # type: ignore[attr-defined]
    assert [each[:3] for each in found] == [
        *[(0, 0, 0), (0, 1, 0), (1, 0, 1), (1, 1, 1), (1, 2, 1), (2, 0, 2)]
    ]
    assert found[4][3] == (
        "blocks.1.attention, head 3<br>Mean distance <b>5 px</b><br>uniform 4.5 px"
    )
    assert "none here" in found[5][3]


def test_the_chosen_layer_is_framed_over_its_own_heads() -> None:
    figure = heads_map(VALUES, LAYERS, title="", picked=1)
    for shape in figure.layout.shapes:  # type: ignore[attr-defined]
        assert (shape.x0, shape.x1, shape.y0, shape.y1) == (-0.5, 2.5, 0.5, 1.5)
    assert len(figure.layout.shapes) == 2  # type: ignore[attr-defined]


def test_every_head_is_a_dot_at_its_depth_and_uniform_attention_a_line_there() -> None:
    line, dots = heads_by_depth(VALUES, LAYERS, UNIFORM, title="Mean distance", unit="px").data
    assert list(dots.x) == [1, 1, 2, 2, 2, 3]  # type: ignore[attr-defined]
    assert list(dots.y)[:5] == [1, 2, 3, 4, 5]  # type: ignore[attr-defined]
    ends = list(zip(line.x, line.y, strict=True))  # type: ignore[attr-defined]
    assert ends[3:5] == [(1.6, 4.5), (2.4, 4.5)]
    assert ends[2][1] is None or math.isnan(ends[2][1])


def test_heads_beside_each_other_begin_at_the_upper_left() -> None:
    figure = heads_beside(np.array([[0.0, 0.7], [0.7, 0.0]]))
    assert np.array(figure.data[0].z).tolist() == [[0.0, 0.7], [0.7, 0.0]]  # type: ignore[attr-defined]
    assert list(figure.data[0].x) == ["1", "2"]  # type: ignore[attr-defined]
    assert figure.layout.yaxis.autorange == "reversed"  # type: ignore[attr-defined]


def test_norms_have_a_line_each_and_a_network_without_class_token_has_none_for_it() -> None:
    blocks = ["blocks.0", "blocks.1"]
    figure = norms_by_depth(blocks, [1.0, 2.0], [3.0, 9.0], [None, 5.0])
    lines = {each.name: list(each.y) for each in figure.data}  # type: ignore[attr-defined]
    assert lines == {
        "median patch": [1, 2],
        "longest patch": [3, 9],
        "class token or register": [None, 5],
    }
    without = norms_by_depth(blocks, [1.0, 2.0], [3.0, 9.0], [None, None])
    assert [each.name for each in without.data] == ["median patch", "longest patch"]  # type: ignore[attr-defined]


def test_rows_are_told_apart_by_what_their_names_do_not_share() -> None:
    names = [
        f"blocks.{stage}.block.0.layers.{kind}_attention.attn_layer.attn"
        for stage in range(2)
        for kind in ("window", "grid")
    ]
    figure = heads_map([[0.5, 1.0]] * 4, names, title="share")
    shown = figure.layout.yaxis.ticktext
    assert len(set(shown)) == 4
    assert all(str(stage) in shown[2 * stage] for stage in range(2))
