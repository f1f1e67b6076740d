"""Gradient methods, held against Captum called directly, slow loops from papers, and sums."""

import threading
from collections.abc import Callable
from typing import Any

import captum.attr
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cvexplore import catalog, images
from cvexplore.attribution import METHODS, Asked, Explanation, attribute, method
from cvexplore.attribution.baselines import baseline
from cvexplore.attribution.randomness import seeded
from cvexplore.attribution.structure import Structure, structure
from cvexplore.attribution.validity import doubts_before
from cvexplore.errors import LayerError
from cvexplore.plugins import Choice
from tests.attribution.conftest import asking, convolutional

CHOICES = {
    "saliency": Choice("saliency"),
    "input × gradient": Choice("input × gradient"),
    "integrated gradients": Choice(
        "integrated gradients", {"steps": 16, "tolerance": 0, "baseline": "black"}
    ),
    "smoothgrad": Choice("smoothgrad", {"samples": 12, "noise": 0.1, "seed": 4}),
    "gradient SHAP": Choice(
        "gradient SHAP", {"samples": 12, "noise": 0.1, "seed": 4, "baseline": "black"}
    ),
    "DeepLIFT": Choice("DeepLIFT"),
    "guided backpropagation": Choice("guided backpropagation"),
}


def values(asked: Asked, name: str, **options: Any) -> Tensor:
    return attribute(asked, Choice(name, options)).values


def deviation(asked: Asked) -> float:
    return 0.1 * (asked.image.max() - asked.image.min()).item()


def by_captum(asked: Asked, name: str, monkeypatch: pytest.MonkeyPatch) -> Tensor:
    """Return what Captum finds, on a network of its own kind that it can do as it is."""
    model, image, start = asked.model, asked.leaf(), baseline(asked, "black")
    library = captum.attr
    if name == "saliency":
        return library.Saliency(model).attribute(image, 3, abs=False)
    if name == "input × gradient":
        return library.InputXGradient(model).attribute(image, 3)
    if name == "integrated gradients":
        found = library.IntegratedGradients(model)
        return found.attribute(image, start, 3, n_steps=16, internal_batch_size=8)
    if name == "DeepLIFT":
        return library.DeepLift(model).attribute(image, start, 3)
    if name == "guided backpropagation":
        return library.GuidedBackprop(model).attribute(image, 3)
    if name == "smoothgrad":
        noisy = library.NoiseTunnel(library.Saliency(model))
        options: dict[str, Any] = {"nt_samples": 12, "nt_samples_batch_size": 8, "abs": False}
        with seeded(4):
            return noisy.attribute(image, stdevs=deviation(asked), target=3, **options)
    # Captum draws the shares from NumPy: here they come from the same seed as ours do.
    monkeypatch.setattr(np.random, "uniform", lambda low, high, size: torch.rand(size).numpy())
    with seeded(4):
        return library.GradientShap(model).attribute(
            image, start, n_samples=12, stdevs=deviation(asked), target=3
        )


@pytest.mark.parametrize("name", CHOICES)
def test_captum_called_directly_gives_the_same_tensor(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asking(convolutional(nn.ReLU))
    if name == "gradient SHAP":  # Captum's own has no batches
        asked = asked.of(batch=12)
    expected = by_captum(asked, name, monkeypatch)[0].detach()
    found = attribute(asked, CHOICES[name]).values
    assert expected.any()
    if name == "gradient SHAP":  # the same points; their mean is summed in another order
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-8)
    else:
        assert torch.equal(found, expected)


@pytest.mark.parametrize("name", CHOICES)
def test_the_cost_told_before_is_what_it_takes(name: str, awkward: Asked) -> None:
    before = awkward.passes.count
    found = attribute(awkward, CHOICES[name])
    assert found.passes == method(CHOICES[name]).cost(awkward).forwards
    completeness = 2 if METHODS[name].complete else 0  # type: ignore[attr-defined]
    assert awkward.passes.count - before == found.passes + completeness


@pytest.mark.parametrize("name", CHOICES)
def test_the_shared_network_is_left_as_it_was(name: str, awkward: Asked) -> None:
    image, state = awkward.image.clone(), torch.get_rng_state()
    numbers = {key: each.clone() for key, each in awkward.model.state_dict().items()}
    first = attribute(awkward, CHOICES[name]).values
    for module in awkward.model.modules():
        hooks = (module._forward_hooks, module._forward_pre_hooks, module._backward_hooks)
        assert not any(hooks)
        assert not hasattr(module, "input")
    parameters = list(awkward.model.parameters())
    assert not any(each.requires_grad or each.grad is not None for each in parameters)
    assert all(torch.equal(each, numbers[k]) for k, each in awkward.model.state_dict().items())
    assert torch.equal(awkward.image, image)
    assert not awkward.image.requires_grad
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(attribute(awkward, CHOICES[name]).values, first)


@pytest.mark.parametrize("name", CHOICES)
def test_two_threads_get_their_own_maps(name: str, awkward: Asked) -> None:
    other = awkward.of(image=awkward.image.flip(-1), target=1)
    expected = [attribute(each, CHOICES[name]).values for each in (awkward, other)]
    wrong: list[str] = []

    def ask(asked: Asked, right: Tensor) -> None:
        found = [attribute(asked, CHOICES[name]).values for _ in range(3)]
        wrong.extend(name for each in found if not torch.equal(each, right))

    asks = [
        threading.Thread(target=ask, args=each)
        for each in zip((awkward, other), expected, strict=True)
    ]
    for each in asks:
        each.start()
    for each in asks:
        each.join()
    assert not wrong


@pytest.mark.parametrize("name", CHOICES)
def test_whoever_waits_may_cancel(name: str, awkward: Asked) -> None:
    class Cancelled(Exception):
        pass

    def cancel(count: int) -> None:
        raise Cancelled

    awkward.passes.tell = cancel
    with pytest.raises(Cancelled):
        attribute(awkward, CHOICES[name])


def test_integrated_gradients_are_the_papers_sum(awkward: Asked) -> None:
    start = baseline(awkward, "blurred")
    total = torch.zeros_like(start)
    for step in range(400):  # equation 3 of the paper, from the middles of the steps
        point = start + (step + 0.5) / 400 * (awkward.image - start)
        point.requires_grad_()
        total += torch.autograd.grad(awkward.model(point.clone())[0, 3], point)[0]
    expected = ((awkward.image - start) * total / 400)[0]
    found = values(awkward, "integrated gradients", baseline="blurred", steps=256)
    error = (found - expected).norm() / expected.norm()
    assert error < 0.02


def test_steps_are_doubled_while_attributions_miss_the_difference(awkward: Asked) -> None:
    def found(steps: int, tolerance: float) -> Explanation:
        options = {"steps": steps, "tolerance": tolerance}
        return attribute(awkward, Choice("integrated gradients", options))

    for_the_difference = 2
    assert found(8, 10).passes == for_the_difference + 8
    strict = found(8, 1e-6)  # no float32 sum is so near
    assert strict.passes == for_the_difference + 8 + 16 + 32
    assert torch.equal(strict.values, found(32, 0).values)


@pytest.mark.parametrize("photo", ["coffee", "chelsea"])
def test_they_are_complete_to_two_percent_on_the_bundled_network(photo: str) -> None:
    name = "timm/tf_efficientnet_lite0"
    model = catalog.build(name, weights="bundled").eval().requires_grad_(False)
    ready = catalog.preparation(name, "bundled")
    image = images.prepare(images.sample_image(photo), ready)
    asked = Asked(model, image, int(model(image).argmax()), ready.mean, ready.std)
    found = attribute(asked, Choice("integrated gradients"))
    assert found.completeness is not None
    assert found.completeness.decided
    assert found.completeness.error < 0.02


def test_smoothgrad_is_the_papers_mean(awkward: Asked) -> None:
    found = values(awkward, "smoothgrad", samples=8, noise=0.1, seed=2)
    spread = torch.full((8, *awkward.image.shape[1:]), deviation(awkward))
    with seeded(2):
        noise = torch.normal(0, spread)
    total = torch.zeros_like(awkward.image)
    for each in noise:
        point = (awkward.image + each).requires_grad_()
        total += torch.autograd.grad(awkward.model(point.clone())[0, 3], point)[0]
    torch.testing.assert_close(found, total[0] / 8)


def test_gradient_shap_comes_near_its_sum_with_more_samples(awkward: Asked) -> None:
    errors = [
        np.mean([_error(awkward, samples, seed) for seed in range(6)]) for samples in (4, 256)
    ]
    assert errors[1] < errors[0] / 3


def _error(asked: Asked, samples: int, seed: int) -> float:
    choice = Choice("gradient SHAP", {"samples": samples, "seed": seed})
    completeness = attribute(asked, choice).completeness
    assert completeness is not None
    return completeness.error


# ------------------------------------------------------------------ DeepLIFT


@pytest.mark.parametrize("activation", [nn.ReLU, nn.GELU, nn.SiLU, nn.Hardswish, nn.Sigmoid])
@pytest.mark.parametrize("kind", ["black", "grey", "blurred"])
def test_deeplift_sums_to_the_difference(activation: Callable[[], nn.Module], kind: str) -> None:
    asked = asking(convolutional(activation, pool=3))
    completeness = attribute(asked, Choice("DeepLIFT", {"baseline": kind})).completeness
    assert completeness is not None
    assert completeness.decided
    assert completeness.error < 1e-3


def test_deeplift_follows_the_papers_rules_where_max_pooling_follows_a_relu() -> None:
    """Captum's own sum is right here too, but it shares it out otherwise than its rules say."""
    torch.manual_seed(0)
    layers = (nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 4, 3))
    model = nn.Sequential(*layers, nn.ReLU(), nn.Flatten(), nn.Linear(100, 3))
    asked = asking(model, side=14, target=1)
    asked = asked.of(model=model.double(), image=asked.image.double())
    start = baseline(asked, "black")
    first, _, _, second, _, _, head = model
    before, pooled, after = _on_the_way(model, asked.image)
    before_0, pooled_0, after_0 = _on_the_way(model, start)
    slopes = head.weight[asked.target].view_as(after)
    slopes = _rescaled(slopes, after.relu() - after_0.relu(), after - after_0)
    slopes = F.conv_transpose2d(slopes, second.weight)
    (image, places), (other, places_0) = pooled, pooled_0
    highest = torch.maximum(image, other)
    shares = F.max_unpool2d(slopes * (highest - other), places, 2)
    shares = shares + F.max_unpool2d(slopes * (image - highest), places_0, 2)
    difference = before.relu() - before_0.relu()
    slopes = _rescaled(torch.ones_like(shares), shares, difference)
    slopes = _rescaled(slopes, difference, before - before_0)
    expected = F.conv_transpose2d(slopes, first.weight, padding=1) * (asked.image - start)
    found = attribute(asked, Choice("DeepLIFT")).values
    torch.testing.assert_close(found, expected[0])


def _on_the_way(model: nn.Module, image: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor], Tensor]:
    """Return what the first convolution, the pooling and the second convolution return."""
    first, _, _, second, *_ = model.children()
    before = first(image)
    values, places = F.max_pool2d(before.relu(), 2, return_indices=True)
    return before, (values, places), second(values)


def _rescaled(slopes: Tensor, outputs: Tensor, inputs: Tensor) -> Tensor:
    """Return slopes times the ratio of two differences; none where the input does not differ."""
    return torch.where(inputs.abs() < 1e-10, 0.0, slopes * outputs / inputs)


def test_deeplift_sums_where_modules_are_shared_in_place_and_functions(awkward: Asked) -> None:
    completeness = attribute(awkward, Choice("DeepLIFT")).completeness
    assert completeness is not None
    assert completeness.error < 1e-3


@pytest.mark.parametrize("ceiling", [nn.ReLU6, lambda: nn.Hardtanh(0, 1)])
def test_deeplift_sums_where_a_relu_ends_at_a_ceiling(ceiling: Callable[[], nn.Module]) -> None:
    asked = asking(convolutional(ceiling))
    asked.model[0].weight.mul_(60)  # type: ignore[index, union-attr, operator]
    with torch.no_grad():
        maps = asked.model[:2](asked.image)  # type: ignore[index]
    assert 0.1 < (maps == maps.max()).float().mean() < 0.9  # many are at the ceiling
    completeness = attribute(asked, Choice("DeepLIFT")).completeness
    assert completeness is not None
    assert completeness.error < 1e-4


@pytest.mark.parametrize(("name", "side"), [("resnet18", 64), ("squeezenet1_1", 64)])
def test_deeplift_sums_on_known_networks_with_overlapping_pools(name: str, side: int) -> None:
    torch.manual_seed(0)
    asked = asking(catalog.build(f"torchvision/{name}"), side)
    completeness = attribute(asked, Choice("DeepLIFT")).completeness
    assert completeness is not None
    assert completeness.error < 1e-3


def test_deeplift_sums_on_googlenet_in_double_precision() -> None:
    # Its random weights make differences of 1e-6, which single precision cannot tell from noise.
    torch.manual_seed(0)
    model = catalog.build("torchvision/googlenet").double()
    pixels = torch.rand(1, 3, 64, 64, dtype=torch.float64)
    asked = Asked(model.eval().requires_grad_(False), pixels * 4 - 2, 3)
    found = method(Choice("DeepLIFT")).find(asked)
    assert found.baseline is not None
    difference = (asked.score(asked.image) - asked.score(found.baseline)).item()
    assert found.values.sum().item() == pytest.approx(difference, rel=1e-3)


# ------------------------------------------------------------------ guided backpropagation


class _Guided(torch.autograd.Function):
    """The paper's rule: what is negative on the way back, or was on the way there, is cut off."""

    @staticmethod
    def forward(ctx: Any, numbers: Tensor) -> Tensor:
        ctx.save_for_backward(numbers)
        return numbers.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (numbers,) = ctx.saved_tensors
        return gradients[0].clamp(min=0) * (numbers > 0)


def test_guided_backpropagation_follows_the_papers_rule_on_a_resnet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch.manual_seed(0)
    asked = asking(catalog.build("torchvision/resnet18"), 33)
    found = values(asked, "guided backpropagation")
    monkeypatch.setattr(F, "relu", lambda numbers, inplace=False: _Guided.apply(numbers))
    image = asked.leaf()
    (expected,) = torch.autograd.grad(asked.model(image.clone())[0, 3], image)
    torch.testing.assert_close(found, expected[0])
    monkeypatch.undo()
    assert not torch.allclose(found, values(asked, "saliency"))


def test_guided_backpropagation_acts_on_a_relu_with_a_ceiling() -> None:
    asked = asking(convolutional(nn.ReLU6))
    plain, guided = (values(asked, name) for name in ("saliency", "guided backpropagation"))
    assert not torch.allclose(plain, guided)


def test_guided_backpropagation_is_the_plain_gradient_without_a_relu_and_says_so() -> None:
    asked = asking(convolutional(nn.GELU))
    assert torch.equal(values(asked, "saliency"), values(asked, "guided backpropagation"))
    (doubt,) = doubts(asked, "guided backpropagation")
    assert doubt.level == "meaningless"
    assert "2 × GELU" in doubt.sentence
    assert doubt.mend == Choice("saliency")


# ------------------------------------------------------------------ doubts


def doubts(asked: Asked, name: str, found: Structure | None = None, **options: Any) -> list[Any]:
    seen = structure(asked) if found is None else found
    return list(method(Choice(name, options)).doubts(asked, seen))


@pytest.mark.parametrize("name", CHOICES)
def test_nothing_is_doubted_on_a_plain_network_of_relus(name: str, awkward: Asked) -> None:
    assert doubts(awkward, name) == []


@pytest.mark.parametrize("name", CHOICES)
def test_a_silent_head_makes_every_map_empty_and_is_said(name: str) -> None:
    model = convolutional(nn.ReLU)
    asked = asking(model)
    nn.init.zeros_(model[-1].weight)  # type: ignore[index]
    (doubt,) = doubts_before(asked, structure(asked), CHOICES[name])
    assert doubt.level == "meaningless"
    assert attribute(asked, CHOICES[name]).is_silent


def test_guided_backpropagation_is_doubted_where_only_some_activations_are_relus() -> None:
    seen = Structure(calls={"ReLU": 14, "Hardswish": 19})
    (doubt,) = doubts(asking(convolutional(nn.ReLU)), "guided backpropagation", seen)
    assert doubt.level == "caution"
    assert "19 × Hardswish" in doubt.sentence


def test_deeplift_is_doubted_where_functions_have_no_rule_and_misses_its_sum(gated: Asked) -> None:
    (doubt,) = doubts(gated, "DeepLIFT")
    assert doubt.level == "caution"
    assert all(word in doubt.sentence for word in ("softmax", "normalisation", "products"))
    completeness = attribute(gated, Choice("DeepLIFT")).completeness
    assert completeness is not None
    assert completeness.error > 0.01
    mended = attribute(gated, doubt.mend).completeness
    assert mended is not None
    assert mended.error < completeness.error


@pytest.mark.parametrize("name", ["integrated gradients", "gradient SHAP"])
def test_a_baseline_at_a_scale_free_networks_zero_is_doubted_and_mended(name: str) -> None:
    class ScaleFree(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Conv2d(3, 16, 4, 4, bias=False)
            self.head = nn.Linear(16 * 16, 5)

        def forward(self, images: Tensor) -> Tensor:
            maps = self.stem(images)
            return self.head(F.layer_norm(maps, maps.shape[1:], eps=1e-12).flatten(1))

    torch.manual_seed(0)
    asked = asking(ScaleFree())
    asked = asked.of(mean=(0.5,) * 3, std=(0.5,) * 3, image=(asked.pixels() - 0.5) / 0.5)
    (doubt,) = doubts(asked, name, baseline="grey")
    assert doubt.level == "caution"
    errors = []
    for choice in (Choice(name, {"baseline": "grey"}), doubt.mend):
        completeness = attribute(asked, choice).completeness
        assert completeness is not None
        errors.append(completeness.error)
    assert errors[0] > 0.2 > errors[1]


# ------------------------------------------------------------------ refusals


def test_a_network_without_a_way_back_is_refused_in_a_sentence() -> None:
    class Deaf(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return (images > 0).float().mean((2, 3))

    with pytest.raises(LayerError, match="choose another one"):
        values(asking(Deaf(), target=1), "saliency")


@pytest.mark.parametrize("name", CHOICES)
def test_a_detector_is_refused_in_a_sentence(name: str) -> None:
    class Boxes(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return images

    with pytest.raises(LayerError, match="one score a class"):
        attribute(asking(Boxes()), CHOICES[name])


@pytest.mark.parametrize(
    "name", [each for each in METHODS if method(Choice(each)).group == "gradients"]
)
def test_slopes_are_those_that_do_not_grow_with_the_image(name: str) -> None:
    """Of a linear network a slope is its weight; all else is the weight times a difference."""
    torch.manual_seed(0)
    asked = asking(nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 16, 5)))
    weight = asked.model[1].weight[asked.target].view(3, 16, 16)  # type: ignore[index]
    found = attribute(asked, Choice(name)).values
    if method(Choice(name)).slopes:
        torch.testing.assert_close(found, weight, rtol=1e-4, atol=1e-6)
    else:
        compared = attribute(asked, Choice(name)).baseline
        start = torch.zeros_like(asked.image) if compared is None else compared
        expected = weight * (asked.image - start)[0]
        torch.testing.assert_close(found.sum(), expected.sum(), rtol=0.1, atol=1e-3)
        assert not torch.allclose(found, weight, rtol=0.1)
