"""Names for the tokens that stand for no place of the image."""

from torch import Tensor, nn

from cvexplore.attention.records import TOKEN
from cvexplore.interpret.activations import object_queries


def token_names(model: nn.Module, places: Tensor) -> tuple[str, ...]:
    """Return a name for each token of no place, in their order in the first window that has any.

    Args:
        model: the network, whose attributes tell how many class tokens and registers it has.
        places: Shape: (windows, tokens)
    """
    count = int((places == TOKEN).sum(1).max())
    if count == object_queries(model):
        return tuple(f"object query {number + 1}" for number in range(count))
    names = ("class token",) if _has_class_token(model) else ()
    registers = getattr(model, "num_reg_tokens", 0) or getattr(model, "num_prefix_tokens", 0)
    registers = max(registers - (0 if hasattr(model, "num_reg_tokens") else len(names)), 0)
    names += tuple(f"register {number + 1}" for number in range(registers))
    if count == len(names):
        return names
    if count == 1:
        return ("class token",) if _has_class_token(model) else ("learned query",)
    return tuple(f"token {number + 1}" for number in range(count))


def _has_class_token(model: nn.Module) -> bool:
    """Say whether the network has a class token, as timm, torchvision or we call it."""
    tokens = (getattr(model, name, None) for name in ("class_token", "cls_token"))
    return any(token is not None for token in tokens)
