"""The smallest epsilon at which an attack succeeds."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from cvexplore.attribution import Asked
from cvexplore.errors import OptionError
from cvexplore.plugins import Choice
from cvexplore.robustness.attacked import Attacked
from cvexplore.robustness.attacks import attack


@dataclass(frozen=True)
class Search:
    """What is known so far of the smallest epsilon.

    Args:
        tries: the attacks made so far, in the order they were made.
        most: no epsilon above is tried.
        step: every epsilon tried is a multiple of it.
        in_eight_bits: whether only what survives rounding to eight bits counts as success.
        done: whether this is the answer.
    """

    tries: tuple[Attacked, ...] = ()
    most: float = 32
    step: float = 1 / 8
    in_eight_bits: bool = False
    done: bool = False

    def succeeds(self, attacked: Attacked) -> bool:
        """Return whether an attack is what is looked for."""
        return attacked.survives if self.in_eight_bits else attacked.succeeded

    @property
    def found(self) -> Attacked | None:
        """The attack of the smallest epsilon tried that succeeds; None if none does."""
        return min(filter(self.succeeds, self.tries), key=_epsilon, default=None)

    @property
    def failed(self) -> Attacked | None:
        """The attack of the largest epsilon tried below it that does not succeed."""
        limit = self.found.epsilon if self.found else float("inf")
        below = (each for each in self.tries if each.epsilon < limit)
        return max(below, key=_epsilon, default=None)


def smallest_epsilon(
    asked: Asked,
    choice: Choice,
    *,
    most: float = 32,
    step: float = 1 / 8,
    towards: int | None = None,
    in_eight_bits: bool = False,
) -> Iterator[Search]:
    """Yield what is known after each try; the last one is the answer.

    Epsilon begins at one step and doubles until the attack succeeds, at most up to ``most``; then
    what lies between the last failure and the success is halved until they are a step apart. An
    attack, FGSM least of all, need not succeed at every epsilon above the first at which it does.
    So the answer is the smallest epsilon *tried* that succeeds, and the one a step below it fails;
    one that was not tried may be smaller still. It bounds the network's robustness from above,
    never from below: a better attack may need less.

    Args:
        asked: the network and the image.
        choice: the attack and its options.
        most: the largest epsilon tried, in steps of 255.
        step: how exact the answer is, in steps of 255.
        towards: the class it is to be taken for; None means any other.
        in_eight_bits: count as success only what survives rounding to eight bits, as a picture
            file does; changes of less than half a step do not.

    Raises:
        OptionError: ``most`` is not between ``step`` and 255; and whatever ``attack`` raises.
    """
    if not 0 < step <= most <= 255:
        raise OptionError(f"The largest epsilon must be between {step:g} and 255, not {most:g}.")
    search = Search((), most, step, in_eight_bits)
    last = int(most / step + 1e-9)  # a quotient may be rounded down by a last bit
    low, high, place = 0, last + 1, 1  # in steps: the last failure, the first success, the next try
    while not search.done:
        tried = attack(asked, choice, place * step, towards=towards)
        low, high = (low, place) if search.succeeds(tried) else (place, high)
        search = replace(search, tries=(*search.tries, tried), done=high - low == 1)
        yield search
        place = (low + high) // 2 if high <= last else min(2 * place, last)


def _epsilon(attacked: Attacked) -> float:
    return attacked.epsilon
