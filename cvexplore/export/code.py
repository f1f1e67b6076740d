"""Any network of the catalog as text: plain PyTorch code, or the JSON of a design."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cvexplore import catalog, plugins
from cvexplore.catalog import designed_models
from cvexplore.designs import Design, to_json
from cvexplore.errors import ExportError


def code(name: str, options: Mapping[str, Any] | None = None) -> str:
    """Return a Python file whose ``build()`` returns the network that ``catalog.build`` does.

    Its tensors have the same names and shapes, so that weights fit both.

    Raises:
        UnknownName: no such architecture or option.
        OptionError: an option's value is not allowed.
        BuildError, DesignError: with these options, there is no network.
    """
    chosen = _checked(name, options)
    shelf, _, model = name.partition("/")
    if shelf == "design":
        from cvexplore.designs.code import source

        return source(replace(designed_models.design(model), **chosen))
    if shelf == "cvexplore":
        from cvexplore.export import readable

        return readable.script(model, chosen).text(name, chosen)
    from cvexplore.export import libraries

    of_library = libraries.of_timm if shelf == "timm" else libraries.of_torchvision
    return of_library(model, chosen).text(name, chosen)


def design(name: str, options: Mapping[str, Any] | None = None) -> str:
    """Return the JSON of a design that makes the same network.

    Raises:
        UnknownName: no such architecture or option.
        OptionError: an option's value is not allowed.
        ExportError: the network is no list of layers.
    """
    return to_json(_as_design(name, _checked(name, options)))


def has_design(name: str) -> bool:
    """Say whether a network can be had as a design."""
    return name.startswith(("design/", "cvexplore/"))


def _as_design(name: str, chosen: Mapping[str, Any]) -> Design:
    shelf, _, model = name.partition("/")
    if shelf == "design":
        return replace(designed_models.design(model), **chosen)
    if not has_design(name):
        raise ExportError(
            f"{name} is not a list of layers but {shelf}'s own code; designs and the readable "
            "builders (cvexplore/…) can be had as a design, everything as code."
        )
    from cvexplore.designs.starts import start

    side = chosen.get("image_size")
    own = {option.name for option in plugins.options(_builder(model))}
    made = start(model, **{key: value for key, value in chosen.items() if key in own})
    return replace(made, image_size=side) if side else made


def _builder(name: str) -> Any:
    from cvexplore.architectures import BUILDERS

    return BUILDERS[name]


def _checked(name: str, options: Mapping[str, Any] | None) -> dict[str, Any]:
    return plugins.check(name, catalog.options(name), options or {})
