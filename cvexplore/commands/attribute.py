"""``cvexplore attribute``: which pixels decided, and what the map is worth."""

import argparse
import json
import re
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cvexplore.commands.classes import class_number
from cvexplore.commands.looking import read_picture, show_download, takes_picture
from cvexplore.commands.words import command, named, read_options, takes_name, takes_options
from cvexplore.errors import OptionError

if TYPE_CHECKING:
    from PIL.Image import Image

    from cvexplore.attribution import Asked
    from cvexplore.attribution.account import Account
    from cvexplore.interpret.predictions import Prediction
    from cvexplore.plugins import Choice

_SUFFIXES = (".png", ".npz", ".html")


class _Methods(argparse.Action):
    """Lists the methods, as ``--help`` shows help; only then is torch imported."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from cvexplore.attribution import METHODS

        for name in METHODS:
            print(f"{name}: {METHODS.summary(name)}")
            for option in METHODS.options(name):
                print(f"    {option.name}={option.default}  {option.help}")
        parser.exit()


def add(commands: Any) -> None:
    """Describe the command."""
    parser = command(commands, "attribute", attribute)
    takes_name(parser)
    takes_picture(parser)
    parser.add_argument("--method", required=True, help="such as saliency; --methods lists them")
    parser.add_argument(
        "--methods", action=_Methods, nargs=0, help="list the methods and their options, and exit"
    )
    takes_options(parser)
    parser.add_argument("--target", help="a class's name or number; by default the likeliest")
    parser.add_argument("--layer", metavar="PATH", help="for methods that ask about a layer")
    parser.add_argument(
        "--sign",
        default="positive",
        choices=("positive", "negative", "both", "absolute"),
        help="what a picture shows: what speaks for the class, against it, both, or their sizes",
    )
    parser.add_argument(
        "--out", required=True, metavar="FILE", help=".png, .npz of the numbers, or .html to read"
    )


def attribute(chosen: argparse.Namespace) -> None:
    """Write which pixels of an image decided for a class, and say what the map is worth."""
    from cvexplore import attribution, catalog
    from cvexplore.attribution.account import account
    from cvexplore.attribution.structure import structure

    out = Path(chosen.out)
    if out.suffix not in _SUFFIXES:
        raise OptionError(f"--out must end in {' or '.join(_SUFFIXES)}, not {out.name!r}.")
    name = named(chosen)
    if (task := catalog.find(name).task) != "classification":
        raise OptionError(f"{name} is a network for {task}; attribute takes classifiers.")
    choice = _choice(chosen)
    picture = read_picture(chosen.image)
    asked, label, said = _question(chosen, name, picture)
    told = account(asked, attribution.attribute(asked, choice), label, structure(asked))
    try:
        _write(told, chosen, name, picture, said, out)
    except OSError as error:
        raise OptionError(f"{out} cannot be written: {error.strerror}.") from None
    if chosen.json:
        print(json.dumps({"network": name, "weights": chosen.weights, **told.settings}))
    else:
        _tell(told, chosen.weights, out)


# ------------------------------------------------------------------ reading what was asked


def _choice(chosen: argparse.Namespace) -> "Choice":
    """Return the method with its options; its name may be written with any case and hyphens.

    Raises:
        UnknownName: no such method or option.
        OptionError: a value that is not allowed, or a layer for a method that asks about pixels.
    """
    from cvexplore.attribution import METHODS, method
    from cvexplore.plugins import Choice

    bare: dict[str, str] = {_bare(name): name for name in METHODS}
    typed: str = chosen.method
    name = bare.get(_bare(typed), typed)
    choice = Choice(name, read_options(METHODS.options(name), chosen.option))
    if chosen.layer and not method(choice).of_layer:
        raise OptionError(f"{name} asks about pixels, not about a layer; leave --layer out.")
    return choice


def _bare(name: str) -> str:
    return re.sub(r"[\W_]+", " ", name.replace("×", "x")).strip().lower()


def _question(
    chosen: argparse.Namespace, name: str, picture: "Image"
) -> "tuple[Asked, str, tuple[Prediction, ...]]":
    """Return the question, the name of its class, and what the network says of the image."""
    import torch

    from cvexplore import catalog, images
    from cvexplore.attribution import Asked
    from cvexplore.attribution.asked import Passes, scores_of
    from cvexplore.interpret.predictions import predictions

    torch.set_num_threads(1)
    preparation = catalog.preparation(name, chosen.weights)
    image = images.prepare(picture, preparation)
    model = catalog.build(name, weights=chosen.weights, on_progress=show_download).eval()
    model.requires_grad_(False)
    with torch.no_grad():
        scores = scores_of(model(image.clone()))
    labels = catalog.labels(name, chosen.weights)
    said = predictions(scores, labels)
    target = (
        class_number(chosen.target, labels, scores.shape[1]) if chosen.target else said[0].index
    )
    asked = Asked(model, image, target, preparation.mean, preparation.std, chosen.layer or "")
    label = dict(enumerate(labels)).get(target, f"class {target}")
    return asked.of(passes=Passes(_show)), label, said


# ------------------------------------------------------------------ saying and writing


def _show(images: int) -> None:
    """Print how far it is, to a person."""
    if sys.stderr.isatty():
        print(f"{images:,} images through the network", end="\r", file=sys.stderr)


def _tell(told: "Account", weights: str, out: Path) -> None:
    if weights == "random":
        print("The weights are random: the map shows structure, nothing learned.")
    layer = f" of {told.layer}" if told.layer else ""
    found = told.explanation
    print(f"{told.name}{layer} for {told.label} (class {found.target}, {told.probability:.1%})")
    images = "1 image" if found.passes == 1 else f"{found.passes:,} images"
    print(f"{images} through the network, {found.seconds:.2f} s")
    for sentence in told.sentences:
        print(sentence)
    print(f"written to {out}")


def _write(
    told: "Account",
    chosen: argparse.Namespace,
    name: str,
    picture: "Image",
    said: "tuple[Prediction, ...]",
    out: Path,
) -> None:
    if out.suffix == ".npz":
        from cvexplore.export.explanations import save

        save({"values": told}, out, name, chosen.weights)
        return
    from cvexplore import catalog, images
    from cvexplore.figures.explanation import explanation_over

    preparation = catalog.preparation(name, chosen.weights)
    square = images.crop(picture, preparation)
    if out.suffix == ".png":
        out.write_bytes(explanation_over(square, told.explanation, sign=chosen.sign))
        return
    from cvexplore.export.arrays import facts
    from cvexplore.figures.explanation_report import Report, report

    page = Report(
        network=name,
        weights=chosen.weights,
        image=Path(chosen.image).name,
        file=chosen.image,
        square=square,
        preparation=preparation,
        predictions=said,
        maps=(told,),
        refused=(),
        versions=facts(name, chosen.weights, {})["versions"],
        made=datetime.now().astimezone(),
    )
    out.write_text(report(page, sign=chosen.sign), encoding="utf-8")
