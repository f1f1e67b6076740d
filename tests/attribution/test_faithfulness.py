"""Infidelity and sensitivity are the paper's formulas; threads and orders do not disturb them."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor, nn

from cvexplore.attribution import METHODS, Asked, Explanation, attribute, method
from cvexplore.attribution.baselines import baseline
from cvexplore.attribution.trust import faithfulness
from cvexplore.attribution.trust.faithfulness import RADIUS, Scores, infidelity, sensitivity
from cvexplore.plugins import Choice

IMAGE = torch.rand(1, 3, 12, 12, generator=torch.Generator().manual_seed(0))
SALIENCY, OCCLUSION = Choice("saliency"), Choice("occlusion")


def linear() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(432, 3)).eval().requires_grad_(False)


def curved() -> nn.Module:
    torch.manual_seed(0)
    layers = (nn.Conv2d(3, 6, 3), nn.Tanh(), nn.Flatten(), nn.Linear(600, 3))
    return nn.Sequential(*layers).eval().requires_grad_(False)


def by_loop(asked: Asked, values: Tensor, slopes: bool, squares: int) -> float:
    """E[(b I·map - change)²] / E[change²] with the b that suits best, square by square."""
    draw = faithfulness._Squares(asked, slopes, 0)
    foretold, changes = [], []
    for _ in range(squares):
        taken, left = (each[:1] for each in draw(asked.image.repeat(2, 1, 1, 1)))
        foretold.append((taken[0] * values).sum().double())
        changes.append((asked.score(asked.image) - asked.score(left))[0].double())
    a, b = torch.stack(foretold), torch.stack(changes)
    factor = (a * b).sum() / (a * a).sum()
    return (((factor * a - b) ** 2).mean() / (b * b).mean()).item()


@pytest.fixture
def _slopes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(METHODS["saliency"], "slopes", True)


@pytest.mark.usefixtures("_slopes")
@pytest.mark.parametrize("choice", [SALIENCY, OCCLUSION])
def test_infidelity_is_the_formula(choice: Choice) -> None:
    asked = Asked(curved(), IMAGE, 1, batch=5)
    values = torch.randn(3, 12, 12, generator=torch.Generator().manual_seed(2))
    values += attribute(asked, SALIENCY).values * 5
    found = infidelity(Scores(asked), Explanation(choice, 1, values), squares=17)
    truth = by_loop(asked, values, method(choice).slopes, 17)
    assert 0.01 < truth < 0.99
    assert found == pytest.approx(truth, abs=1e-4)


@pytest.mark.usefixtures("_slopes")
def test_the_gradient_of_a_linear_network_foretells_everything() -> None:
    asked = Asked(linear(), IMAGE, 1)
    assert infidelity(Scores(asked), attribute(asked, SALIENCY)) < 1e-5


def test_what_each_pixel_adds_foretells_everything_too() -> None:
    asked = Asked(linear(), IMAGE, 1)
    weight = asked.model[1].weight[1].view(3, 12, 12)  # type: ignore[index]
    adds = weight * (IMAGE - baseline(asked, "mean"))[0]
    assert infidelity(Scores(asked), Explanation(OCCLUSION, 1, adds)) < 1e-5


def test_a_map_of_nothing_foretells_nothing() -> None:
    asked = Asked(curved(), IMAGE, 1)
    nothing = Explanation(OCCLUSION, 1, torch.zeros(3, 12, 12))
    assert infidelity(Scores(asked), nothing) == pytest.approx(1)


def test_a_map_of_a_layer_counts_where_it_lies() -> None:
    asked = Asked(linear(), IMAGE, 1)
    small = torch.randn(1, 3, 3)
    large = small.repeat_interleave(4, 1).repeat_interleave(4, 2).expand(3, 12, 12)
    one = infidelity(Scores(asked), Explanation(OCCLUSION, 1, small, smooth=False))
    other = infidelity(Scores(asked), Explanation(OCCLUSION, 1, large))
    assert one == pytest.approx(other, abs=1e-5)


def test_several_maps_share_the_passes() -> None:
    asked = Asked(curved(), IMAGE, 1)
    scores = Scores(asked)
    first = infidelity(scores, Explanation(OCCLUSION, 1, torch.randn(3, 12, 12)), squares=9)
    assert asked.passes.count == 10  # the image and nine squares
    infidelity(scores, Explanation(SALIENCY, 1, torch.randn(3, 12, 12)), squares=9)
    assert asked.passes.count == 10
    assert 0 <= first <= 1


def test_sensitivity_is_the_largest_change_relative_to_the_map() -> None:
    asked = Asked(curved(), IMAGE, 1)
    explanation = attribute(asked, SALIENCY)
    generator = torch.Generator().manual_seed(0)
    changes = []
    for _ in range(5):
        noise = RADIUS * (2 * torch.rand(IMAGE.shape, generator=generator) - 1)
        moved = attribute(asked.of(image=IMAGE + noise), SALIENCY).values
        changes.append((moved - explanation.values).norm() / explanation.values.norm())
    found = sensitivity(asked, explanation, neighbours=5)
    assert found == pytest.approx(max(changes).item(), rel=1e-5)
    assert found > 0


def test_a_linear_network_s_gradient_never_moves() -> None:
    asked = Asked(linear(), IMAGE, 1)
    assert sensitivity(asked, attribute(asked, SALIENCY)) < 1e-6


def test_threads_measure_what_one_measures_alone() -> None:
    asked = Asked(curved(), IMAGE, 1)
    explanation = attribute(asked, SALIENCY)

    def both(_: int) -> tuple[float, float]:
        question = Asked(asked.model, IMAGE, 1)
        return infidelity(Scores(question), explanation), sensitivity(question, explanation)

    alone, before = both(0), torch.random.get_rng_state()
    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(both, range(8))) == {alone}
    assert torch.equal(torch.random.get_rng_state(), before)
