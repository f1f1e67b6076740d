"""One query step by step, against plain torch from the network's own modules."""

import functools
import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from cvexplore import catalog
from cvexplore.attention import AttentionLayer, Products, record
from cvexplore.attention.steps import Steps, scale_of, steps
from cvexplore.ui.attention.step_table import number, table
from cvexplore.ui.components.softmax_steps import Row

VIT = ("cvexplore/vit", (1, 3, 32, 32))
SWIN = ("cvexplore/swin", (1, 3, 56, 56))


@functools.cache
def network(name: str) -> nn.Module:
    own: dict[str, Any] = {"size": "micro", "patch_size": 2} if name == "cvexplore/swin" else {}
    if name == "cvexplore/vit":
        own = {"patch_size": 8, "width": 64, "depth": 2, "heads": 4, "image_size": 32}
    torch.manual_seed(0)
    model = catalog.build(name, **own).eval().requires_grad_(False)
    for parameter in model.parameters():  # so that scores and position biases are large
        nn.init.normal_(parameter, std=0.2)
    return model


def recorded(name: str, shape: tuple[int, ...], layer: str) -> tuple[AttentionLayer, Tensor]:
    """Return a layer's recording, and the tokens that it was given."""
    model, given = network(name), []
    hook = model.get_submodule(layer).register_forward_hook(lambda _, x, y: given.append(x[0]))
    image = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    model(image)
    hook.remove()
    return record(model, image, layers=[layer], with_products=True).layers[0], given[0]


def check(found: Steps, q: Tensor, k: Tensor, v: Tensor, bias: Tensor) -> None:
    """Compare every step with the formula, written out."""
    scale = 1 / math.sqrt(len(q))
    dots = torch.stack([(q * each).sum() for each in k])
    scores = dots * scale + bias
    exponentials = torch.exp(scores - scores.max())
    weights = exponentials / exponentials.sum()
    output = sum(weight * value for weight, value in zip(weights, v, strict=True))
    assert found.scale == pytest.approx(scale, rel=1e-6)
    assert found.dots is not None
    assert found.scaled is not None
    assert found.added is not None
    close = functools.partial(torch.testing.assert_close, rtol=1e-5, atol=1e-5, check_dtype=False)
    close(found.dots, dots)
    close(found.scaled, dots * scale)
    close(found.added, bias)
    close(found.scores, scores)
    close(found.exponentials, exponentials)
    assert found.total == pytest.approx(exponentials.sum().item(), rel=1e-5)
    close(found.weights, weights)
    close(found.output, output)


def test_every_step_of_a_vit_is_that_of_the_formula() -> None:
    layer, tokens = recorded(*VIT, "blocks.1.attention")
    module: Any = network(VIT[0]).get_submodule("blocks.1.attention")
    q, k, v = module.qkv(tokens)[0].view(17, 3, 4, 16).permute(1, 2, 0, 3)
    for head, query in ((0, 0), (2, 5), (3, 16)):
        found = steps(layer, 0, head, query)
        check(found, q[head, query], k[head], v[head], torch.zeros(17))
        assert not found.has_added


@pytest.mark.parametrize("block", [0, 1])
def test_every_step_of_a_swin_is_that_of_the_formula_with_its_bias_and_mask(block: int) -> None:
    path = f"stages.0.{1 + block}.attention"
    layer, tokens = recorded(*SWIN, path)
    module: Any = network(SWIN[0]).get_submodule(path)
    side, window, shift = tokens.shape[1], module.window, module.shift
    assert side % window == 0
    assert (shift > 0) == (block == 1)
    rolled = tokens[0].roll((-shift, -shift), (0, 1))
    for number_, head, query in ((0, 0, 3), (5, 1, 40), (15, 0, 48)):
        down, across = divmod(number_, side // window)
        part = rolled[window * down :, window * across :][:window, :window].reshape(window**2, -1)
        q, k, v = module.qkv(part).view(window**2, 3, module.heads, -1).permute(1, 2, 0, 3)
        bias = torch.empty(window**2)
        for key in range(window**2):
            apart = [query // window - key // window, query % window - key % window]
            at = (apart[0] + window - 1) * (2 * window - 1) + apart[1] + window - 1
            bias[key] = module.position_bias[at, head]
            for first, one, other in (
                (window * down, query // window, key // window),
                (window * across, query % window, key % window),
            ):
                edge = side - shift  # what is behind it came from the other side
                if shift and (first + one >= edge) != (first + other >= edge):
                    bias[key] = -math.inf
        here = _window_at(layer, side, (window * down + shift, window * across + shift), module)
        check(steps(layer, here, head, query), q[head, query], k[head], v[head], bias)


def _window_at(layer: AttentionLayer, side: int, corner: tuple[int, int], module: Any) -> int:
    """Return which recorded window begins at this place of the map."""
    first = corner[0] % side * side + corner[1] % side
    return layer.on_image.queries[:, 0].tolist().index(first)


def products(scale: float, *, windows: int, bias: float) -> Products:
    draw = functools.partial(torch.randn, generator=torch.Generator().manual_seed(2))
    queries, keys = draw(windows, 2, 9, 16), draw(windows, 2, 9, 16)
    dots = queries @ keys.transpose(-2, -1)
    return Products(queries, keys, dots, dots * scale + bias * draw(1, 2, 9, 9))


@pytest.mark.parametrize("scale", [0.25, 1.0, 7.5])
@pytest.mark.parametrize(("windows", "bias"), [(1, 0.0), (6, 0.0), (6, 2.0)])
def test_the_scale_is_read_off_the_numbers(scale: float, windows: int, bias: float) -> None:
    found = scale_of(products(scale, windows=windows, bias=bias), head=1)
    assert found == pytest.approx(scale, rel=1e-4)


@pytest.mark.parametrize("scale", [0.25, 1.0])
def test_in_one_window_a_bias_leaves_the_usual_scales_to_choose_from(scale: float) -> None:
    assert scale_of(products(scale, windows=1, bias=0.5), head=0) == scale


def test_a_bias_added_in_place_is_not_taken_for_dot_products() -> None:
    clean = products(0.25, windows=6, bias=1.0)
    assert clean.dots is not None
    spoilt = Products(clean.queries, clean.keys, clean.dots + 3, clean.scores)
    assert scale_of(spoilt, head=0) == pytest.approx(0.25, rel=1e-4)


# ------------------------------------------------------------------ the table that people see


def test_the_table_shows_these_numbers_and_its_sums_are_whole() -> None:
    layer, _ = recorded(*VIT, "blocks.1.attention")
    found = steps(layer, 0, 1, 7)
    shown = table(found, lambda key: Row(f"key {key}"))
    columns = {column.title: column for column in shown.columns}
    best = int(found.weights.argmax())
    assert shown.rows[0].name == f"key {best}"
    assert shown.rows[-1].name == "the other 9 keys together"
    assert found.dots is not None
    assert columns["q · k"].cells[0].text == number(found.dots[best].item())
    assert columns["e^(s − max)"].cells[0].text == "1.000"
    assert columns["weight"].total.text == "1.000"
    bars = [cell.bar for cell in columns["weight"].cells]
    assert sum(bar or 0 for bar in bars) == pytest.approx(1)
    strips = torch.tensor([cell.strip for cell in columns["weight × v"].cells])
    torch.testing.assert_close(
        strips.sum(0), torch.tensor(columns["weight × v"].total.strip), rtol=1e-5, atol=1e-5
    )
    assert "+ B" not in columns
    assert [column.stage for column in shown.columns] == [1, 1, 2, 3, 4, 5]


def test_a_bias_has_a_column_of_its_own() -> None:
    layer, _ = recorded(*SWIN, "stages.0.2.attention")
    titles = [column.title for column in table(steps(layer, 0, 0, 0), lambda k: Row("")).columns]
    assert titles[2:5] == ["scaled", "+ B", "score"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "0"),
        (12.345678, "12.35"),
        (-0.0123456, "−0.01235"),
        (45.1, "45.10"),
        (0.99999999, "1.000"),
        (1.23456e-5, "1.235 · 10⁻⁵"),
        (-math.inf, "−∞"),
    ],
)
def test_numbers_have_four_digits(value: float, said: str) -> None:
    assert number(value) == said
