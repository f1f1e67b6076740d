"""What a map is worth here: doubts before a method runs, and after, from what it found."""

from collections.abc import Iterator, Mapping
from typing import Any

from cvexplore.attribution import METHODS, Doubt, method
from cvexplore.attribution.asked import Asked
from cvexplore.attribution.explanation import Completeness, Explanation
from cvexplore.attribution.structure import Structure
from cvexplore.plugins import Choice, Option

_GAP = 0.05  # of the difference to explain: from here on the sum is called wrong
_LOST = 0.5  # and from here on it explains something else
_SILENT = Doubt(
    "meaningless",
    "The last layer's weights are all zero, so every image gets the same scores and every map is "
    "empty: choose trained weights.",
)
_OTHERS = ("blurred", "grey", "black")  # baselines to try next


def doubts_before(asked: Asked, structure: Structure, choice: Choice) -> tuple[Doubt, ...]:
    """Return what is known against a method on this network before it runs.

    Raises:
        UnknownName, OptionError: no such method or option.
    """
    doubts = tuple(method(choice).doubts(asked, structure))
    return (_SILENT,) if structure.silent_head else doubts


def doubts_after(explanation: Explanation) -> tuple[Doubt, ...]:
    """Return what speaks against a map now that it is there, with numbers."""
    return tuple(_after(explanation))


def _after(explanation: Explanation) -> Iterator[Doubt]:
    if not explanation.values.isfinite().all():
        broken = int((~explanation.values.isfinite()).sum())
        yield Doubt(
            "meaningless",
            f"{broken:,} of {explanation.values.numel():,} values are no finite numbers: the "
            "network overflows where this method asks it.",
            _other_baseline(explanation.method),
        )
    elif explanation.is_silent:
        yield _silence(explanation.method)
    elif explanation.completeness is not None:
        yield from _gap(explanation.method, explanation.completeness)


def _silence(choice: Choice) -> Doubt:
    keeps_positive = choice.name == "guided Grad-CAM" or (
        "positive" in _options(choice) and choice.options.get("positive", True)
    )
    if keeps_positive:
        return Doubt(
            "caution",
            "No place of this layer speaks for the class, only against it: the map is empty.",
            Choice("Grad-CAM", {"positive": False}),
        )
    return Doubt(
        "meaningless",
        "Nothing speaks for or against this class: the map is empty, and the score does not depend "
        "on what was asked.",
        _other_baseline(choice),
    )


def _gap(choice: Choice, found: Completeness) -> Iterator[Doubt]:
    scores = f"{found.image:.3g} for the image and {found.baseline:.3g} for the baseline"
    if not found.decided:
        yield Doubt(
            "caution",
            f"The score is {scores}: next to no difference, so there is little to explain.",
            _other_baseline(choice),
        )
    elif not found.error <= _GAP:
        yield Doubt(
            "meaningless" if not found.error <= _LOST else "caution",
            f"The attributions sum to {found.total:.3g} but should to {found.difference:.3g}: the "
            f"score is {scores}. That is {found.error:.0%} off.",
            _more_steps(choice) if found.error <= _LOST else _other_baseline(choice),
        )


def _more_steps(choice: Choice) -> Choice | None:
    """Return the same with four times the steps; without steps, with another baseline."""
    steps = _options(choice).get("steps")
    if steps is None or steps.range is None:
        return _other_baseline(choice)
    now = choice.options.get("steps", steps.default)
    more = min(4 * now, int(steps.range.high))
    return _with(choice, steps=more) if more > now else _other_baseline(choice)


def _other_baseline(choice: Choice) -> Choice | None:
    """Return the same with a baseline it was not asked with; None if it has none."""
    kind = _options(choice).get("baseline")
    if kind is None:
        return None
    now = choice.options.get("baseline", kind.default)
    other = next((each for each in _OTHERS if each != now and each in kind.choices), None)
    return None if other is None else _with(choice, baseline=other)


def _options(choice: Choice) -> Mapping[str, Option]:
    return {option.name: option for option in METHODS.options(choice.name)}


def _with(choice: Choice, **changes: Any) -> Choice:
    return Choice(choice.name, {**choice.options, **changes})
