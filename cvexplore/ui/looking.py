"""A network and the image it looks at: the left column of every page that looks inside."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.ui import cached
from cvexplore.ui.cached import Subject
from cvexplore.ui.pickers import pick_architecture, pick_weights
from cvexplore.ui.pictures import Picture, number_handed, pick_picture
from cvexplore.ui.places import page

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor


@dataclass(frozen=True)
class NetworkAndImage:
    """What stands on a page that looks inside: a network, and the image it looks at."""

    subject: Subject
    picture: Picture

    @property
    def key(self) -> str:
        """A name for widgets that belong to this network, at whichever moment of its run."""
        return self.subject.key

    @property
    def square(self) -> "Image":
        """The part of the image that the network sees."""
        return cached.square(self.subject, self.picture.image, self.picture.fingerprint)

    @property
    def prepared(self) -> "Tensor":
        """The image as the network takes it. Shape: (1, C, H, W)"""
        from cvexplore import images

        return images.prepare(self.picture.image, cached.preparation(self.subject))


def pick_network_and_image(
    start: str, *, architecture: str = "arch", tasks: tuple[str, ...] = ()
) -> NetworkAndImage:
    """Let a person choose an image, an architecture and its weights, one below the other.

    Args:
        start: the architecture to begin with.
        architecture: the key of its widget, and its name in the URL.
        tasks: only architectures for these; empty means all.

    Raises:
        ImageError, WeightsError: what was given cannot be read.
    """
    first = st.container()
    name = pick_architecture(start, key=architecture, tasks=tasks)
    subject = pick_weights(name, key="weights")
    with first:
        picture = pick_picture(
            key="picture", trained_on=cached.trained_on(subject), given=_given(subject)
        )
    st.page_link(
        page("anatomy"),
        label="Its anatomy",
        icon=":material/account_tree:",
        query_params={"arch": name},
    )
    return NetworkAndImage(subject, picture)


def _given(subject: Subject) -> int | None:
    """Return the number of the picture that a link hands over, if it is of the network's data."""
    data = cached.learned_from(subject)
    return number_handed(st.query_params.get("picture", ""), data[0]) if data else None
