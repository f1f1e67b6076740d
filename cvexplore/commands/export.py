"""``cvexplore export``: a network as code, ONNX, weights or a design."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from cvexplore.commands.words import (
    command,
    named,
    read_options,
    reader,
    takes_name,
    takes_options,
)
from cvexplore.errors import OptionError
from cvexplore.plugins import Option, Range

_WHAT = {
    "code": "PyTorch code",
    "onnx": "ONNX",
    "safetensors": "safetensors weights",
    "design": "a design",
}
_SEED = Option("seed", int, 0, Range(0, 2**32 - 1))


def add(commands: Any) -> None:
    """Describe the command."""
    parser = command(commands, "export", export)
    takes_name(parser)
    parser.add_argument("--to", required=True, choices=tuple(_WHAT))
    parser.add_argument("--out", required=True, metavar="FILE")
    parser.add_argument(
        "--weights",
        default="random",
        help="random, bundled, pretrained, run:ID or a file; a run's bring their options",
    )
    parser.add_argument(
        "--seed", type=reader(_SEED), default=_SEED.default, help="of random weights (default 0)"
    )
    takes_options(parser)


def export(chosen: argparse.Namespace) -> None:
    """Write a network to a file: PyTorch code, ONNX, safetensors weights or a design."""
    from cvexplore import catalog

    name, out = named(chosen), Path(chosen.out)
    options = read_options(catalog.options(name), chosen.option)
    options = {**catalog.origin_options(name, chosen.weights), **options}
    if not out.parent.is_dir() or out.is_dir():
        raise OptionError(f"{out} cannot be written: its folder does not exist, or it is one.")
    said: dict[str, Any] = {"name": name, "to": chosen.to, "out": str(out)}
    try:
        if chosen.to in ("code", "design"):
            out.write_text(_text(chosen.to, name, options), encoding="utf-8")
        else:
            said |= _write_network(chosen, name, options, out)
    except OSError as error:
        raise OptionError(f"{out} cannot be written: {error.strerror}.") from None
    said["bytes"] = out.stat().st_size
    print(json.dumps(said) if chosen.json else _sentence(said))


def _text(to: str, name: str, options: dict[str, Any]) -> str:
    from cvexplore.export import code, design

    return (code if to == "code" else design)(name, options)


def _write_network(
    chosen: argparse.Namespace, name: str, options: dict[str, Any], out: Path
) -> dict[str, Any]:
    """Write a network with its weights and return what is to be said of it."""
    import torch

    from cvexplore import catalog, export

    torch.manual_seed(chosen.seed)
    show = (lambda told: None) if chosen.json or not sys.stderr.isatty() else _show
    model = catalog.build(
        name,
        weights=chosen.weights,
        on_progress=lambda done, whole: show(f"downloading {done / 1e6:,.0f} MB"),
        **options,
    ).eval()
    origin = export.origin(name, chosen.weights, options)
    said = {"weights": chosen.weights}
    if chosen.weights == "random":
        said["seed"] = chosen.seed
    if chosen.to == "safetensors":
        export.save_safetensors(model, origin, out)
        return said
    made = export.save_onnx(
        model, origin, out, on_progress=lambda stage, seconds: show(f"{stage}, {seconds:.0f} s")
    )
    show("")
    return {**said, "opset": made.opset, "any_batch": made.any_batch}


def _show(told: str) -> None:
    """Tell how far it is, in place of what was told before."""
    print(f"\r\x1b[K{told}", end="", file=sys.stderr, flush=True)


def _sentence(said: dict[str, Any]) -> str:
    line = (
        f"{said['name']} as {_WHAT[said['to']]}, {said['bytes']:,} bytes, written to {said['out']}."
    )
    if "opset" in said:
        size = "batches of any size" if said["any_batch"] else "one image at a time"
        line += f" It needs ONNX operator set {said['opset']} and takes {size}."
    if "seed" in said:
        line += f" Its weights are random, drawn from seed {said['seed']}."
    return line
