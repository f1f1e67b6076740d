"""How many parameters learn, as a chart."""

from typing import Any

import pytest

from cvexplore.figures.parameters import learning_along, ratio, total_and_trained


@pytest.mark.parametrize(
    ("trained", "said"),
    [
        (1290, "1,290: 0.31 %, one of 327"),
        (42_164, "42,164: 10 %, one of 10"),
        (400_000, "400,000: 95 %"),
        (421_642, "421,642: all"),
        (0, "0: none"),
    ],
)
def test_the_ratio_is_said_in_words(trained: int, said: str) -> None:
    assert ratio(421_642, trained) == said


def test_a_bar_is_seen_however_few_learn() -> None:
    figure: Any = total_and_trained(88_000_000, {"frozen": 7_690})
    (bars,) = figure.data
    assert list(bars.x) == [88_000_000, 7_690]
    low, high = figure.layout.xaxis.range
    assert figure.layout.xaxis.type == "log"
    assert 0 <= low < 3.886 < 7.944 < high  # the logarithms of both


def test_lines_go_on_to_the_end_of_the_run() -> None:
    figure: Any = learning_along(
        {"gradual": [(0.0, 10), (0.5, 100)], "full": [(0.0, 100)]}, 100, 0.2
    )
    assert [list(line.x) for line in figure.data] == [[0.0, 0.5, 1.0], [0.0, 1.0]]
    assert [list(line.y) for line in figure.data] == [[10, 100, 100], [100, 100]]
    assert all(line.line.shape == "hv" for line in figure.data)
    assert [shape.x0 for shape in figure.layout.shapes if shape.x0 == shape.x1] == [0.2]
