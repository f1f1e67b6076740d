"""Charts of trust show every map's numbers, and the order drawn by lot beside them."""

import torch

from cvexplore.attribution import Explanation
from cvexplore.attribution.trust.deletion import Curve
from cvexplore.attribution.trust.randomisation import Check, Stage
from cvexplore.figures.trust import replacement_curves, similarity_by_stage
from cvexplore.plugins import Choice

ONE = Curve((0.0, 0.5, 1.0), (0.9, 0.3, 0.1))
LOTS = Curve((0.0, 0.5, 1.0), (0.9, 0.7, 0.1))


def stages(*values: float) -> tuple[Stage, ...]:
    some = Explanation(Choice("saliency"), 0, torch.rand(1, 4, 4))
    names = ("head", "blocks.1", "a.very.long.path.of.a.block")
    return tuple(Stage(*each) for each in zip(names, [some] * 3, (0.8, 0.6, 0.4), values))  # noqa: B905


def test_curves_stand_beside_the_order_drawn_by_lot() -> None:
    figure = replacement_curves({"saliency": ONE, "occlusion": LOTS}, LOTS, axis="Share taken away")
    found = {trace.name: list(trace.y) for trace in figure.data}
    assert found["saliency"] == list(ONE.probabilities)
    assert found["drawn by lot"] == list(LOTS.probabilities)
    assert len({trace.line.color for trace in figure.data}) == 3
    assert figure.layout.xaxis.title.text == "Share taken away"
    assert len(replacement_curves({"saliency": ONE}, None, axis="").data) == 1


def test_each_map_has_a_point_a_block_and_the_limit_spans_the_upper_half() -> None:
    checks = {"saliency": Check(stages(0.4, 0.2, -0.3), 3), "new": Check(stages(0.9), 3)}
    figure = similarity_by_stage(checks, limit=0.67)
    assert [list(trace.y) for trace in figure.data] == [[0.4, 0.2, -0.3], [0.9]]
    assert list(figure.layout.xaxis.ticktext)[:2] == ["head", "blocks.1"]
    assert all(len(each) <= 16 for each in figure.layout.xaxis.ticktext)
    (line,) = figure.layout.shapes
    assert (line.y0, line.y1) == (0.67, 0.67)
    assert line.x0 < 1 < line.x1 < 2
    assert figure.layout.yaxis.range[0] < -0.3  # nothing is cut off
