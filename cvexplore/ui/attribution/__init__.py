"""The views of the Attribution page, a file each: which pixels decided, and can one believe it?

Each view is a function ``show(explaining)``; the page opens one at a time and runs only that one.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from cvexplore import catalog
from cvexplore.ui import cached
from cvexplore.ui.cached import Subject
from cvexplore.ui.looking import NetworkAndImage
from cvexplore.ui.pictures import Picture

if TYPE_CHECKING:
    from torch import Tensor

    from cvexplore.attribution import Asked
    from cvexplore.interpret.predictions import Prediction


@dataclass(frozen=True)
class Explaining(NetworkAndImage):
    """What stands on the page: a classifier, the image, and what it says of it.

    Args:
        predictions: its likeliest classes, the likeliest first.
    """

    predictions: "tuple[Prediction, ...]" = ()

    @property
    def prepared(self) -> "Tensor":
        """The image as the network takes it; nobody writes into it. Shape: (1, C, H, W)"""
        return _prepared(self.subject, self.picture.fingerprint, self.picture)

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of its classes; none of random weights."""
        return catalog.labels(self.subject.name, self.subject.weights)

    @property
    def classes(self) -> int:
        """How many classes it tells apart."""
        seen = cached.traced(self.subject.name, self.subject.options)
        outputs = [each.output_shape for each in seen.layers if each.output_shape]
        return len(self.labels) or outputs[-1][-1]

    @property
    def offered(self) -> dict[int, str]:
        """Its classes to choose from, by number: the likeliest first, with what it gives them."""
        names = dict(enumerate(self.labels))
        likely = {each.index: f"{each.label} · {each.probability:.1%}" for each in self.predictions}
        numbers = dict.fromkeys((*likely, *range(self.classes)))
        return {each: likely.get(each) or names.get(each, f"class {each}") for each in numbers}

    def label(self, target: int) -> str:
        """Return the name of a class."""
        return dict(enumerate(self.labels)).get(target, f"class {target}")

    def asked(self, target: int, layer: str = "") -> "Asked":
        """Return the question that methods of ``cvexplore.attribution`` answer.

        Args:
            target: the class asked about.
            layer: for methods that ask about one; "" leaves it to them.
        """
        from cvexplore.attribution import Asked

        preparation = cached.preparation(self.subject)
        return Asked(
            cached.network(self.subject),
            self.prepared,
            target,
            preparation.mean,
            preparation.std,
            layer,
        )


def explaining(subject: Subject, picture: Picture) -> Explaining:
    """Return a classifier and an image, with what it says of it."""
    answer: Any = cached.answered(subject, picture.image, picture.fingerprint)
    return Explaining(subject, picture, answer)


@st.cache_resource(max_entries=6, scope="session", show_spinner=False)
def _prepared(subject: Subject, fingerprint: str, _picture: Picture) -> "Tensor":
    from cvexplore import images

    return images.prepare(_picture.image, cached.preparation(subject))
