"""Gradients by depth are autograd's own; and the networks of the residual experiment are He's."""

import copy
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cvexplore.architectures.resnet_cifar import resnet_cifar
from cvexplore.plugins import Choice
from cvexplore.training.config import RunConfig
from cvexplore.training.experiments import EXPERIMENTS
from cvexplore.training.gradient_flow import gradient_flow, gradient_flows
from cvexplore.training.loop import Training
from cvexplore.training.sweep import trials

DIGITS = Choice("digits", {"image_size": 8})


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize(("depth", "published"), [(20, 0.27), (32, 0.46), (44, 0.66), (56, 0.85)])
@pytest.mark.parametrize("residual", [True, False])
def test_a_small_resnet_has_the_published_parameters_with_or_without_shortcuts(
    depth: int, published: float, residual: bool
) -> None:
    network = resnet_cifar(depth=depth, residual=residual)
    count = sum(each.numel() for each in network.parameters())
    assert round(count / 1e6, 2) == published
    weighted = [each for each in network.modules() if isinstance(each, nn.Conv2d | nn.Linear)]
    assert len(weighted) == depth


def test_a_shortcut_hands_on_every_other_pixel_and_zeros() -> None:
    block = resnet_cifar(depth=20).stages[1][0]
    for each in block.branch.parameters():
        nn.init.zeros_(each)  # F(x) is zero, so the block returns its shortcut
    x = torch.rand(2, 16, 8, 8)
    y = block.eval()(x)
    assert torch.equal(y[:, :16], x[:, :, ::2, ::2])
    assert not y[:, 16:].any()


def test_gradients_are_those_of_a_backward_pass_and_the_network_stays_as_it_was() -> None:
    network = resnet_cifar(depth=20, width=4, channels=1)
    before = copy.deepcopy(network.state_dict())
    images, labels = torch.randn(8, 1, 8, 8), torch.arange(8)
    flow = gradient_flow(network, images, labels, step=7)
    assert all(torch.equal(before[name], each) for name, each in network.state_dict().items())
    assert all(each.grad is None for each in network.parameters())

    loss = F.cross_entropy(network.train()(images), labels)
    loss.backward()
    assert (flow.step, flow.loss) == (7, pytest.approx(loss.item()))
    expected = {
        name: each.weight.grad
        for name, each in network.named_modules()
        if isinstance(each, nn.Conv2d | nn.Linear)
    }
    assert flow.layers == tuple(expected)  # here the order they are written is the order of calls
    for place, gradient in enumerate(expected.values()):
        assert flow.mean[place] == pytest.approx(gradient.abs().mean().item(), rel=1e-4)
        assert flow.norm[place] == pytest.approx(gradient.norm().item(), rel=1e-4)


@pytest.mark.parametrize(("batch_norm", "explodes"), [(False, False), (True, True)])
def test_without_shortcuts_gradients_vanish_or_with_normalisation_explode_by_depth(
    batch_norm: bool, explodes: bool
) -> None:
    images, labels = torch.randn(32, 1, 8, 8), torch.arange(32) % 10
    growth = {}
    for residual in (False, True):
        network = resnet_cifar(depth=56, residual=residual, batch_norm=batch_norm, channels=1)
        flow = gradient_flow(network, images, labels)
        growth[residual] = flow.norm[0] / flow.norm[-2]  # from the last convolution to the first
    plain_to_residual = growth[False] / growth[True]
    assert plain_to_residual > 20 if explodes else plain_to_residual < 1 / 20


def test_flows_follow_the_run_and_its_first_batch() -> None:
    config = RunConfig(dataset=DIGITS, architecture="cvexplore/resnet_cifar", steps=3, seed=3)
    config = replace(config, options={"width": 4}, optimizer=Choice("sgd"))
    flows = gradient_flows(config, (0, 2))
    assert [flow.step for flow in flows] == [0, 2]
    training = Training(config)
    batch = next(iter(training.approach.batches(training.train, config.batch_size)))
    assert flows[0] == gradient_flow(training.approach.network, batch.images, batch.labels)
    assert flows[1].loss < flows[0].loss


def test_every_experiment_is_a_grid_of_runs_that_can_be_trained() -> None:
    for experiment in EXPERIMENTS.values():
        made = trials(experiment.base, experiment.axes)
        assert len(made) > 1
        assert [trial.obstacle for trial in made] == [""] * len(made)
