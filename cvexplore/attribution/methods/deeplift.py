"""DeepLIFT: the difference to a baseline, handed back through the network layer by layer."""

from collections.abc import Iterator
from dataclasses import dataclass

from captum.attr import DeepLift as CaptumDeepLift

from cvexplore.attribution import METHODS, Asked, Cost, Doubt, Found, Method, Structure
from cvexplore.attribution.asked import Baseline
from cvexplore.attribution.baselines import baseline
from cvexplore.attribution.doubts import explained
from cvexplore.attribution.rewriting import with_own_activations
from cvexplore.plugins import Choice

_SENTENCE = (
    "DeepLIFT has no rule for {missing}, which this network calls: the plain gradient stands in, "
    "so attributions need not sum to the difference of the scores. The completeness error says "
    "how far off they are."
)


@METHODS.register("DeepLIFT")
@dataclass(frozen=True, kw_only=True)
class DeepLift(Method):
    """Hand the difference of two scores back, through each activation in proportion to its change.

    The Rescale rule, for every activation that is a function of one number, on any network: each
    call of an activation gets a module of its own. Max pooling hands on to its maximum.

    Source: Shrikumar, Greenside & Kundaje, "Learning important features through propagating
        activation differences", 2017, arXiv:1704.02685.

    Options:
        baseline: what the image is compared with
    """

    group = "gradients"
    complete = True

    baseline: Baseline = "black"

    def cost(self, asked: Asked) -> Cost:
        """One pass to find the activations, then image and baseline each way."""
        return Cost(3, 2)

    def doubts(self, asked: Asked, structure: Structure) -> Iterator[Doubt]:
        """Yield which functions have no rule."""
        missing = structure.without_rescale
        if missing:
            mend = Choice("integrated gradients", {"baseline": self.baseline})
            yield Doubt("caution", _SENTENCE.format(missing=" and ".join(missing)), mend)

    def find(self, asked: Asked) -> Found:
        """Return the contributions to the difference of the scores."""
        start = baseline(asked, self.baseline)
        network = with_own_activations(asked)
        with explained():
            values = CaptumDeepLift(network).attribute(asked.leaf(), start, asked.target)
        return Found(values[0].detach(), start)
