"""Pictures of weights show the numbers they are made of."""

import io
import itertools
import math
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from cvexplore.figures.sheet import Scale
from cvexplore.figures.weights import distributions, filter_sheet, filter_tiles, histogram
from cvexplore.interpret.weights import TensorStatistics, statistics

GAP = 2
RANDOM = np.random.default_rng(0)


def told(**tensors: np.ndarray) -> list[TensorStatistics]:
    model = nn.Module()
    for name, numbers in tensors.items():
        model.register_parameter(name, nn.Parameter(torch.tensor(numbers, dtype=torch.float32)))
    return list(statistics(model))


def deep(blocks: int) -> list[TensorStatistics]:
    """Return the statistics of a network of many blocks of two layers."""
    block = lambda: nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))  # noqa: E731
    parts = {"stem": nn.Linear(4, 4), "blocks": nn.Sequential(*(block() for _ in range(blocks)))}
    return list(statistics(nn.ModuleDict({**parts, "head": nn.Linear(4, 4)})))


def drawn(figure: Any) -> list[Any]:
    return list(figure.data)


# ------------------------------------------------------------------ all tensors


def test_a_row_of_a_normal_distribution_is_its_density() -> None:
    (row,) = told(wide=RANDOM.normal(3, 5, 2_000_000))
    shapes = drawn(distributions([row]))[-1]
    normal = NormalDist()
    for place, decades in zip(shapes.x, shapes.z[0], strict=True):
        if abs(place) < 2.5:
            assert 10**decades == pytest.approx(normal.pdf(place), rel=0.05)
        elif abs(place) > 5.8:
            assert math.isnan(decades)  # none of two million is expected there


def test_a_row_of_a_uniform_distribution_ends_at_the_root_of_three() -> None:
    (row,) = told(flat=RANDOM.uniform(-0.1, 0.1, 1_000_000))
    shapes = drawn(distributions([row]))[-1]
    inside = [decades for place, decades in zip(shapes.x, shapes.z[0], strict=True) if decades > -9]
    assert max(place for place, z in zip(shapes.x, shapes.z[0], strict=True) if z > -9) < 1.8
    assert np.median(inside) == pytest.approx(math.log10(1 / math.sqrt(12)), abs=0.02)


def test_a_dot_stands_at_the_standard_deviation_and_bears_the_name() -> None:
    rows = told(a=RANDOM.normal(0, 0.5, 4_000), b=RANDOM.normal(0, 0.01, 4_000))
    _, dots, shapes = drawn(distributions(rows))
    assert list(dots.x) == [each.std for each in rows]
    assert [data[0] for data in dots.customdata] == list(dots.y) == list(shapes.y) == ["a", "b"]


def test_a_constant_tensor_has_a_row_but_no_dot() -> None:
    _, dots, shapes = drawn(distributions(told(ones=np.ones(9), some=RANDOM.normal(size=99))))
    assert list(dots.y) == ["some"]
    assert list(shapes.y) == ["ones", "some"]
    assert np.isfinite(shapes.z[0]).sum() in (1, 2)  # one value, on an edge or beside it


def test_random_weights_beside_are_rings_of_the_same_tensors() -> None:
    rows = told(a=RANDOM.normal(0, 0.5, 400), b=RANDOM.normal(0, 0.1, 400))
    others = told(a=RANDOM.normal(0, 2, 400), b=RANDOM.normal(0, 3, 400), c=np.arange(9.0))
    rings, dots, _ = drawn(distributions(rows, beside=others))
    assert rings.marker.symbol == "circle-open" != dots.marker.symbol
    assert list(rings.x) == [each.std for each in others[:2]]


@pytest.mark.parametrize("picked", ["a", "b"])
def test_the_picked_row_is_framed(picked: str) -> None:
    figure: Any = distributions(told(a=np.arange(9.0), b=np.arange(5.0)), picked=picked)
    (shape,) = figure.layout.shapes
    assert (shape.y0 + shape.y1) / 2 == ["a", "b"].index(picked)


def test_rows_stand_in_the_network_s_order() -> None:
    rows = deep(3)
    figure: Any = distributions(rows)
    axis = figure.layout.yaxis
    assert list(axis.categoryarray) == [each.name for each in rows]
    assert axis.range[0] > axis.range[1]  # the first on top


@pytest.mark.parametrize(("blocks", "named"), [(2, 6), (12, 14), (13, 3), (200, 3)])
def test_few_blocks_are_named_however_many_there_are(blocks: int, named: int) -> None:
    figure: Any = distributions(deep(blocks))
    axis = figure.layout.yaxis
    assert len(axis.ticktext) <= named
    assert axis.ticktext[0] == "stem"
    rows = [list(axis.categoryarray).index(each) for each in axis.tickvals]
    pixels = figure.layout.height / len(axis.categoryarray)
    assert all((b - a) * pixels >= 12 for a, b in itertools.pairwise(rows))
    for name, text in zip(axis.tickvals, axis.ticktext, strict=True):
        assert name.startswith(f"{text}.")


@pytest.mark.parametrize("widths", [(0.1,), (0.011, 0.012), (0.02, 0.3), (1e-6, 40.0), ()])
def test_the_axis_of_widths_holds_every_width_and_two_marks(widths: tuple[float, ...]) -> None:
    rows = told(a=np.ones(9), **{f"w{i}": np.array([-w, w]) for i, w in enumerate(widths)})
    figure: Any = distributions(rows)
    marks, ends = figure.layout.xaxis.tickvals, figure.layout.xaxis.range
    assert len(marks) >= 2
    assert list(marks) == sorted(set(marks))
    assert all(ends[0] < math.log10(each) < ends[1] for each in (*marks, *widths))


# ------------------------------------------------------------------ one tensor


def test_bars_are_the_share_of_weights_and_the_curve_their_normal() -> None:
    numbers = RANDOM.normal(0.2, 0.7, 30_000).astype(np.float32)
    (each,) = told(a=numbers)
    bars, bell = drawn(histogram(each))
    assert bars.x[0] - bars.width / 2 == pytest.approx(numbers.min())
    assert bars.x[-1] + bars.width / 2 == pytest.approx(numbers.max())
    inside = np.abs(numbers[None] - np.array(bars.x)[:, None]) < bars.width / 2
    assert bars.y == pytest.approx(inside.mean(1) / bars.width, abs=1e-3)
    normal = NormalDist(numbers.mean(), numbers.std())
    assert bell.y == pytest.approx([normal.pdf(x) for x in bell.x], rel=1e-4)


def test_random_weights_beside_are_a_line_over_the_bars() -> None:
    (each,), (other,) = told(a=np.arange(90.0)), told(a=RANDOM.normal(size=500))
    line = drawn(histogram(each, beside=other))[-1]
    widths = np.diff(line.x)
    assert (np.array(line.y[:-1]) * widths).sum() == pytest.approx(1)


def test_a_constant_has_bars_and_no_curve() -> None:
    (bars,) = drawn(histogram(*told(a=np.ones(9))))
    assert sum(bars.y) * bars.width == pytest.approx(1)


# ------------------------------------------------------------------ filters


@pytest.mark.parametrize("scale", ["channel", "layer"])
@pytest.mark.parametrize("channels", [1, 3])
def test_grey_is_zero_and_the_greatest_weight_is_white_or_black(
    scale: Scale, channels: int
) -> None:
    filters = RANDOM.normal(size=(6, channels, 5, 5)).astype(np.float32)
    filters *= np.arange(1, 7)[:, None, None, None]
    filters[:, :, 0, 0] = 0
    tiles = filter_tiles(filters, scale)
    for place, weight in np.ndenumerate(filters):
        peak = np.abs(filters if scale == "layer" else filters[place[0]]).max()
        assert abs(int(tiles[place]) - (128 + 127 * weight / peak)) <= 0.51


def test_filters_without_weight_are_grey() -> None:
    assert (filter_tiles(np.zeros((2, 3, 4, 4), np.float32)) == 128).all()


def test_a_weight_that_is_no_number_leaves_the_others_alone() -> None:
    filters = RANDOM.normal(size=(2, 3, 4, 4)).astype(np.float32)
    broken = filters.copy()
    broken[0, 0, 0, 0] = np.nan
    filters[0, 0, 0, 0] = 0
    assert (filter_tiles(broken) == filter_tiles(filters)).all()


def test_every_filter_is_on_the_sheet() -> None:
    tiles = filter_tiles(RANDOM.normal(size=(10, 3, 7, 7)).astype(np.float32))
    made = filter_sheet(tiles)
    assert (made.tiles, made.columns) == (10, 4)
    pixels = np.asarray(Image.open(io.BytesIO(made.png)))
    side = 56
    for index, tile in enumerate(tiles):
        top, left = (GAP + side) * (index // 4), (GAP + side) * (index % 4)
        seen = pixels[top : top + side : 8, left : left + side : 8, :3]
        assert (seen == tile.transpose(1, 2, 0)).all()
