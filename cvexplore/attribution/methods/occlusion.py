"""Occlusion: what the score loses where a patch hides the image."""

import math
from dataclasses import dataclass
from typing import Annotated

from captum.attr import Occlusion as CaptumOcclusion

from cvexplore.attribution import METHODS, Asked, Cost, Found, Method
from cvexplore.attribution.asked import Baseline
from cvexplore.attribution.baselines import baseline
from cvexplore.plugins import Range


@METHODS.register("occlusion")
@dataclass(frozen=True, kw_only=True)
class Occlusion(Method):
    """Hide a square at each place in turn: the more the score falls, the more that place speaks.

    Options:
        window: side of the square, as a share of the image's shorter side
        stride: from one place to the next, as a share of the square's side
        baseline: what hides the image

    Source: Zeiler & Fergus, "Visualizing and understanding convolutional networks", 2013,
        arXiv:1311.2901.
    """

    group = "perturbations"

    window: Annotated[int, Range(4, 50, unit="% of the side")] = 15
    stride: Annotated[int, Range(10, 100, step=10, unit="% of the square")] = 50
    baseline: Baseline = "grey"

    def cost(self, asked: Asked) -> Cost:
        """One pass for each place, and one of the whole image."""
        window, stride = self.sides(asked)
        places = [math.ceil((side - window) / stride) + 1 for side in asked.image.shape[-2:]]
        return Cost(1 + math.prod(places))

    def sides(self, asked: Asked) -> tuple[int, int]:
        """Return the side of the square, and from one place to the next, in pixels."""
        window = max(1, round(min(asked.image.shape[-2:]) * self.window / 100))
        return window, max(1, round(window * self.stride / 100))

    def find(self, asked: Asked) -> Found:
        """Return for each pixel the mean loss of the squares that hid it."""
        window, stride = self.sides(asked)
        hidden = baseline(asked, self.baseline)
        channels = asked.image.shape[1]
        losses = CaptumOcclusion(asked.network()).attribute(
            asked.image.clone(),
            sliding_window_shapes=(channels, window, window),
            strides=(channels, stride, stride),
            baselines=hidden,
            target=asked.target,
            perturbations_per_eval=asked.batch,
        )
        return Found(losses[0, :1], hidden, smooth=False)
