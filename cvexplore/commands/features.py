"""``cvexplore features``: what a layer, or every layer, makes of an image."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cvexplore.commands.looking import read_picture, show_download, takes_picture
from cvexplore.commands.words import command, named, print_rows, takes_name
from cvexplore.errors import OptionError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from cvexplore.interpret.dense import Answer

_TASKS = ("classification", "detection", "segmentation")
_MOST_ROWS = 5  # of an answer


def add(commands: Any) -> None:
    """Describe the command."""
    parser = command(commands, "features", features)
    takes_name(parser)
    takes_picture(parser)
    parser.add_argument(
        "--layer", required=True, metavar="PATH", help='such as layer1.0, or "all" for every module'
    )
    parser.add_argument("--out", required=True, metavar="FILE", help=".npz, or .png of one layer")


def features(chosen: argparse.Namespace) -> None:
    """Write what a layer makes of an image, and say what the network sees in it."""
    import torch

    from cvexplore import catalog, images
    from cvexplore.interpret.dense import decode

    out = _out(chosen)
    name = named(chosen)
    if (task := catalog.find(name).task) not in _TASKS:
        raise OptionError(
            f"{name} is a network for {task}; features takes those for {', '.join(_TASKS)}."
        )
    torch.set_num_threads(1)
    image = images.prepare(read_picture(chosen.image), catalog.preparation(name, chosen.weights))
    model = catalog.build(name, weights=chosen.weights, on_progress=show_download).eval()
    write = _all_layers if chosen.layer == "all" else _one_layer
    try:
        output, about = write(model, image, name, chosen, out)
    except OSError as error:
        raise OptionError(f"{out} cannot be written: {error.strerror}.") from None
    sides = (image.shape[-2], image.shape[-1])
    rows = _rows(decode(output, catalog.labels(name, chosen.weights), task, sides))
    if chosen.json:
        print(json.dumps({**about, "top": rows}))
        return
    if chosen.weights == "random":
        print("The weights are random: what it sees means nothing, the maps show structure only.")
    print(f"{_what(about)}, written to {out}")
    print_rows(rows, False, "It finds nothing.")


def _out(chosen: argparse.Namespace) -> Path:
    out = Path(chosen.out)
    if out.suffix not in (".npz", ".png"):
        raise OptionError(f"--out must end in .npz or .png, not {out.name!r}.")
    if out.suffix == ".png" and chosen.layer == "all":
        raise OptionError("All layers do not fit on one picture; let --out end in .npz.")
    return out


# ------------------------------------------------------------------ writing

Written = tuple[Any, dict[str, Any]]  # what the network returned, and what was written


def _one_layer(
    model: "nn.Module", image: "Tensor", name: str, chosen: argparse.Namespace, out: Path
) -> Written:
    from cvexplore.export.arrays import array_file, facts
    from cvexplore.figures.sheet import sheet
    from cvexplore.interpret.activations import as_maps, capture

    seen = capture(model, image, [chosen.layer])
    found = as_maps(seen, chosen.layer, model)
    if out.suffix == ".png":
        out.write_bytes(sheet(found.maps.numpy()).png)
    else:
        with array_file(out) as file:
            file.add("maps", found.maps.numpy())
            if len(found.extra):
                file.add("extra", found.extra.numpy())
            file.add_about({**facts(name, chosen.weights, {}, chosen.layer), "note": found.note})
    return seen.output, {"layer": found.layer, "shape": found.shape}


def _all_layers(
    model: "nn.Module", image: "Tensor", name: str, chosen: argparse.Namespace, out: Path
) -> Written:
    from cvexplore.export.arrays import array_file, facts
    from cvexplore.interpret.every_layer import Call, every_layer

    count = sum(1 for _ in model.modules()) - 1
    seen: set[str] = set()
    notes: dict[str, str] = {}
    arrays = 0

    def receive(call: Call) -> None:
        nonlocal arrays
        for key, values in call.arrays():
            file.add(key, values.numpy())
            arrays += 1
        if call.note:
            notes[call.key] = call.note
        seen.add(call.layer)
        print(f"{len(seen):,} of {count:,} layers", end="\r", file=sys.stderr)

    with array_file(out) as file:
        output, _ = every_layer(model, image, receive)
        file.add_about({**facts(name, chosen.weights, {}), "notes": notes})
    print(file=sys.stderr)
    return output, {"layer": "all", "arrays": arrays}


# ------------------------------------------------------------------ saying


def _what(about: dict[str, Any]) -> str:
    if "arrays" in about:
        return f"{about['arrays']:,} arrays of all layers"
    return f"{about['layer']}: {' × '.join(map(str, about['shape']))}"


def _rows(answer: "Answer") -> Sequence[dict[str, Any]]:
    """Return the first lines of what the network says: classes, boxes, or classes of pixels."""
    from cvexplore.interpret.dense import Boxes, Segmentation

    if isinstance(answer, Boxes):
        edges = ("left", "top", "right", "bottom")
        return [
            {
                "label": each.label,
                "score": round(each.score, 6),
                **{edge: round(at, 1) for edge, at in zip(edges, each.corners, strict=True)},
            }
            for each in answer.found[:_MOST_ROWS]
        ]
    if isinstance(answer, Segmentation):
        return [
            {"label": answer.names[index], "share": round(answer.shares[index], 6)}
            for index in answer.present()[:_MOST_ROWS]
        ]
    return [{"label": each.label, "probability": round(each.probability, 6)} for each in answer]
