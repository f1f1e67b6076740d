"""Parallel coordinates: where lines stand, what is written, and what is safe."""

import math

import pytest

from cvexplore.figures.confusion_change import confusion_change
from cvexplore.figures.parallel import Dimension, parallel, scale


def test_numbers_stand_in_proportion_and_wide_ones_by_magnitude() -> None:
    assert scale((1.0, 2.0, 5.0)).places == (0.0, 0.25, 1.0)
    wide = scale((1e-4, 1e-3, 1e-1))
    assert wide.places == pytest.approx((0.0, 1 / 3, 1.0))
    assert [text for _, text in wide.ticks] == ["0.0001", "0.001", "0.1"]


def test_words_stand_side_by_side_and_the_first_on_top() -> None:
    found = scale(("sgd", "adamw", "sgd", "adam"))
    assert found.places == (1.0, 0.5, 1.0, 0.0)
    assert found.ticks == ((1.0, "sgd"), (0.5, "adamw"), (0.0, "adam"))


def test_switches_are_words_and_one_value_stands_in_the_middle() -> None:
    assert scale((True, False)).places == (1.0, 0.0)
    assert scale((3, 3)).places == (0.5, 0.5)
    assert scale(("only",)).places == (0.5,)


def test_many_values_have_few_round_ticks_with_both_ends() -> None:
    values = tuple(10 ** (-4 + 3 * place / 29) for place in range(30))
    found = scale(values)
    assert [text for _, text in found.ticks] == ["0.0001", "0.001", "0.01", "0.1"]
    assert [place for place, _ in found.ticks] == pytest.approx([0, 1 / 3, 2 / 3, 1])


def test_a_line_goes_through_its_values_and_the_best_is_drawn_last() -> None:
    rate, loss = Dimension("Rate", (0.1, 0.2, 0.3)), Dimension("Loss", (3.0, 1.0, 2.0))
    figure = parallel([rate], loss, ["a", "b", "c"], lower=True)
    drawn = {trace.customdata[0][0]: list(trace.y) for trace in figure.data}
    assert drawn == {0: [0, 1], 1: [pytest.approx(0.5), 0], 2: [1, pytest.approx(0.5)]}
    assert [trace.customdata[0][0] for trace in figure.data] == [0, 2, 1]
    assert len({trace.line.color for trace in figure.data}) == 3


def test_runs_that_are_not_marked_fade() -> None:
    loss = Dimension("Loss", (3.0, 1.0))
    figure = parallel([], loss, ["a", "b"], through={1})
    opacity = {trace.customdata[0][0]: trace.opacity for trace in figure.data}
    assert opacity[0] < 0.2 < opacity[1]


def test_names_are_written_as_they_are() -> None:
    figure = parallel(
        [Dimension("<i>x</i>", ("<b>", "a"))], Dimension("Loss", (1.0, 2.0)), ["<script>", "b"]
    )
    said = str(figure.to_dict())
    assert "&lt;script&gt;" in said
    assert all(tag not in said for tag in ("<script>", "<i>", "<b><b>", ": <b>"))


def test_every_axis_has_a_value_a_run() -> None:
    with pytest.raises(ValueError, match="one value a run"):
        parallel([Dimension("Rate", (1.0,))], Dimension("Loss", (1.0, 2.0)), ["a", "b"])


def test_a_change_of_answers_is_the_difference_of_shares_in_points() -> None:
    before, after = (8, 2, 5, 5), (3, 1, 0, 0)  # the second has no picture of the second class
    figure = confusion_change(before, after, ("cat", "dog"))
    table = figure.data[0].z
    assert table[0] == [pytest.approx(-5.0), pytest.approx(5.0)]
    assert all(math.isnan(value) for value in table[1])
