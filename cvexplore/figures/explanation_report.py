"""One page of HTML that tells what has been explained: maps, settings, and what they are worth.

Whatever a person may have written, names of classes and files among it, is escaped.
"""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING

from cvexplore.figures.explanation import ENDS, explanation_alone, explanation_over, legend
from cvexplore.figures.page import fact_list, figure, page, uri
from cvexplore.figures.pictures import enlarged, png

if TYPE_CHECKING:
    from PIL.Image import Image

    from cvexplore.attribution.account import Account
    from cvexplore.attribution.explanation import Sign
    from cvexplore.images import Preparation
    from cvexplore.interpret.predictions import Prediction


@dataclass(frozen=True)
class Report:
    """What a page tells; all of it may be a person's own words.

    Args:
        network: its name in the catalog.
        weights: where its numbers are from.
        image: the picture's name.
        file: what the command line is to read the picture from.
        square: what the network saw of it.
        preparation: how that was made of the picture.
        predictions: the likeliest classes, the likeliest first.
        maps: what has been explained.
        refused: what could not be: its name, and the sentence that says why.
        versions: of the libraries, by name.
        made: when.
    """

    network: str
    weights: str
    image: str
    file: str
    square: "Image"
    preparation: "Preparation"
    predictions: "Sequence[Prediction]"
    maps: "Sequence[Account]"
    refused: Sequence[tuple[str, str]]
    versions: Mapping[str, str]
    made: datetime

    @property
    def is_random(self) -> bool:
        """Whether the network has learned nothing."""
        return self.weights == "random"


def report(
    told: Report, *, strength: float = 0.7, sign: "Sign" = "positive", clip: float = 99
) -> str:
    """Return the page.

    Args:
        told: what it tells.
        strength: how much the strongest places cover of the picture.
        sign: what is drawn over it.
        clip: the percentile of sizes from which on places count as the strongest.
    """
    parts = (_head(told), _overview(told), *_maps(told, strength, sign, clip), _end(told))
    return page(f"Explanation of {told.network}", "\n".join(filter(None, parts)))


# ------------------------------------------------------------------ parts of the page


def _head(told: Report) -> str:
    weights = "random: nothing is learned" if told.is_random else told.weights
    facts = {
        "Network": told.network,
        "Weights": weights,
        "Image": told.image,
        "As the network saw it": _seen(told.preparation),
        "Made": f"{told.made:%d %B %Y, %H:%M}",
    }
    random = (
        '<p class="caution">The weights are random: the maps show the network\'s structure, '
        "nothing that it has learned.</p>"
    )
    return (
        f"<header><h1>Which pixels decided?</h1>{fact_list(facts)}"
        f"{random if told.is_random else ''}</header>"
    )


def _overview(told: Report) -> str:
    picture = figure(png(enlarged(told.square)), "The image as the network saw it", told.image)
    rows = "".join(
        f"<tr><td>{escape(each.label)}</td><td class=number>{each.probability:.1%}</td>"
        f'<td class=bar><span style="width:{100 * each.probability:.1f}%"></span></td></tr>'
        for each in told.predictions
    )
    said = f"<h2>What the network says</h2><table>{rows}</table>"
    return f'<section class="pair">{picture}<div>{said}{_table(told)}</div></section>'


def _table(told: Report) -> str:
    """Return all maps in a table, for a glance."""
    heads = ("Method", "Class", "Passes", "Seconds", "Sum off by")
    rows = "".join(
        f"<tr><td>{escape(each.name)}</td><td>{escape(each.label)}</td>"
        f"<td class=number>{each.explanation.passes:,}</td>"
        f"<td class=number>{each.explanation.seconds:.2f}</td>"
        f"<td class=number>{_off(each)}</td></tr>"
        for each in told.maps
    )
    above = "".join(f"<th>{each}</th>" for each in heads[:2])
    above += "".join(f"<th class=number>{each}</th>" for each in heads[2:])
    return f"<h2>What has been explained</h2><table><tr>{above}</tr>{rows}</table>"


def _off(told: "Account") -> str:
    whole = told.explanation.completeness
    if whole is None:
        return "–"
    return f"{whole.error:.1%}" if whole.decided else "undecided"


def _maps(told: Report, strength: float, sign: "Sign", clip: float) -> list[str]:
    keys = f"{_key(sign)}{_key('both') if sign != 'both' else ''}"
    how = (
        f"<p>Drawn at {strength:.0%} strength; places beyond the {clip:g}th percentile of sizes "
        f"count as the strongest.</p>"
    )
    drawn = []
    for each in told.maps:
        over = explanation_over(
            told.square, each.explanation, strength=strength, sign=sign, clip=clip
        )
        size = enlarged(told.square).size
        alone = explanation_alone(each.explanation, size, sign="both", clip=clip)
        drawn.append(_map(each, over, alone, _command(told, each)))
    return [f'<section class="keys"><h2>Maps</h2>{how}{keys}</section>', *drawn] if drawn else []


def _map(told: "Account", over: bytes, alone: bytes, command: str) -> str:
    what = f"{told.name} for {told.label}"
    pictures = figure(over, "Over the image", what) + figure(alone, "For and against", what)
    options = ", ".join(f"{key} {_value(value)}" for key, value in told.options.items())
    facts = {
        "Class": f"{told.label} (number {told.explanation.target}, {told.probability:.1%})",
        "Layer": told.layer,
        "Options": options.replace("_", " "),
        "Took": f"{_passes(told.explanation.passes)}, {told.explanation.seconds:.2f} s",
        "Source": told.source,
    }
    worst = "meaningless" if any(d.level == "meaningless" for d in told.doubts) else "caution"
    css = worst if told.doubts or told.explanation.is_silent else "fine"
    findings = "".join(f'<p class="{css}">{escape(each)}</p>' for each in told.sentences)
    again = f"<pre>{escape(command)}</pre>" if command else ""
    return (
        f"<article><h3>{escape(told.name)} · {escape(told.label)}</h3>"
        f'<p>{escape(told.summary)}</p><div class="pair">{pictures}</div>'
        f"{fact_list(facts)}{findings}{again}</article>"
    )


def _end(told: Report) -> str:
    refused = "".join(f"<p><b>{escape(name)}</b>: {escape(why)}</p>" for name, why in told.refused)
    versions = ", ".join(f"{name} {version}" for name, version in told.versions.items())
    no_commands = (
        "<p>Random weights are drawn anew by every process: the command line has others.</p>"
        if told.is_random
        else ""
    )
    if refused:
        refused = f"<section><h2>What could not be explained</h2>{refused}</section>"
    return f"{refused}<footer>{no_commands}<p>Made by {escape(versions)}.</p></footer>"


def _passes(images: int) -> str:
    return "1 pass" if images == 1 else f"{images:,} passes"


def _value(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _seen(done: "Preparation") -> str:
    side, colours = done.image_size, "in grey" if done.channels == 1 else "in colour"
    cut = "" if done.crop == 1 else f", the middle {done.crop:.1%} of its shorter side"
    return f"{side} × {side} pixels {colours}{cut}, by {done.interpolation} interpolation"


def _command(told: Report, of: "Account") -> str:
    """Return what makes a map again; "" where no other process can."""
    if told.is_random:
        return ""
    words = ["python", "-m", "cvexplore", "attribute", told.network, told.file]
    words += ["--weights", told.weights, "--method", of.name]
    for key, value in of.explanation.method.options.items():
        words += ["--option", f"{key}={value}"]
    words += ["--target", str(of.explanation.target)]
    words += ["--layer", of.layer] if of.layer else []
    return shlex.join([*words, "--out", "map.png"])


def _key(sign: "Sign") -> str:
    low, high = ENDS[sign]
    return f'<p class="key">{low} <img src="{uri(legend(sign))}" alt="to"> {high}</p>'
