"""One layer: all its channels on a sheet, and the picked one large."""

from cvexplore.ui import cached
from cvexplore.ui.features import Looking, channels


def show(looking: Looking) -> None:
    """Draw the layer's channels."""
    subject, picture = looking.subject, looking.picture
    found = cached.look(subject, picture.image, picture.fingerprint, looking.layer)
    channels.show(found.maps, subject.name, looking.layer)
