"""The charts of a concept check hold its numbers, each where it can be seen."""

import numpy as np

from cvexplore.figures.concepts import concept_scores, shuffled_labels


def test_every_repetition_has_a_dot_at_its_score_and_equal_ones_stand_apart() -> None:
    concept, random = np.array([1.0, 1.0, 0.9]), np.array([0.2, 0.5, 0.7])
    figure = concept_scores(concept, random, "stripes")
    dots = {trace.name: trace for trace in figure.data if trace.mode == "markers"}  # type: ignore[attr-defined]
    assert list(dots["stripes"].x) == [1.0, 1.0, 0.9]
    assert list(dots["random"].x) == [0.2, 0.5, 0.7]
    assert len({*zip(dots["stripes"].x, dots["stripes"].y, strict=True)}) == 3
    assert all(abs(height - 1) < 0.45 for height in dots["stripes"].y)


def test_a_hundred_equal_scores_stay_in_their_row() -> None:
    figure = concept_scores(np.ones(100), np.zeros(100), "stripes")
    heights = [trace.y for trace in figure.data if trace.mode == "markers"]  # type: ignore[attr-defined]
    assert all(np.ptp(each) < 0.8 for each in heights)


def test_the_concept_stands_beside_shuffled_labels_even_far_outside() -> None:
    shuffled = np.linspace(-1, 1, 199)
    figure = shuffled_labels(7.0, shuffled, "stripes")
    bars, line = figure.data
    assert list(line.x) == [7.0, 7.0]  # type: ignore[attr-defined]
    assert bars.xbins.start <= -1  # type: ignore[attr-defined]
    assert bars.xbins.end > 7  # type: ignore[attr-defined]
    assert len(bars.x) == 199  # type: ignore[attr-defined]


def test_labels_that_all_give_the_same_are_drawn_too() -> None:
    assert shuffled_labels(0.0, np.zeros(9), "stripes").data
