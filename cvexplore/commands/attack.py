"""``cvexplore attack``: how little of an image has to change for the network to change its mind."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cvexplore.commands.classes import class_number
from cvexplore.commands.looking import read_picture, show_download, takes_picture
from cvexplore.commands.words import command, named, read_options, takes_name, takes_options
from cvexplore.errors import OptionError

if TYPE_CHECKING:
    from torch import Tensor

    from cvexplore.attribution import Asked
    from cvexplore.plugins import Choice
    from cvexplore.robustness import Attacked, Search

_EPSILON = 4.0  # of one attack
_MOST = 32.0  # of a search


def add(commands: Any) -> None:
    """Describe the command."""
    parser = command(commands, "attack", attack)
    takes_name(parser)
    takes_picture(parser)
    parser.add_argument("--method", default="pgd", help="pgd (many steps) or fgsm (one step)")
    takes_options(parser)
    parser.add_argument(
        "--epsilon",
        type=float,
        metavar="STEPS",
        help=f"no pixel changes by more, in steps of 255: {_EPSILON:g} if not given; "
        f"with --smallest the largest tried, {_MOST:g} if not given",
    )
    parser.add_argument("--target", help="the class to be taken for: a name or number; else any")
    parser.add_argument(
        "--smallest", action="store_true", help="find the smallest epsilon that is enough"
    )
    parser.add_argument(
        "--out", metavar="FILE.png", help="the changed image, rounded to eight bits"
    )


def attack(chosen: argparse.Namespace) -> None:
    """Change an image by a little so that the network takes it for something else."""
    from cvexplore import catalog
    from cvexplore.plugins import Choice
    from cvexplore.robustness import ATTACKS

    out = _out(chosen.out)
    name = named(chosen)
    if (task := catalog.find(name).task) != "classification":
        raise OptionError(f"{name} is a network for {task}; attack takes classifiers.")
    options = read_options(ATTACKS.options(chosen.method), chosen.option)
    asked = _question(chosen, name)
    labels = catalog.labels(name, chosen.weights)
    attacked, search = _made(asked, Choice(chosen.method, options), chosen, labels)
    if out:
        _write(attacked.picture, out)
    said = {"network": name, "weights": chosen.weights, **_said(attacked, search, labels)}
    if chosen.json:
        print(json.dumps(said))
    else:
        _tell(said, out)


def _out(typed: str | None) -> Path | None:
    if typed is None:
        return None
    if Path(typed).suffix != ".png":
        raise OptionError(f"--out must end in .png, not {Path(typed).name!r}.")
    return Path(typed)


def _question(chosen: argparse.Namespace, name: str) -> "Asked":
    import torch

    from cvexplore import catalog, images
    from cvexplore.attribution import Asked

    torch.set_num_threads(1)
    preparation = catalog.preparation(name, chosen.weights)
    image = images.prepare(read_picture(chosen.image), preparation)
    model = catalog.build(name, weights=chosen.weights, on_progress=show_download).eval()
    model.requires_grad_(False)
    return Asked(model, image, 0, preparation.mean, preparation.std)


def _made(
    asked: "Asked", choice: "Choice", chosen: argparse.Namespace, labels: Sequence[str]
) -> "tuple[Attacked, Search | None]":
    """Return the attack to tell of; of a search also what it tried.

    Where no epsilon is enough, that is the attack of the largest one.
    """
    from cvexplore import robustness

    towards = None
    if chosen.target is not None:
        towards = class_number(chosen.target, labels, robustness.classes(asked))
    if not chosen.smallest:
        epsilon = _EPSILON if chosen.epsilon is None else chosen.epsilon
        return robustness.attack(asked, choice, epsilon, towards=towards), None
    most = _MOST if chosen.epsilon is None else chosen.epsilon
    search = robustness.Search()
    for search in robustness.smallest_epsilon(asked, choice, most=most, towards=towards):
        if sys.stderr.isatty():
            print(f"epsilon {search.tries[-1].epsilon:g}    ", end="\r", file=sys.stderr)
    return search.found or search.tries[-1], search


def _write(picture: "Tensor", out: Path) -> None:
    from PIL import Image

    array = picture.permute(1, 2, 0).numpy()
    try:
        Image.fromarray(array.squeeze(-1) if array.shape[-1] == 1 else array).save(out)
    except OSError as error:
        raise OptionError(f"{out} cannot be written: {error.strerror}.") from None


def _said(attacked: "Attacked", search: "Search | None", labels: Sequence[str]) -> dict[str, Any]:
    names = dict(enumerate(labels))
    before, after, saved = attacked.probabilities()

    def of(index: int, probabilities: "Tensor") -> dict[str, Any]:
        label = names.get(index, f"class {index}")
        return {
            "index": index,
            "label": label,
            "probability": round(float(probabilities[index]), 6),
        }

    found = {
        "method": attacked.method.name,
        "options": dict(attacked.method.options),
        "epsilon": attacked.epsilon,
        "before": of(attacked.label_before, before),
        "after": of(attacked.label_after, after),
        "saved": of(attacked.label_saved, saved),
        "kept": of(attacked.label_before, after)["probability"],
        "flipped": attacked.flipped,
        "succeeded": attacked.succeeded,
        "survives": attacked.survives,
        "distance": round(attacked.distance, 6),
        "seconds": round(attacked.seconds, 3),
        "passes": attacked.passes,
    }
    if attacked.towards is not None:
        found["towards"] = of(attacked.towards, after)
    if search is not None:
        found["smallest"] = search.found.epsilon if search.found else None
        found["tried"] = [each.epsilon for each in search.tries]
        found["seconds"] = round(sum(each.seconds for each in search.tries), 3)
        found["passes"] = sum(each.passes for each in search.tries)
    return found


def _tell(said: dict[str, Any], out: Path | None) -> None:
    if said["weights"] == "random":
        print("The weights are random: the network has learned nothing that could be defended.")
    before, after = said["before"], said["after"]
    if "smallest" in said:
        print(_smallest(said))
    print(f"before  {before['label']} ({before['probability']:.1%})")
    print(f"after   {after['label']} ({after['probability']:.1%})")
    if said["flipped"]:
        print(f"The prediction changed; {before['label']} keeps {said['kept']:.1%}.")
    else:
        print("The prediction did not change.")
    if "towards" in said and not said["succeeded"]:
        aim = said["towards"]
        print(f"It is not taken for {aim['label']} ({aim['probability']:.1%}).")
    if said["succeeded"]:
        again = "that stays so" if said["survives"] else f"it is {said['saved']['label']}"
        print(f"Rounded to eight bits, as a picture file is, {again}.")
    print(
        f"{said['method']}, largest change of a pixel {said['distance']:g} of 255, "
        f"{said['passes']} images through the network, {said['seconds']:.2f} s"
    )
    if out:
        print(f"written to {out}")


def _smallest(said: dict[str, Any]) -> str:
    tried = len(said["tried"])
    if said["smallest"] is None:
        return f"No epsilon up to {max(said['tried']):g} is enough; the largest one did this:"
    return f"The smallest of {tried} epsilons tried that is enough is {said['smallest']:g}:"
