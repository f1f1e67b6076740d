"""Taking it along: what has been explained, as a report, as pictures, as numbers."""

import io
import re
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.export.arrays import facts
from cvexplore.export.explanations import save
from cvexplore.figures.explanation import explanation_over
from cvexplore.figures.explanation_report import Report, report
from cvexplore.figures.pictures import png
from cvexplore.ui import cached
from cvexplore.ui.attribution import Explaining, known
from cvexplore.ui.attribution.choosing import Display, pick_display
from cvexplore.ui.attribution.explained import Request, kept
from cvexplore.ui.cached import Subject
from cvexplore.ui.pictures import Picture

if TYPE_CHECKING:
    from PIL.Image import Image

    from cvexplore.attribution import Asked, Explanation, Structure
    from cvexplore.attribution.account import Account
    from cvexplore.interpret.predictions import Prediction

_PICTURE = "image.png"  # what the report's commands read


@dataclass(frozen=True)
class _Map:
    """One map: a file's name for it, its class's name, the question, and the answer."""

    name: str
    label: str
    question: "Asked"
    explanation: "Explanation"


@dataclass(frozen=True)
class _Taken:
    """All that files are made of.

    It is read while the page is drawn: whoever makes a file later, when a button is clicked, may
    not ask the caches of a session.
    """

    subject: Subject
    picture: Picture
    square: "Image"
    predictions: "tuple[Prediction, ...]"
    structure: "Structure"
    maps: tuple[_Map, ...]
    refused: tuple[tuple[str, str], ...]
    display: Display


def show(explaining: Explaining) -> None:
    """Let a person choose among the maps of this session, and hand them out."""
    on_shelf = dict(kept(explaining))
    made = {asked: found for asked, found in on_shelf.items() if not isinstance(found, str)}
    if not made:
        st.info(
            "Nothing is explained yet for this network and image. Choose methods and classes under "
            "Side by side; the maps that they make are taken along from here.",
            icon=":material/download:",
        )
        return
    chosen = st.multiselect(
        "Maps",
        list(made),
        default=list(made),
        format_func=lambda asked: _title(explaining, asked),
        key=f"taking.maps.{explaining.key}.{explaining.picture.fingerprint}",
        help="Those made in this session for this network and image.",
    )
    if not chosen:
        st.info("Choose at least one map.", icon=":material/touch_app:")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        display = pick_display()
    refused = [
        (_title(explaining, asked), why) for asked, why in on_shelf.items() if isinstance(why, str)
    ]
    _offer(
        _Taken(
            explaining.subject,
            explaining.picture,
            explaining.square,
            explaining.predictions,
            known.structure(explaining),
            tuple(
                _Map(name, explaining.label(asked.target), asked.asked(explaining), made[asked])
                for name, asked in _names(explaining, chosen).items()
            ),
            tuple(refused),
            display,
        )
    )


def _offer(taken: _Taken) -> None:
    network = _slug(taken.subject.name.partition("/")[2])
    with st.grid(4, min_column_width=240, border=True):
        with st.container():
            st.markdown("**Report**")
            st.caption("One page to read, send or print: maps, settings, and what each is worth.")
            name = f"{network}-explanation.html"
            _download("the report", name, lambda: _report(taken).encode(), "text/html")
        with st.container():
            st.markdown("**Pictures**")
            st.caption("Each map over what the network saw, drawn as chosen above.")
            if len(taken.maps) == 1:
                name = f"{network}-{taken.maps[0].name}.png"
                _download("the picture", name, lambda: _drawn(taken, taken.maps[0]), "image/png")
            else:
                name = f"{network}-maps.zip"
                _download("the pictures", name, lambda: _zip(taken), "application/zip")
        with st.container():
            st.markdown("**Numbers**")
            st.caption("A .npz file for NumPy: each map's signed values, and its settings.")
            _download("the numbers", f"{network}-maps.npz", lambda: _numbers(taken))
        with st.container():
            st.markdown("**Image**")
            st.caption("The whole image as a file: the report's commands read it.")
            _download(_PICTURE, _PICTURE, lambda: _picture(taken), "image/png")


# ------------------------------------------------------------------ names


def _title(explaining: Explaining, asked: Request) -> str:
    """Return what tells a map from all others of this network and image."""
    options = (f"{name.replace('_', ' ')} {value}" for name, value in asked.options)
    parts = filter(None, (asked.method, asked.layer, *options))
    return f"{explaining.label(asked.target)} · {', '.join(parts)}"


def _names(explaining: Explaining, chosen: Iterable[Request]) -> dict[str, Request]:
    """Return a name for each map that every file system takes."""
    found: dict[str, Request] = {}
    for asked in chosen:
        name = plain = _slug(f"{asked.method}-{explaining.label(asked.target)}")[:80]
        number = 1
        while name in found:
            number += 1
            name = f"{plain}-{number}"
        found[name] = asked
    return found


def _slug(text: str) -> str:
    return re.sub(r"[^\w.]+", "-", text).strip("-.")


# ------------------------------------------------------------------ the files


def _report(taken: _Taken) -> str:
    subject, display = taken.subject, taken.display
    page = Report(
        network=subject.name,
        weights=subject.weights,
        image=taken.picture.name,
        file=_PICTURE,
        square=taken.square,
        preparation=cached.preparation(subject),
        predictions=taken.predictions,
        maps=_accounts(taken),
        refused=taken.refused,
        versions=facts(subject.name, subject.weights, dict(subject.options))["versions"],
        made=datetime.now().astimezone(),
    )
    return report(page, strength=display.strength, sign=display.sign, clip=display.clip)


def _accounts(taken: _Taken) -> "list[Account]":
    from cvexplore.attribution.account import account

    found = []
    for each in taken.maps:
        with cached.two_at_once:
            found.append(account(each.question, each.explanation, each.label, taken.structure))
    return found


def _numbers(taken: _Taken) -> bytes:
    subject = taken.subject
    maps = {each.name: told for each, told in zip(taken.maps, _accounts(taken), strict=True)}
    buffer = io.BytesIO()
    save(maps, buffer, subject.name, subject.weights, dict(subject.options))
    return buffer.getvalue()


def _zip(taken: _Taken) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:  # a PNG is compressed already
        for each in taken.maps:
            file.writestr(f"{each.name}.png", _drawn(taken, each))
    return buffer.getvalue()


def _drawn(taken: _Taken, map_: _Map) -> bytes:
    display = taken.display
    return explanation_over(
        taken.square,
        map_.explanation,
        strength=display.strength,
        sign=display.sign,
        clip=display.clip,
    )


def _picture(taken: _Taken) -> bytes:
    return png(taken.picture.image)


def _download(
    label: str,
    name: str,
    content: Callable[[], bytes],
    kind: str = "application/octet-stream",
) -> None:
    st.download_button(
        f"Download {label}",
        content,
        name,
        kind,
        icon=":material/download:",
        on_click="ignore",
        key=f"taking.{name}",
    )
