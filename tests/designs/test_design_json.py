"""A design's JSON and its link: what comes back, and what is refused."""

import base64
import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from cvexplore.designs import Design, edits, from_json, layer, links, read, to_json
from cvexplore.designs.blocks import checked
from cvexplore.designs.network import obstacle, steps
from cvexplore.designs.starts import start, starts
from cvexplore.errors import DesignError

CONVOLUTION = {"kind": "convolution"}


def text(**changed: Any) -> str:
    return json.dumps({"cvexplore_design": 1, "layers": [CONVOLUTION], **changed})


def deep(levels: int) -> dict[str, Any]:
    return {"kind": "stack", "inside": [deep(levels - 1)]} if levels else CONVOLUTION


HOSTILE = {
    "nothing": ("", "not a design"),
    "no JSON": ("def f(): pass", "not a design's JSON"),
    "no text": (b"\xff\xfe\x00", "not a design's JSON"),
    "a list": ("[]", "not a design"),
    "another version": (text(cvexplore_design=2), "not a design"),
    "too many bytes": (" " * 300_000, "at most 200 kB"),
    "a hundred thousand brackets": ("[" * 100_000, "layers within layers"),
    "nested too deep": (text(layers=[deep(7)]), "at most 6 layers within layers"),
    "nested layers without kinds": (text(layers=[{"inside": []}]), "Layer 1 is not a layer"),
    "layers that are none": (text(layers=[1]), "Layer 1 is not a layer"),
    "layers that are no list": (text(layers={"kind": "dense"}), "must be a list"),
    "inside that is no list": (text(layers=[{"kind": "stack", "inside": 3}]), "What layer 1 holds"),
    "a thousand layers": (text(layers=[CONVOLUTION] * 1000), "500 are allowed"),
    "stacks of stacks": (
        text(layers=[{"kind": "stack", "options": {"times": 64}, "inside": [
            {"kind": "stack", "options": {"times": 64}, "inside": [CONVOLUTION]}]}]),
        "2,000 are allowed",
    ),
    "a stack of 10⁹ rounds": (
        text(layers=[{"kind": "stack", "options": {"times": 10**9}, "inside": [deep(4)]}]),
        "billions of layers",
    ),
    "NaN": ('{"cvexplore_design": 1, "classes": NaN}', "NaN is not a number"),
    "infinity": ('{"cvexplore_design": 1, "classes": 1e999}', "classes must be a whole number"),
    "an endless number": ('{"cvexplore_design": 1, "classes": ' + "9" * 150_000 + "}", "digits"),
    "a long number": ('{"cvexplore_design": 1, "classes": ' + "9" * 4_000 + "}", "between 1 and"),
    "a huge image": (text(image_size=10**6), "between 4 and 1024"),
    "classes in words": (text(classes="ten"), "whole number between 1 and 10000"),
    "half a channel": (text(channels=1.5), "channels must be a whole number"),
    "a title of a page": (text(title="x" * 61), "title has at most 60"),
    "a title with a new line": (text(title="a\nb"), "title"),
    "a title that is a list": (text(title=[]), "title"),
    "half a letter": (text(title="\ud800"), "title"),
    "a kind that is markup": (text(layers=[{"kind": "<b>x</b>"}]), "no block can be called"),
    "a kind that is a path": (text(layers=[{"kind": "../../x"}]), "no block can be called"),
    "options that are a list": (text(layers=[{"kind": "dense", "options": [1]}]), "options"),
    "an option that is code": (
        text(layers=[{"kind": "dense", "options": {"features": "__import__('os')"}}]), "a word"),
    "an option that is a list": (
        text(layers=[{"kind": "dense", "options": {"features": [1]}}]), "a word"),
    "an option that is endless": (
        '{"cvexplore_design": 1, "layers": [{"kind": "dense", "options": {"features": 1e999}}]}',
        "a word, a number"),
    "an option with markup for a name": (
        text(layers=[{"kind": "dense", "options": {"[x](y)": 1}}]), "options"),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_no_design_is_refused_in_one_sentence(what: str) -> None:
    given, says = HOSTILE[what]
    with pytest.raises(DesignError) as told:
        from_json(given)
    assert says in str(told.value)
    assert len(str(told.value)) < 300


def test_what_is_a_design_but_no_network_opens_and_says_why() -> None:
    odd = from_json(
        text(layers=[{"kind": "dense", "options": {"features": -4}}, {"kind": "wings"}])
    )
    assert "features must be between 1" in obstacle(odd)
    assert len(steps(odd)) == 2
    with pytest.raises(DesignError, match=r"Layer 1 \(dense\): features must be between"):
        checked(odd)


@pytest.mark.parametrize("name", starts())
def test_a_design_comes_back_from_its_json_and_its_link(name: str) -> None:
    design = start(name)
    assert from_json(to_json(design)) == design
    assert links.from_word(links.to_word(design)) == design
    assert checked(design) == design


def test_equal_designs_have_equal_texts_however_they_were_written() -> None:
    once = from_json('{"cvexplore_design":1,"layers":[{"kind":"dropout","options":{"share":0.1}}]}')
    assert to_json(from_json(to_json(once))) == to_json(once)
    assert to_json(Design(layers=(layer("dropout", share=0.1),))) == to_json(once)


def packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(zlib.compress(data, 9)).decode()


@pytest.mark.parametrize(
    "word",
    ["", "x", "§", "A" * 100, packed(b"{}"), packed(b" " * 50_000_000)[:8000], "A" * 9000,
     packed(b" " * 5_000_000), links.to_word(start("vgg"))[:-9]],
    ids=lambda word: f"{word[:6]}{len(word)}",
)  # fmt: skip
def test_a_link_without_a_design_is_refused(word: str) -> None:
    with pytest.raises(DesignError):
        links.from_word(word)


def test_a_link_that_would_fill_the_memory_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    import tracemalloc

    bomb = packed(b"[" * 5_000_000)
    assert len(bomb) < links.MOST_LETTERS
    tracemalloc.start()
    with pytest.raises(DesignError):
        links.from_word(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DesignError, match="cannot be read: No such file"):
        read(tmp_path / "mine.json")


# ------------------------------------------------------------------ edits

A, B, C = (layer(kind) for kind in ("flatten", "dense", "classifier"))
NESTED = Design(layers=(A, layer("residual", B, C), C))


def test_a_layer_is_inserted_before_behind_and_inside() -> None:
    assert edits.insert(NESTED, (1,), B).layers[:2] == (B, A)
    assert edits.insert(NESTED, (4,), B).layers[-1] == B
    assert edits.insert(NESTED, (2, 3), A).layers[1].inside == (B, C, A)
    assert edits.insert(Design(), (1,), A).layers == (A,)


def test_a_layer_is_moved_copied_removed_and_replaced() -> None:
    assert edits.move(NESTED, (2, 1), 1).layers[1].inside == (C, B)
    assert edits.move(NESTED, (3,), -2).layers == (C, A, NESTED.layers[1])
    assert edits.duplicate(NESTED, (2, 2)).layers[1].inside == (B, C, C)
    assert edits.remove(NESTED, (2,)).layers == (A, C)
    assert edits.put(NESTED, (2, 1), A).layers[1].inside == (A, C)
    assert edits.at(NESTED, (2, 2)) == C
    assert len(NESTED.layers) == 3  # the design itself is a value


@pytest.mark.parametrize("place", [(), (0,), (4,), (-1,), (1, 1), (2, 3), (9, 1)])
def test_a_place_that_is_not_there_is_told(place: tuple[int, ...]) -> None:
    for edit in (lambda: edits.remove(NESTED, place), lambda: edits.at(NESTED, place)):
        with pytest.raises(DesignError, match="has no layer"):
            edit()
    with pytest.raises(DesignError, match="has no layer"):
        edits.move(NESTED, (1,), -1)


def test_no_edit_makes_a_design_larger_than_a_server_bears() -> None:
    full = Design(layers=(A,) * 500)
    with pytest.raises(DesignError, match="500 are allowed"):
        edits.duplicate(full, (1,))
    stacks = Design(layers=(layer("stack", *[A] * 40, times=40),))
    with pytest.raises(DesignError, match="2,000 are allowed"):
        edits.put(stacks, (1,), layer("stack", *[A] * 40, times=64))
