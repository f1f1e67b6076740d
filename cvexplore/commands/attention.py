"""``cvexplore attention``: what the tokens of a network look at, and proof that they do."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cvexplore.commands.looking import read_picture, show_download, takes_picture
from cvexplore.commands.words import command, named, print_rows, takes_name
from cvexplore.errors import OptionError

if TYPE_CHECKING:
    from PIL.Image import Image

    from cvexplore.attention import AttentionLayer, Locations, Recording

_COLUMNS = ("path", "heads", "queries", "keys", "row_sum_error", "reconstruction_error")


def add(commands: Any) -> None:
    """Describe the command."""
    parser = command(commands, "attention", attention)
    takes_name(parser)
    takes_picture(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--layer", metavar="PATH", help="only this layer")
    what.add_argument("--rollout", action="store_true", help="all layers as one map of the image")
    parser.add_argument(
        "--out", required=True, metavar="FILE", help=".npz of weights and places, or .png"
    )


def attention(chosen: argparse.Namespace) -> None:
    """Write what each layer of a network looks at, and how exactly its output follows from it."""
    import torch

    from cvexplore import catalog, images
    from cvexplore.attention import locate, record

    out = _out(chosen)
    name = named(chosen)
    torch.set_num_threads(1)
    preparation = catalog.preparation(name, chosen.weights)
    picture = read_picture(chosen.image)
    image = images.prepare(picture, preparation)
    (example,) = catalog.example(name, **catalog.origin_options(name, chosen.weights))
    if example.dim() == 5:
        image = images.still_clip(image, example.shape[2])
    model = catalog.build(name, weights=chosen.weights, on_progress=show_download).eval()
    model.requires_grad_(False)
    locations = locate(model, image)
    recording = record(model, image, locations=locations, layers=_names(locations, chosen.layer))
    try:
        _write(recording, images.crop(picture, preparation), chosen, name, out)
    except OSError as error:
        raise OptionError(f"{out} cannot be written: {error.strerror}.") from None
    rows = [_row(layer) for layer in recording.layers]
    if chosen.json:
        print(json.dumps({"layers": rows, "left_out": recording.left_out}))
        return
    if chosen.weights == "random":
        print("The weights are random: the maps show structure, nothing learned.")
    print_rows([{key: _rounded(row[key]) for key in _COLUMNS} for row in rows], False, "")
    if recording.left_out:
        print(f"{len(recording.left_out)} layers are left out for memory; ask for them by --layer.")
    print(f"written to {out}")


def _out(chosen: argparse.Namespace) -> Path:
    out = Path(chosen.out)
    if out.suffix not in (".npz", ".png"):
        raise OptionError(f"--out must end in .npz or .png, not {out.name!r}.")
    if out.suffix == ".png" and not (chosen.layer or chosen.rollout):
        raise OptionError("A picture is of one --layer PATH, or of --rollout; all fit on .npz.")
    return out


def _names(locations: "Locations", path: str | None) -> list[str] | None:
    """Return the names of a module's attentions; None for all there are."""
    if path is None:
        return None
    return [each.name for each in locations.values() if path in (each.path, each.name)] or [path]


def _row(layer: "AttentionLayer") -> dict[str, Any]:
    windows, heads, queries, keys = layer.weights.shape
    return {
        "path": layer.name,
        "kind": layer.kind,
        "windows": windows,
        "heads": heads,
        "queries": queries,
        "keys": keys,
        "row_sum_error": layer.row_sum_error,
        "reconstruction_error": layer.reconstruction_error,
        "stitched_error": layer.stitched_error,
    }


def _rounded(value: Any) -> Any:
    return f"{value:.0e}" if isinstance(value, float) else value


def _write(
    recording: "Recording", square: "Image", chosen: argparse.Namespace, name: str, out: Path
) -> None:
    if chosen.rollout:
        _write_rollout(recording, square, out)
    elif out.suffix == ".png":
        from cvexplore.figures.sheet import sheet

        out.write_bytes(sheet(_maps(recording.layers[0])).png)
    else:
        from cvexplore.export.arrays import array_file, facts

        with array_file(out) as file:
            for layer in recording.layers:
                file.add(f"{layer.name}/weights", layer.weights.numpy())
                if layer.places is not None:
                    file.add(f"{layer.name}/queries", layer.places.queries.numpy())
                    file.add(f"{layer.name}/keys", layer.places.keys.numpy())
            file.add_about(facts(name, chosen.weights, {}))


def _write_rollout(recording: "Recording", square: "Image", out: Path) -> None:
    from cvexplore.attention.rollout import rollout
    from cvexplore.figures.overlay import heat_over

    rolled = rollout(recording).map.numpy()
    if out.suffix == ".png":
        large = square.convert("RGB").resize((448, 448))
        out.write_bytes(heat_over(large, rolled, colours="magma", clear_zero=True))
    else:
        from cvexplore.export.arrays import array_file

        with array_file(out) as file:
            file.add("rollout", rolled)


def _maps(layer: "AttentionLayer") -> Any:
    """Return where each head looks: its weights on the places, averaged over all queries.

    Shape: (heads, rows, columns); of attention that is not over places, (heads, Q, K)
    """
    import torch

    if layer.kind != "spatial":
        return layer.weights.flatten(0, 1).numpy()
    places = layer.on_image
    rows, columns = places.key_grid
    maps = torch.zeros(layer.heads, rows * columns)
    for window, keys in zip(layer.weights.mean(2), places.keys, strict=True):
        maps.index_add_(1, keys[keys >= 0], window[:, keys >= 0])
    return maps.view(-1, rows, columns).numpy()
