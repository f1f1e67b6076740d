"""How much of the classes stands in features that were learned without them.

Both are small enough to be found at every measurement: a linear map on frozen features, and a vote
of the nearest neighbours.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

_DECAY = 1e-3  # of the linear map's weights
_STEPS = 100  # of L-BFGS, which is done long before


def linear_probe(features: Tensor, labels: Tensor, classes: int, decay: float = _DECAY) -> Tensor:
    """Return the linear map that best tells the classes of these features: logistic regression.

    It minimises the mean cross-entropy plus ``decay / 2`` times the squared weights, on features
    scaled to one length, √D, and has no bias: so its answer depends on a feature vector's direction
    alone.

    Source: Alain, Bengio, "Understanding intermediate layers using linear classifier probes", 2016,
    arXiv 1610.01644.

    Shape: (N, D), (N,) -> (classes, D), for features as they are
    """
    with torch.inference_mode(False), torch.enable_grad():
        given, labels = features.detach().clone().double(), labels.detach().clone()
        width = given.shape[1]
        values = F.normalize(given, dim=1) * width**0.5
        weight = values.new_zeros(classes, width, requires_grad=True)
        search = torch.optim.LBFGS([weight], max_iter=_STEPS, line_search_fn="strong_wolfe")

        def loss() -> Tensor:
            search.zero_grad()
            fit = F.cross_entropy(F.linear(values, weight), labels)
            whole = fit + decay / 2 * weight.square().sum()
            whole.backward()
            return whole

        search.step(loss)
    length = given.norm(dim=1).mean().clamp(min=1e-12)
    return (weight.detach() * width**0.5 / length).float()


def nearest_neighbours(known: Tensor, labels: Tensor, asked: Tensor, count: int = 20) -> Tensor:
    """Return the class that most of the nearest known features have, by the cosine between them.

    Of several classes with as many votes, that of the lowest number.

    Source: Wu, Xiong, Yu, Lin, "Unsupervised Feature Learning via Non-Parametric Instance
    Discrimination", 2018, arXiv 1805.01978, without its weights.

    Shape: (N, D), (N,), (M, D) -> (M,)
    """
    alike = F.normalize(asked, dim=1) @ F.normalize(known, dim=1).T
    nearest = alike.topk(min(count, len(known)), dim=1).indices
    votes = F.one_hot(labels[nearest], int(labels.max()) + 1).sum(1)
    return votes.argmax(1)
