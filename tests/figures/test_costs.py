"""An icicle holds all that is spent, each module inside the one around it."""

import functools
from collections import Counter

import pytest

from cvexplore.catalog import traced
from cvexplore.figures.costs import FACTS, icicle, slices
from cvexplore.trace import LayerRecord, Trace
from cvexplore.trace.records import role

NAMES = ["torchvision/resnet18", "torchvision/vit_b_16", "timm/mobilenetv3_small_050"]


@functools.cache
def traced_once(name: str) -> Trace:
    return traced(name)


def row(index: int, path: str, parameters: int) -> LayerRecord:
    return LayerRecord(index, path, "Linear", path.count(".") + 1, (), (1,), parameters, 0, 0)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("title", FACTS)
def test_every_module_is_as_large_as_its_layers_together(name: str, title: str) -> None:
    seen, (fact, _) = traced_once(name), FACTS[title]
    for each in slices(seen, fact):
        if not each.path.endswith("/rest"):
            inside = [
                layer
                for layer in seen.layers
                if not each.path or f"{layer.path}.".startswith(f"{each.path}.")
            ]
            assert each.value == sum(getattr(layer, fact) for layer in inside)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("title", FACTS)
def test_the_parts_of_a_module_fill_it(name: str, title: str) -> None:
    found = slices(traced_once(name), FACTS[title][0])
    values = {each.path: each.value for each in found}
    parts = Counter()
    for each in found:
        if each.parent is not None:
            parts[each.parent] += each.value
    assert parts
    assert all(values[path] == held for path, held in parts.items())
    assert found[0].value == getattr(traced_once(name), FACTS[title][0])
    places = {each.path: place for place, each in enumerate(found)}
    assert all(each.parent is None or places[each.parent] < places[each.path] for each in found)


def test_small_parts_stand_together_and_say_how_many_they_are() -> None:
    layers = (row(0, "big", 100_000), row(1, "a.one", 5), row(2, "a.two", 6), row(3, "b", 7))
    found = slices(Trace(layers, ()), "parameters")
    assert [(each.path, each.value, each.kind) for each in found[1:]] == [
        ("big", 100_000, "Linear"),
        ("/rest", 18, "2 small parts together"),
    ]


def test_what_a_module_spends_itself_is_part_of_it() -> None:
    layers = (row(0, "a", 10), row(1, "a.inner", 30), row(2, "", 60))
    found = {each.path: each.value for each in slices(Trace(layers, ()), "parameters")}
    assert found == {"": 100, "a": 40, "a.inner": 30}


def test_modules_that_hold_nothing_but_one_another_are_one_slice() -> None:
    layers = (row(0, "a.b.c.one", 10), row(1, "a.b.c.two", 20), row(2, "d.e", 5))
    found = slices(Trace(layers, ()), "parameters")
    assert [(each.path, each.parent, each.label) for each in found] == [
        ("", None, "network"),
        ("a.b.c", "", "a.b.c"),
        ("d.e", "", "d.e"),
        ("a.b.c.one", "a.b.c", "one"),
        ("a.b.c.two", "a.b.c", "two"),
    ]


def test_a_module_of_small_parts_only_stays_whole() -> None:
    layers = (row(0, "big", 100_000), *(row(1 + i, f"a.b{i}", 90) for i in range(9)))
    found = slices(Trace(layers, ()), "parameters")
    assert [(each.path, each.value) for each in found[1:]] == [("big", 100_000), ("a", 810)]


def test_a_module_that_runs_twice_is_one_slice() -> None:
    found = slices(Trace((row(0, "a", 10), row(1, "b", 5), row(2, "a", 20)), ()), "parameters")
    assert [(each.path, each.value) for each in found] == [("", 35), ("a", 30), ("b", 5)]


def test_a_large_network_stays_below_the_number_a_browser_can_draw() -> None:
    layers = tuple(row(i, f"block{i // 10}.layer{i % 10}", 1 + i % 7) for i in range(900))
    seen = Trace(layers, ())
    assert len(slices(seen, "parameters", most=10_000)) > 600
    few = slices(seen, "parameters", most=200)
    assert len(few) <= 200
    assert few[0].value == seen.parameters


@pytest.mark.parametrize("title", FACTS)
def test_the_figure_draws_the_slices(title: str) -> None:
    seen, (fact, unit) = traced_once("torchvision/resnet18"), FACTS[title]
    drawn = icicle(seen, title).data[0]
    found = slices(seen, fact)
    assert list(drawn.values) == [each.value for each in found]
    assert drawn.branchvalues == "total"
    assert len(set(drawn.ids)) == len(found)
    assert set(drawn.parents) <= {*drawn.ids, ""}
    assert unit in drawn.hovertemplate


@pytest.mark.parametrize("name", NAMES)
def test_colours_tell_what_layers_serve(name: str) -> None:
    seen = traced_once(name)
    drawn, *legend = icicle(seen, "Parameters").data
    shades = {each.name: each.marker.color for each in legend}
    kinds = {layer.path: role(layer.kind) for layer in seen.layers}
    inside = set(drawn.parents)
    told = 0
    for path, shade in zip(drawn.ids, drawn.marker.colors, strict=True):
        if path in inside or path not in kinds:
            assert shade not in shades.values()
        else:
            assert shade == shades[kinds[path]]
            told += 1
    assert told > 5
    assert len(set(shades.values())) == len(shades)


def test_a_network_that_spends_nothing_has_one_empty_slice() -> None:
    (only,) = slices(Trace((row(0, "relu", 0),), ()), "macs")
    assert (only.path, only.value) == ("", 0)
