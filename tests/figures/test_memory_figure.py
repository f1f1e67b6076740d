"""The memory charts hold the bytes they are given, and each purpose keeps its colour."""

import pytest

from cvexplore.figures.memory import over_time, parts_bar

PARTS = {"weights": 2_000_000, "gradients": 0, "activations": 1_500_000_000}
MOMENTS = [{"weights": 4_000, "activations": size} for size in (0, 3_000, 1_000)]


def test_the_bar_is_the_bytes_in_the_unit_it_names() -> None:
    figure = parts_bar(PARTS)
    assert {bar.name: bar.x[0] for bar in figure.data} == {"weights": 0.002, "activations": 1.5}
    assert "GB" in figure.layout.xaxis.title.text
    assert figure.layout.barmode == "stack"


def test_the_areas_are_stacked_and_share_the_bars_colours() -> None:
    figure, bar = over_time(MOMENTS, 1), parts_bar(MOMENTS[1])
    assert [list(area.y) for area in figure.data] == [[4.0] * 3, [0.0, 3.0, 1.0]]
    assert "kB" in figure.layout.yaxis.title.text
    assert len({area.stackgroup for area in figure.data}) == 1
    assert [area.fillcolor for area in figure.data] == [each.marker.color for each in bar.data]


@pytest.mark.parametrize(("turn", "lines"), [(1, 1), (3, 0)])
def test_a_line_stands_where_the_backward_pass_begins(turn: int, lines: int) -> None:
    figure = over_time(MOMENTS, turn)
    assert [line.x0 for line in figure.layout.shapes] == [turn] * lines
