"""From one grid of places to another, by the area that their cells share."""

import torch
from torch import Tensor

Grid = tuple[int, int, int]
"""Rows, frames and columns; an image has one frame."""


def finer(one: Grid, other: Grid) -> Grid:
    """Return the grid that is as fine as the finer of two, along each axis."""
    return max(one[0], other[0]), max(one[1], other[1]), max(one[2], other[2])


def overlap(cells: int, onto: int) -> Tensor:
    """Return which share of each cell of an axis lies on each cell of another as long.

    Shape: (cells, onto), rows that sum to 1
    """
    step = onto / cells
    low = (torch.arange(cells) * step)[:, None]
    edges = torch.arange(onto)[None]
    shared = torch.minimum(low + step, edges + 1) - torch.maximum(low, edges)
    return shared.clamp(min=0) / step


def spread(cells: Tensor, grid: Grid) -> Tensor:
    """Return amounts on another grid: they are shared out by area, and their sum stays.

    Shape: (rows, frames, columns) -> grid
    """
    axes = [overlap(*sizes) for sizes in zip(cells.shape, grid, strict=True)]
    return torch.einsum("rfc,rR,fF,cC->RFC", cells, *axes)


def resampled(cells: Tensor, grid: Grid) -> Tensor:
    """Return values on another grid: each cell has the mean of those it covers.

    Shape: (rows, frames, columns) -> grid
    """
    axes = [overlap(*sizes) for sizes in zip(grid, cells.shape, strict=True)]
    return torch.einsum("rfc,Rr,Ff,Cc->RFC", cells, *axes)
