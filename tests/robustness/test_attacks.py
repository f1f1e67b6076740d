"""Attacks, held against the papers' formulas and against the bounds they promise."""

import copy
import warnings
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from captum.robust import FGSM as CaptumFGSM
from torch import Tensor, nn

from cvexplore import catalog, images
from cvexplore.attribution import Asked
from cvexplore.errors import LayerError, OptionError, UnknownName
from cvexplore.interpret.predictions import predictions
from cvexplore.plugins import Choice
from cvexplore.robustness import ATTACKS, attack
from cvexplore.robustness.attacks import inside

MEAN, STD = (0.4, 0.5, 0.3), (0.2, 0.25, 0.3)
FGSM, PGD = Choice("fgsm"), Choice("pgd")


def small_network(seed: int = 0) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=2), nn.SiLU(), nn.Conv2d(8, 8, 3, stride=2), nn.SiLU(),
            nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(32, 6),
        )  # fmt: skip
    return network.eval().requires_grad_(False)


def small(seed: int = 0, **changes: Any) -> Asked:
    generator = torch.Generator().manual_seed(seed)
    pixels = torch.randint(0, 256, (1, 3, 20, 20), generator=generator) / 255
    mean, std = torch.tensor(MEAN).view(-1, 1, 1), torch.tensor(STD).view(-1, 1, 1)
    return Asked(small_network(seed), (pixels - mean) / std, 0, MEAN, STD).of(**changes)


@cache
def photo(name: str = "chelsea") -> Asked:
    architecture = "timm/tf_efficientnet_lite0"
    preparation = catalog.preparation(architecture, "bundled")
    model = catalog.build(architecture, weights="bundled").eval().requires_grad_(False)
    image = images.prepare(images.sample_image(name), preparation)
    return Asked(model, image, 0, preparation.mean, preparation.std)


def loss(asked: Asked, pixels: Tensor, label: int) -> Tensor:
    return F.cross_entropy(asked.model(asked.normalised(pixels)), torch.tensor([label]))


@pytest.mark.parametrize("choice", [FGSM, PGD, Choice("pgd", {"step": 4.0})], ids=str)
@pytest.mark.parametrize("epsilon", [0.125, 1, 3.7, 8, 40, 255])
def test_the_image_stays_in_the_ball_and_in_the_range_to_the_bit(
    choice: Choice, epsilon: float
) -> None:
    for seed in range(4):
        attacked = attack(small(seed), choice, epsilon)
        changed, original = attacked.adversarial, attacked.original
        assert changed.dtype == original.dtype == torch.float32
        assert ((changed * 255 - original * 255).abs() <= epsilon).all()
        assert ((changed.double() - original.double()).abs() * 255 <= epsilon).all()
        assert ((changed - original).abs() <= epsilon / 255).all()
        assert ((changed >= 0) & (changed <= 1)).all()
        assert attacked.distance <= epsilon
        assert attacked.distance > 0.999 * min(epsilon, 100), "the ball is made use of"


def test_a_photograph_stays_in_the_ball_to_the_bit() -> None:
    attacked = attack(photo(), FGSM, 1.3)
    assert (attacked.perturbation.abs() <= 1.3).all()
    assert ((attacked.adversarial >= 0) & (attacked.adversarial <= 1)).all()
    assert attacked.flipped


def test_what_is_inside_already_is_left_alone() -> None:
    original = torch.tensor([0.2, 0.5, 0.999, 0.0])
    changed = original + torch.tensor([0.01, -0.01, 0.0005, 0.0])
    assert torch.equal(inside(changed, original, 8), changed)


@pytest.mark.parametrize("towards", [None, 2])
def test_fgsm_is_the_sign_of_the_gradient_times_epsilon(towards: int | None) -> None:
    asked = small(1)
    attacked = attack(asked, FGSM, 5, towards=towards)
    pixels = asked.pixels().clamp(0, 1).requires_grad_()
    label = int(asked.model(asked.image).argmax()) if towards is None else towards
    (gradient,) = torch.autograd.grad(loss(asked, pixels, label), pixels)
    away = 1 if towards is None else -1
    expected = (pixels + away * 5 / 255 * gradient.sign()).clamp(0, 1)
    torch.testing.assert_close(attacked.adversarial, expected.detach(), atol=2e-7, rtol=0)


@pytest.mark.parametrize("towards", [None, 2])
def test_pgd_is_its_loop_written_out(towards: int | None) -> None:
    asked = small(2)
    choice = Choice("pgd", {"steps": 6, "step": 1.5, "random_start": False})
    attacked = attack(asked, choice, 4, towards=towards)
    original = asked.pixels().clamp(0, 1)
    label = int(asked.model(asked.image).argmax()) if towards is None else towards
    away = 1 if towards is None else -1
    pixels = original
    for _ in range(6):
        pixels = pixels.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(loss(asked, pixels, label), pixels)
        moved = pixels + away * 1.5 / 255 * gradient.sign()
        pixels = (original + (moved - original).clamp(-4 / 255, 4 / 255)).clamp(0, 1)
    torch.testing.assert_close(attacked.adversarial, pixels.detach(), atol=1e-6, rtol=0)


@pytest.mark.parametrize("name", list(ATTACKS))
def test_epsilon_nought_changes_nothing(name: str) -> None:
    attacked = attack(small(), Choice(name), 0)
    assert torch.equal(attacked.adversarial, attacked.original)
    assert torch.equal(attacked.before, attacked.after)
    assert not attacked.flipped
    assert not attacked.succeeded
    assert attacked.distance == 0


def test_the_network_asked_is_the_one_of_the_page() -> None:
    asked = photo()
    attacked = attack(asked, FGSM, 1)
    with torch.no_grad():
        output = asked.model(asked.image)
    (said,) = predictions(output, (), most=1)
    assert attacked.label_before == said.index
    torch.testing.assert_close(attacked.before, output[0], atol=1e-4, rtol=1e-4)
    assert float(attacked.probabilities()[0][said.index]) == pytest.approx(said.probability, 1e-3)


def test_pgd_raises_the_loss_more_than_fgsm_in_most_cases() -> None:
    wins = 0
    for seed in range(12):
        asked = small(seed)
        losses = []
        for choice in (FGSM, PGD):
            attacked = attack(asked, choice, 6)
            scores = attacked.after[None]
            losses.append(float(F.cross_entropy(scores, torch.tensor([attacked.label_before]))))
        wins += losses[1] >= losses[0]
    assert wins >= 9


@pytest.mark.parametrize("choice", [FGSM, PGD], ids=str)
def test_a_targeted_attack_makes_its_class_likelier(choice: Choice) -> None:
    for seed in range(6):
        asked = small(seed)
        first = int(asked.model(asked.image).argmax())
        towards = (first + 1) % 6
        attacked = attack(asked, choice, 3, towards=towards)
        before, after, _ = attacked.probabilities()
        assert after[towards] > before[towards]
        assert attacked.succeeded == (attacked.label_after == towards)


def test_a_network_that_is_very_sure_is_attacked_all_the_same() -> None:
    asked = small(3)
    predicted = int(asked.model(asked.image).argmax())
    asked.model[-1].bias[predicted] += 25  # type: ignore[operator, index, union-attr]
    attacked = attack(asked, FGSM, 8)
    assert attacked.probabilities()[0].max() > 1 - 1e-7
    assert attacked.distance > 7.9
    # Captum left to itself takes the loss for flat: it moves nothing, and the network seems robust.
    captum = CaptumFGSM(
        lambda pixels: asked.model(asked.normalised(pixels)),
        lambda scores, labels: F.cross_entropy(scores, labels, reduction="none"),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        untouched = captum.perturb(attacked.original.clone(), 8 / 255, torch.tensor([int(
            attacked.label_before)]))  # fmt: skip
    assert torch.equal(untouched, attacked.original)


def test_rounding_to_eight_bits_is_asked_of_the_network() -> None:
    asked = small(1)
    tiny = attack(asked, PGD, 0.25)
    assert torch.equal(tiny.picture, (tiny.original[0] * 255).round().to(torch.uint8))
    assert not tiny.survives
    whole = attack(asked, FGSM, 6)
    saved = asked.model(asked.normalised(whole.picture[None].float() / 255))[0]
    torch.testing.assert_close(whole.saved, saved)
    assert whole.label_saved == int(saved.argmax())


def test_magnified_is_grey_where_nothing_changed() -> None:
    attacked = attack(small(), FGSM, 2)
    shown = attacked.magnified(10)
    assert torch.allclose(shown - 0.5, attacked.perturbation * 10 / 255, atol=1e-6)
    assert (attacked.magnified(0) == 0.5).all()


def test_a_random_start_is_repeated_by_its_seed_and_draws_from_nobody_elses_generator() -> None:
    state = torch.random.get_rng_state()
    one, same, other = (
        attack(small(), Choice("pgd", {"seed": seed, "steps": 1, "step": 0.5}), 6).adversarial
        for seed in (1, 1, 2)
    )
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_several_threads_attack_one_network_alike_and_leave_it_as_it_was() -> None:
    asked = small(4)
    before = copy.deepcopy(asked.model.state_dict())
    choices = [Choice("pgd", {"seed": seed}) for seed in range(8)]
    alone = [attack(asked, choice, 4).adversarial for choice in choices]
    with ThreadPoolExecutor(4) as pool:
        together = pool.map(lambda choice: attack(asked, choice, 4).adversarial, choices)
        assert all(map(torch.equal, alone, together))
    assert all(torch.equal(before[name], now) for name, now in asked.model.state_dict().items())
    assert not any(module._forward_hooks for module in asked.model.modules())
    assert all(parameter.grad is None for parameter in asked.model.parameters())


def test_an_attack_costs_what_it_says_and_warns_of_nothing() -> None:
    asked = small()
    for name in ATTACKS:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            attacked = attack(asked, Choice(name), 2)
        assert attacked.passes == ATTACKS[name]().cost().forwards


def test_what_cannot_be_asked_is_said() -> None:
    asked = small()
    predicted = int(asked.model(asked.image).argmax())
    with pytest.raises(UnknownName, match="pgd"):
        attack(asked, Choice("pdg"), 1)
    with pytest.raises(OptionError, match="steps"):
        attack(asked, Choice("pgd", {"steps": 0}), 1)
    with pytest.raises(OptionError, match="255"):
        attack(asked, FGSM, -1)
    with pytest.raises(OptionError, match="0 to 5"):
        attack(asked, FGSM, 1, towards=6)
    with pytest.raises(OptionError, match="already"):
        attack(asked, FGSM, 1, towards=predicted)
    with pytest.raises(LayerError, match="clips"):
        attack(asked.of(image=asked.image[:, :, None]), FGSM, 1)


class Deaf(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        return torch.zeros(len(images), 4)


class Detached(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        return images.detach().flatten(1)[:, :4]


@pytest.mark.parametrize("network", [Deaf(), Detached()], ids=["constant", "detached"])
def test_a_network_without_a_gradient_says_so(network: nn.Module) -> None:
    with pytest.raises(LayerError, match="gradient"):
        attack(small(model=network.eval()), FGSM, 1)
