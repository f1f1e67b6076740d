"""What is wrong with a run, in a sentence, and what to try; it needs no torch.

    diagnose(store.curves(run.id), {"dead": store.vectors(run.id, "dead")}, run.config)

The rules are in ``symptoms`` and ``layer_symptoms``, what they look at in ``evidence``.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from cvexplore.training import layer_symptoms, symptoms
from cvexplore.training.config import RunConfig, VectorPoint
from cvexplore.training.evidence import Curve, Evidence, gather
from cvexplore.training.symptoms import Finding

__all__ = ["Curve", "Finding", "diagnose"]

_FEWEST_STEPS = 20  # of a run of which anything is said, but that its loss is no number
_CAUSES = (  # why it hardly learns
    symptoms.too_slow,
    layer_symptoms.dead_units,
    layer_symptoms.gradients_by_depth,
    layer_symptoms.growing_gradients,
)
_EFFECTS = (symptoms.plateau, symptoms.ignored)  # only said where no cause is known
_OTHERS = (symptoms.overfitting, symptoms.noisy)


def diagnose(
    curves: Mapping[tuple[str, str], Curve],
    vectors: Mapping[str, Sequence[VectorPoint]],
    config: RunConfig,
    *,
    layers: Sequence[str] = (),
    classes: Sequence[str] = (),
) -> tuple[Finding, ...]:
    """Return what is wrong with a run, the gravest first; nothing if it goes well.

    Args:
        curves: by split and name, as the store has them.
        vectors: by name: "gradient_norm", "update_ratio", "dead" and "confusion"; some may lack.
        config: the run's recipe.
        layers: names of the layers, in the order of the vectors.
        classes: names of the classes, in the order of the confusion matrix.
    """
    seen = gather(curves, vectors, config, layers, classes)
    if finding := symptoms.not_a_number(seen):
        return (finding,)
    if len(seen.loss) < _FEWEST_STEPS:
        return ()
    if finding := symptoms.diverged(seen):
        return (
            finding,
            *_of(seen, layer_symptoms.dead_units),
        )  # the rest would only describe the ruins
    causes = tuple(_of(seen, *_CAUSES))
    return (*causes, *_of(seen, *_OTHERS, *(() if causes else _EFFECTS)))


def _of(seen: Evidence, *rules: "Callable[[Evidence], Finding | None]") -> Iterator[Finding]:
    for rule in rules:
        if finding := rule(seen):
            yield finding
