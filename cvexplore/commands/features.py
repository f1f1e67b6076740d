"""``cvexplore features``: what a layer makes of an image."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cvexplore.commands.words import command, named, print_rows, takes_name
from cvexplore.errors import ImageError, OptionError

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image


def add(commands: Any) -> None:
    """Describe the command."""
    parser = command(commands, "features", features)
    takes_name(parser)
    parser.add_argument("image", help="a file, or the name of a sample photo such as coffee")
    parser.add_argument("--layer", required=True, metavar="PATH")
    parser.add_argument(
        "--weights", default="random", help="random, bundled, pretrained, run:ID or a file"
    )
    parser.add_argument("--out", required=True, metavar="FILE", help=".npz or .png")


def features(chosen: argparse.Namespace) -> None:
    """Write what a layer makes of an image, and say what the network sees in it."""
    import torch

    from cvexplore import catalog, images
    from cvexplore.interpret.activations import as_maps, capture
    from cvexplore.interpret.predictions import predictions

    out = Path(chosen.out)
    if out.suffix not in (".npz", ".png"):
        raise OptionError(f"--out must end in .npz or .png, not {out.name!r}.")
    name = named(chosen)
    if (task := catalog.find(name).task) != "classification":
        raise OptionError(f"{name} is a network for {task}; features takes classifiers.")
    torch.set_num_threads(1)
    image = images.prepare(_read(chosen.image), catalog.preparation(name, chosen.weights))
    model = catalog.build(name, weights=chosen.weights, on_progress=_show_progress).eval()
    seen = capture(model, image, [chosen.layer])
    found = as_maps(seen, chosen.layer, model)
    _write(found.maps.numpy(), out)
    labels = catalog.labels(name, chosen.weights)
    top = [
        {"label": each.label, "probability": round(each.probability, 6)}
        for each in predictions(seen.output, labels)
    ]
    if chosen.json:
        print(json.dumps({"layer": found.layer, "shape": found.shape, "top": top}))
        return
    if chosen.weights == "random":
        print("The weights are random: the classes mean nothing, the maps show structure only.")
    print(f"{found.layer}: {' × '.join(map(str, found.shape))}, written to {out}")
    print_rows(top, False)


def _read(path: str) -> "Image":
    from cvexplore import images

    if path in images.SAMPLES:
        return images.sample_image(path)
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ImageError(f"{path} cannot be read: {error.strerror}.") from None
    return images.load_image(data)


def _write(maps: "np.ndarray", out: Path) -> None:
    import numpy as np

    from cvexplore.figures.sheet import sheet

    try:
        if out.suffix == ".npz":
            np.savez_compressed(out, maps=maps)
        else:
            out.write_bytes(sheet(maps).png)
    except OSError as error:
        raise OptionError(f"{out} cannot be written: {error.strerror}.") from None


def _show_progress(done: int, whole: int) -> None:
    share = f"{done / whole:4.0%}" if whole else ""
    end = "\n" if done == whole else "\r"
    print(f"downloading {done / 1e6:,.1f} MB {share}", end=end, file=sys.stderr)
