"""How a gradient becomes a step: torch's optimisers, as plug-ins of the recipe.

Where torch can, one kernel updates all parameters (``fused``): on small networks that is five times
faster. Groups of parameters carry their own weight decay; the learning rate is set at every step.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any

from cvexplore.plugins import Range, Registry

Optimizer = Any  # torch's, which is imported only when one is made: a form needs no torch
Groups = Iterable[dict[str, Any]]  # torch's parameter groups

OPTIMIZERS: Registry[Callable[..., Optimizer]] = Registry("optimizer")


@OPTIMIZERS.register("adamw")
def adamw(
    groups: Groups,
    rate: float,
    *,
    beta1: Annotated[float, Range(0.0, 0.999)] = 0.9,
    beta2: Annotated[float, Range(0.0, 0.9999)] = 0.999,
) -> Optimizer:
    """Adam whose weight decay shrinks the weights themselves, not their gradients.

    Options:
        beta1: share of the old value in the running mean of the gradients
        beta2: share of the old value in the running mean of their squares

    Source: Loshchilov, Hutter, "Decoupled Weight Decay Regularization", 2017, arXiv 1711.05101.
    """
    from torch.optim import AdamW

    return AdamW(groups, rate, betas=(beta1, beta2), fused=True)


@OPTIMIZERS.register("adam")
def adam(
    groups: Groups,
    rate: float,
    *,
    beta1: Annotated[float, Range(0.0, 0.999)] = 0.9,
    beta2: Annotated[float, Range(0.0, 0.9999)] = 0.999,
) -> Optimizer:
    """Steps of a like size for all weights: the mean gradient over the root of its mean square.

    Options:
        beta1: share of the old value in the running mean of the gradients
        beta2: share of the old value in the running mean of their squares

    Source: Kingma, Ba, "Adam: A Method for Stochastic Optimization", 2014, arXiv 1412.6980.
    """
    from torch.optim import Adam

    return Adam(groups, rate, betas=(beta1, beta2), fused=True)


@OPTIMIZERS.register("sgd")
def sgd(
    groups: Groups,
    rate: float,
    *,
    momentum: Annotated[float, Range(0.0, 0.999)] = 0.9,
    nesterov: bool = True,
) -> Optimizer:
    """Follow the gradient, with the momentum of the steps before.

    Options:
        momentum: share of the last step that the next one keeps
        nesterov: look ahead along the momentum before the gradient is taken

    Source: Sutskever, Martens, Dahl, Hinton, "On the importance of initialization and momentum in
    deep learning", 2013.
    """
    from torch.optim import SGD

    ahead = nesterov and momentum > 0
    return SGD(groups, rate, momentum=momentum, nesterov=ahead, fused=True)


@OPTIMIZERS.register("rmsprop")
def rmsprop(
    groups: Groups,
    rate: float,
    *,
    smoothing: Annotated[float, Range(0.0, 0.9999)] = 0.99,
    momentum: Annotated[float, Range(0.0, 0.999)] = 0.0,
) -> Optimizer:
    """Divide each gradient by the root of the running mean of its square.

    Options:
        smoothing: share of the old value in that mean
        momentum: share of the last step that the next one keeps

    Source: Tieleman, Hinton, "Lecture 6.5: RMSProp", 2012.
    """
    from torch.optim import RMSprop

    return RMSprop(groups, rate, alpha=smoothing, momentum=momentum)


@OPTIMIZERS.register("adagrad")
def adagrad(groups: Groups, rate: float) -> Optimizer:
    """Divide each gradient by the root of the sum of all its squares: rates only ever fall.

    Source: Duchi, Hazan, Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic
    Optimization", 2011.
    """
    from torch.optim import Adagrad

    return Adagrad(groups, rate, fused=True)


@OPTIMIZERS.register("nadam")
def nadam(
    groups: Groups,
    rate: float,
    *,
    beta1: Annotated[float, Range(0.0, 0.999)] = 0.9,
    beta2: Annotated[float, Range(0.0, 0.9999)] = 0.999,
) -> Optimizer:
    """Adam with Nesterov's look ahead, and weight decay apart from the gradients.

    Options:
        beta1: share of the old value in the running mean of the gradients
        beta2: share of the old value in the running mean of their squares

    Source: Dozat, "Incorporating Nesterov Momentum into Adam", 2016.
    """
    from torch.optim import NAdam

    return NAdam(groups, rate, betas=(beta1, beta2), decoupled_weight_decay=True)


def groups(
    network: Any,
    decay: float,
    decay_all: bool,
    rates: Mapping[Any, float] | None = None,
    undecayed: Iterable[Any] = (),
) -> list[dict[str, Any]]:
    """Return a network's parameters, those together that decay and learn at the same rate.

    Unless all decay, what only shifts and scales is left alone: biases and normalisation.

    Args:
        network: whose parameters.
        decay: the weight decay.
        decay_all: whether biases and normalisation decay too.
        rates: by what some parameters' learning rate is multiplied.
        undecayed: parameters that never decay.
    """
    parameters = [each for each in network.parameters() if each.requires_grad]
    norms = [each for each in network.modules() if "Norm" in type(each).__name__]
    of_norms = {id(each) for norm in norms for each in norm.parameters(recurse=False)}
    alone = set() if decay_all else {id(p) for p in parameters if p.dim() <= 1} | of_norms
    alone |= {id(each) for each in undecayed}
    scales = {id(each): scale for each, scale in (rates or {}).items()}
    found: dict[tuple[bool, float], list[Any]] = {}
    for each in parameters:
        found.setdefault((id(each) not in alone, scales.get(id(each), 1.0)), []).append(each)
    return [
        {"params": those, "weight_decay": decays * decay, "decays": decays, "scale": scale}
        for (decays, scale), those in sorted(found.items(), key=lambda item: -item[0][0])
    ]
