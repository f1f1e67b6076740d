"""The report stands alone, tells every number there is, and lets nobody's words become HTML."""

import argparse
import base64
import io
import re
import shlex
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from cvexplore.attribution import Completeness, Doubt, Explanation
from cvexplore.attribution.account import Account
from cvexplore.commands import attribute
from cvexplore.figures.explanation import explanation_over
from cvexplore.figures.explanation_report import Report, report
from cvexplore.images import Preparation
from cvexplore.interpret.predictions import Prediction
from cvexplore.plugins import Choice

HOSTILE = '<script>alert("x")</script><img src=http://evil.example/x onerror=alert(1)>&amp;'
SQUARE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (28, 28, 3), np.uint8))


def told(label: str = "tabby") -> Account:
    found = Explanation(
        Choice("saliency"),
        281,
        torch.randn(1, 7, 7, generator=torch.Generator().manual_seed(0)),
        completeness=Completeness(3.0, 5.0, 1.0),
        seconds=1.234,
        passes=1067,
    )
    doubt = Doubt("caution", "Gradients saturate here.", Choice("saliency", {"steps": 9}))
    return Account(found, label, 0.625, "features.3", (doubt,))


def page_of(**changes: Any) -> Report:
    return replace(
        Report(
            network="cvexplore/simple_cnn",
            weights="bundled",
            image="cat.jpg",
            file="my cat.jpg",
            square=SQUARE,
            preparation=Preparation(28, 1, crop=1),
            predictions=(Prediction("tabby", 0.625, 281), Prediction("lynx", 0.25, 287)),
            maps=(told(),),
            refused=(("LRP · tabby", "There is no rule for GELU."),),
            versions={"cvexplore": "0.1.0", "captum": "0.9.0"},
            made=datetime(2026, 11, 22, 15, 4, tzinfo=UTC),
        ),
        **changes,
    )


class Seen(HTMLParser):
    """Every element of a page with its attributes, and all its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page)
        assert self.open == []  # whatever was opened was closed

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("img", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def test_it_asks_nobody_for_anything() -> None:
    page = report(page_of())
    seen = Seen(page)
    assert not {"script", "link", "iframe", "a", "base", "object"} & {n for n, _ in seen.elements}
    assert len(seen.of("img")) == 5  # the image, two legends, and two pictures of one map
    for each in seen.of("img"):
        assert str(each["src"]).startswith("data:image/png;base64,")
        assert each["alt"]
    assert not re.findall(r"https?:|url\(|@import|\bon\w+=", page)


def test_every_number_and_setting_is_told() -> None:
    text = " ".join(Seen(report(page_of())).text.split())
    for said in (
        "cvexplore/simple_cnn", "bundled", "cat.jpg", "28 × 28 pixels in grey", "22 November 2026",
        "62.5%", "25.0%", "tabby (number 281", "features.3", "1,067 passes, 1.23 s",
        "Attributions sum to 3;", "off by 25.0% of the difference", "Gradients saturate here.",
        "saliency with steps 9", "arXiv:1312.6034", "captum 0.9.0", "There is no rule for GELU.",
    ):  # fmt: skip
        assert said in text


def test_the_map_is_the_one_that_is_drawn() -> None:
    drawn = explanation_over(SQUARE, told().explanation, strength=0.5, sign="both", clip=90)
    sources = [
        each["src"]
        for each in Seen(report(page_of(), strength=0.5, sign="both", clip=90)).of("img")
    ]
    assert f"data:image/png;base64,{base64.b64encode(drawn).decode()}" in sources
    first = base64.b64decode(str(sources[0]).partition(",")[2])
    assert np.array_equal(
        np.asarray(Image.open(io.BytesIO(first)))[8::16, 8::16], np.asarray(SQUARE)
    )


@pytest.mark.parametrize("field", ["network", "weights", "image", "file"])
def test_a_hostile_name_is_text(field: str) -> None:
    plain, hostile = Seen(report(page_of())), Seen(report(page_of(**{field: HOSTILE})))
    assert [name for name, _ in hostile.elements] == [name for name, _ in plain.elements]
    assert '<script>alert("x")' in hostile.text or field == "file"


def test_hostile_classes_sentences_and_versions_are_text() -> None:
    hostile = Seen(
        report(
            page_of(
                predictions=(Prediction(HOSTILE, 0.5, 0), Prediction(HOSTILE, 0.5, 1)),
                maps=(
                    replace(
                        told(HOSTILE),
                        layer=HOSTILE,
                        doubts=(Doubt("caution", HOSTILE, Choice(HOSTILE)),),
                    ),
                ),
                refused=((HOSTILE, HOSTILE),),
                versions={HOSTILE: HOSTILE},
            )
        )
    )
    assert [n for n, _ in hostile.elements] == [n for n, _ in Seen(report(page_of())).elements]
    assert hostile.text.count(HOSTILE) >= 9
    assert not [each for _, given in hostile.elements for each in given if each.startswith("on")]


def test_the_command_is_one_that_the_command_line_reads() -> None:
    found = replace(told().explanation, method=Choice("saliency", {"steps": 9}))
    text = Seen(report(page_of(maps=(replace(told(), explanation=found),)))).text
    line = next(each for each in text.splitlines() if "python -m" in each)
    words = shlex.split(line[line.index("python -m") :].partition("map.png")[0] + "map.png")
    assert words[:4] == ["python", "-m", "cvexplore", "attribute"]
    parser = argparse.ArgumentParser()
    attribute.add(parser.add_subparsers())
    chosen = parser.parse_args(words[3:])
    assert (chosen.name, chosen.image, chosen.weights) == (
        "cvexplore/simple_cnn", "my cat.jpg", "bundled",
    )  # fmt: skip
    assert (chosen.method, chosen.option, chosen.target) == ("saliency", ["steps=9"], "281")
    assert (chosen.layer, chosen.out) == ("features.3", "map.png")


def test_random_weights_are_called_random_and_promise_no_command() -> None:
    text = Seen(report(page_of(weights="random"))).text
    assert "The weights are random" in text
    assert "python -m" not in text
    assert "The weights are random" not in Seen(report(page_of())).text


def test_a_sum_that_cannot_be_compared_and_a_silent_map_are_told() -> None:
    undecided = Completeness(3.0, 5.0, 5.0)
    silent = replace(told().explanation, values=torch.zeros(1, 7, 7), completeness=undecided)
    text = Seen(report(page_of(maps=(replace(told(), explanation=silent),)))).text
    assert "undecided" in text
    assert "too close to one another" in text
    assert "every attribution is zero" in text
