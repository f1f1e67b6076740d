"""How far apart two sets of features are, whatever their shapes: the maximum mean discrepancy."""

import torch
from torch import Tensor

SCALES = (0.25, 0.5, 1.0, 2.0, 4.0)  # of the Gaussians, whose sum sees details and the whole


def maximum_mean_discrepancy(
    first: Tensor, second: Tensor, scales: tuple[float, ...] = SCALES
) -> Tensor:
    """Return the squared distance of two sets' means, in the space of a sum of Gaussian kernels.

    k(a, b) = the sum over s of exp(−‖a − b‖² / (s m)), with m the mean of ‖a − b‖² over all pairs
    of two different points, which counts as a constant. The estimate is the biased one, never
    negative: the mean of k within the first, plus that within the second, less twice that between.
    It is 0 where a set is empty, or all points are the same.

    Source: Gretton, Borgwardt, Rasch, Schölkopf, Smola, "A Kernel Two-Sample Test", 2012, equation
    5; sums of Gaussians: Long, Cao, Wang, Jordan, "Learning Transferable Features with Deep
    Adaptation Networks", 2015, arXiv 1502.02791.

    Shape: (N, D), (M, D) -> ()
    """
    count, points = len(first), torch.cat([first, second])
    if not 0 < count < len(points):
        return points.sum() * 0
    squares = points.square().sum(1)
    apart = (squares[:, None] + squares - 2 * points @ points.T).clamp(min=0)
    typical = apart.detach().sum() / (len(points) * (len(points) - 1))
    shares = apart / typical.clamp(min=torch.finfo(apart.dtype).tiny)
    alike = torch.stack([torch.exp(-shares / scale) for scale in scales]).sum(0)
    within = alike[:count, :count].mean() + alike[count:, count:].mean()
    return within - 2 * alike[:count, count:].mean()
