"""Training: a typed recipe, a loop that yields what it measures, and open sets of parts."""

from cvexplore.training.config import Change, MetricPoint, RunConfig, VectorPoint

__all__ = ["Change", "MetricPoint", "RunConfig", "VectorPoint"]
