"""torchinfo's own rendering of an architecture, for who knows it by that."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cvexplore.catalog.build import build, example
from cvexplore.errors import TraceError

_COLUMNS = ("input_size", "output_size", "num_params", "mult_adds", "trainable")


@dataclass(frozen=True)
class TorchinfoView:
    """What torchinfo says of a network: its table as it prints it, and two of its sums."""

    text: str
    parameters: int
    macs: int


def torchinfo_view(name: str, options: Mapping[str, Any], depth: int = 3) -> TorchinfoView:
    """Return what ``torchinfo.summary`` prints of an architecture, built without its memory.

    Its shapes and parameters are ours. Its multiply-adds are less where a network attends, for it
    sees modules only, and no products between them.

    Args:
        name: the architecture.
        options: those it is built with.
        depth: how many levels to tell apart.

    Raises:
        UnknownName, OptionError, BuildError: as ``build`` does.
        TraceError: torchinfo cannot show this network.

    Source: https://github.com/TylerYep/torchinfo
    """
    import torchinfo

    model = build(name, device="meta", **options).eval()
    try:
        shown = torchinfo.summary(
            model,
            input_data=list(example(name, **options)),
            device="meta",
            depth=depth,
            col_names=_COLUMNS,
            row_settings=("depth", "var_names"),
            verbose=0,
        )
        return TorchinfoView(str(shown), shown.total_params, shown.total_mult_adds)
    except Exception as error:  # whatever it finds in a network it was not made for
        reason = str(error.__cause__ or error).strip().partition("\n")[0] or type(error).__name__
        raise TraceError(f"torchinfo cannot show {name}: {reason}") from error
