"""Training: a typed recipe, a loop that yields what it measures, and open sets of parts."""

from cvexplore.training.config import MetricPoint, RunConfig

__all__ = ["MetricPoint", "RunConfig"]
