"""Two domains as points, several tasks as lines and bars, soft targets as bars."""

import numpy as np
import pytest

from cvexplore.figures.domains import two_domains
from cvexplore.figures.episode import compared
from cvexplore.figures.soft_targets import soft_targets
from cvexplore.figures.split_bars import split_bars
from cvexplore.figures.tasks import beside_alone, over_steps


def test_a_class_has_one_colour_and_a_domain_one_mark() -> None:
    labels, target = [0, 0, 1, 1, 2], [False, True, False, False, True]
    points = np.arange(10).reshape(5, 2)
    figure = two_domains(points, labels, target, classes="abc", domains=("here", "there"))
    found = {(each.name, each.marker.symbol): each for each in figure.data}
    assert set(found) == {
        ("a", "circle"),
        ("a", "x-thin-open"),
        ("b", "circle"),
        ("c", "x-thin-open"),
    }
    assert found["a", "circle"].marker.color == found["a", "x-thin-open"].marker.color
    assert found["a", "circle"].marker.color != found["b", "circle"].marker.color
    assert sorted(each.name for each in figure.data if each.showlegend) == ["a", "b", "c"]
    assert list(found["b", "circle"].x) == [4, 6]
    assert "a, there" in found["a", "x-thin-open"].hovertemplate


@pytest.mark.parametrize("log", [False, True])
def test_lines_of_tasks_have_a_mark_at_the_step(log: bool) -> None:
    lines = {"class": ([1, 2], [1.0, 0.5]), "box": ([1, 2], [1.0, 0.1])}
    figure = over_steps(lines, "σ", 2, log=log)
    assert [each.name for each in figure.data] == ["class", "box"]
    assert figure.layout.yaxis.type == ("log" if log else "linear")
    assert [shape.x0 for shape in figure.layout.shapes] == [2]


def test_runs_with_one_task_are_points_on_its_bar() -> None:
    shared = {"class": 0.7, "box": 0.8}
    (bars,) = beside_alone(shared, {}).data
    assert list(bars.y) == [0.7, 0.8]
    _, points = beside_alone(shared, {"class": [0.8, 0.9], "other": [0.1]}).data
    assert list(zip(points.x, points.y, strict=True)) == [("class", 0.8), ("class", 0.9)]


def test_teacher_and_student_stand_side_by_side() -> None:
    figure = soft_targets([0.9, 0.1], [0.6, 0.4], ["0", "1"])
    assert [each.name for each in figure.data] == ["teacher", "student"]
    assert [list(each.y) for each in figure.data] == [[0.9, 0.1], [0.6, 0.4]]
    assert figure.layout.barmode == "group"
    assert figure.layout.xaxis.type == "category"  # names such as 0 and 1 are no numbers


def test_a_class_of_ones_own_is_text_and_no_markup() -> None:
    names = ["<b>bold</b>", "a & b"]
    written = ["&lt;b&gt;bold&lt;/b&gt;", "a &amp; b"]
    assert list(soft_targets([0.4, 0.6], [0.5, 0.5], names).data[0].x) == written
    bars = compared(names, [1.0, 2.0], "Distance", answer=0)
    assert list(bars.layout.yaxis.ticktext) == written
    points = np.eye(2)
    plane = two_domains(points, [0, 1], [False, True], classes=names, domains=("a", "b"))
    assert [each.name for each in plane.data] == written
    split = split_bars({"training": [1, 2]}, names)
    assert list(split.layout.xaxis.ticktext) == written
