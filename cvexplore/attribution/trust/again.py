"""A question that is asked many times over: of other networks, of other images."""

from cvexplore.attribution import METHODS, Asked, method
from cvexplore.attribution.layers import with_layer
from cvexplore.plugins import Choice


def settled(asked: Asked, choice: Choice) -> tuple[Asked, Choice]:
    """Return a question and its method with all settled that a method would settle each time.

    The layer is named, so that it stays when the network or the image changes, and steps are not
    doubled until a sum is right: a network that forgot what it learned may need any number.

    Raises:
        LayerError: no layer lies on a grid of the image, or there is no score a class.
    """
    options = dict(choice.options)
    if "tolerance" in {option.name for option in METHODS.options(choice.name)}:
        options["tolerance"] = 0.0
    return with_layer(asked, method(choice)), Choice(choice.name, options)
