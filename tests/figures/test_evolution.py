"""The timeline shows who builds on whom, each name in its place; trends show the file's figures."""

import csv
import math
import typing
from itertools import pairwise

import pytest
from plotly.graph_objects import Figure

from cvexplore.architectures import Learning
from cvexplore.catalog import architectures
from cvexplore.catalog.families import FAMILIES, Family, families
from cvexplore.figures.comparison import scatter
from cvexplore.figures.evolution import timeline
from cvexplore.figures.lineage import WIDTH, lay_out
from cvexplore.figures.theme import KINDS
from cvexplore.figures.trends import LEARNINGS, larger, more_efficient, shares

SUBSETS = {
    "all": families(),
    **{kind: tuple(each for each in families() if each.kind == kind) for kind in KINDS},
    "detection": tuple(each for each in families() if each.task == "detection"),
    "one": families()[5:6],
}
each_subset = pytest.mark.parametrize("some", SUBSETS.values(), ids=SUBSETS)


def dots(figure: Figure) -> dict[str, dict]:
    """Return what is drawn of each family, by its name."""
    return {
        data[0]: {"at": (x, y), "text": text, "opacity": opacity, "hover": hover, "trace": trace}
        for trace in figure.data
        if trace.customdata is not None
        for data, x, y, text, opacity, hover in zip(
            trace.customdata,
            trace.x,
            trace.y,
            trace.text,
            trace.marker.opacity,
            trace.hovertext,
            strict=True,
        )
    }


def lines(figure: Figure, least: float = 0) -> list[tuple[str, str]]:
    """Return who is joined with whom, read off the ends of the lines."""
    whose = {(round(x, 1), y): name for name, dot in dots(figure).items() for x, y in [dot["at"]]}
    found = []
    for trace in figure.data:
        if trace.mode == "lines" and trace.opacity > least:
            points = list(zip(trace.x, trace.y, strict=True))
            ends = [i for i, (x, _) in enumerate(points) if math.isnan(x)]
            starts = [0, *(end + 1 for end in ends[:-1])]
            found += [
                (whose[points[a]], whose[points[b - 1]]) for a, b in zip(starts, ends, strict=True)
            ]
    return found


def rows() -> list[dict[str, str]]:
    with FAMILIES.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


# --- The timeline ---------------------------------------------------------------------------------


@each_subset
def test_every_family_is_a_dot_and_every_idea_taken_up_a_line(some: tuple[Family, ...]) -> None:
    figure = timeline(some)
    names = {each.name for each in some}
    assert set(dots(figure)) == names
    expected = [(p, each.name) for each in some for p in each.builds_on if p in names]
    assert sorted(lines(figure)) == sorted(expected)


@each_subset
def test_names_have_a_place_of_their_own(some: tuple[Family, ...]) -> None:
    layout = lay_out(some)
    places = list(layout.places.values())
    for index, one in enumerate(places):
        assert 0 <= one.row < layout.rows
        assert one.dot / 2 < one.x < WIDTH
        for other in places[:index]:
            if one.row == other.row:
                left, right = sorted((one, other), key=lambda place: place.x)
                assert left.end < right.x - right.dot / 2


@each_subset
def test_time_runs_from_left_to_right(some: tuple[Family, ...]) -> None:
    layout = lay_out(some)
    for each in some:
        start, end = layout.years[each.year]
        assert start < layout.places[each.name].x < end
        for name in each.builds_on:
            if name in layout.places:
                assert layout.places[name].x < layout.places[each.name].x
    years = sorted(layout.years)
    assert all(layout.years[a][1] == layout.years[b][0] for a, b in pairwise(years))


def test_all_names_are_shown_until_one_is_picked() -> None:
    for name, dot in dots(timeline(families())).items():
        assert dot["text"].removeprefix("<b>").removesuffix("</b>") == name
        assert dot["opacity"] == 1


@pytest.mark.parametrize("picked", ["ResNet", "Swin", "DINOv3", "Simple CNN", "RAFT"])
def test_a_picked_family_fades_all_but_its_kin(picked: str) -> None:
    builds_on = {row["name"]: set(filter(None, row["builds_on"].split("; "))) for row in rows()}
    before, after = {picked}, {picked}
    for _ in builds_on:  # long enough for any chain
        before |= {parent for name in before for parent in builds_on[name]}
        after |= {name for name, parents in builds_on.items() if parents & after}
    figure = timeline(families(), picked)
    shown = dots(figure)
    assert {name for name, dot in shown.items() if dot["text"]} == before | after
    assert {name for name, dot in shown.items() if dot["opacity"] == 1} == before | after
    expected = {
        (parent, name)
        for name, parents in builds_on.items()
        for parent in parents
        if {name, parent} <= before or {name, parent} <= after
    }
    assert set(lines(figure, least=0.5)) == expected
    assert len(lines(figure)) == sum(map(len, builds_on.values()))  # the others are faint


def test_a_picked_family_that_is_filtered_out_fades_nothing() -> None:
    some = SUBSETS["transformer"]
    assert timeline(some, "ResNet") == timeline(some)


def test_pointing_at_a_dot_tells_its_card() -> None:
    hover = dots(timeline(families()))["MobileNetV2"]["hover"].replace("<br>", " ")
    for words in ("MobileNetV2</b>, 2018", "narrow again", "Linear Bottlenecks", "Sandler"):
        assert words in hover
    assert "1.7 to 6.1 million parameters" in hover


def test_kinds_have_the_colours_they_have_elsewhere() -> None:
    elsewhere = {
        t.name: t.marker.color for t in scatter(architectures(), "macs", "parameters").data
    }
    figure = timeline(families())
    kinds = {each.name: each.kind for each in families()}
    for name, dot in dots(figure).items():
        assert dot["trace"].marker.color == elsewhere[kinds[name]]
    assert {t.name: t.marker.color for t in figure.data if t.showlegend is None} == elsewhere


def test_a_dot_grows_with_the_largest_model() -> None:
    sized = [each for each in families() if each.largest]
    diameter = {name: place.dot for name, place in lay_out(families()).places.items()}
    order = sorted(sized, key=lambda each: each.largest or 0)
    grown = [diameter[each.name] for each in order]
    assert grown == sorted(grown)
    assert len(set(grown)) > 100


def test_no_families_make_an_empty_picture() -> None:
    assert timeline([]).data == ()


# --- The trends -----------------------------------------------------------------------------------


def test_larger_shows_every_family_and_the_largest_so_far() -> None:
    figure = larger(families())
    shown = {
        data[0]: y for t in figure.data[:-1] for data, y in zip(t.customdata, t.y, strict=True)
    }
    young = [row for row in rows() if int(row["year"]) >= 2012]
    assert shown == {row["name"]: int(row["largest"]) / 1e6 for row in young}
    steps = []
    most = 0
    for row in sorted(young, key=lambda r: (int(r["year"]), int(r["month"]), -int(r["largest"]))):
        if int(row["largest"]) > most:
            most = int(row["largest"])
            steps.append(most / 1e6)
    line = figure.data[-1]
    assert list(line.y) == steps
    assert list(line.x) == sorted(line.x)
    assert {"AlexNet", "DINOv3"} <= set(line.text)


def test_more_efficient_holds_what_nothing_cheaper_beats() -> None:
    figure = more_efficient(architectures())
    assert len(figure.data) > 3
    rated = [each for each in architectures() if each.top1 and each.macs]
    for line in figure.data:
        year = int(line.name.removeprefix("to "))
        known = [each for each in rated if each.year <= year]
        expected = {
            (one.macs / 1e9, one.top1)
            for one in known
            if not any(
                (other.macs, -other.top1) != (one.macs, -one.top1)
                and other.macs <= one.macs
                and other.top1 >= one.top1
                for other in known
            )
        }
        assert set(zip(line.x, line.y, strict=True)) == expected
    years = [int(line.name.removeprefix("to ")) for line in figure.data]
    assert years == sorted(set(years))


@pytest.mark.parametrize("fact", ["kind", "learning"])
def test_shares_are_those_of_the_years_new_families(fact: str) -> None:
    figure = shares(families(), fact)
    for bar in figure.data:
        for year, height, (count, whole) in zip(bar.x, bar.y, bar.customdata, strict=True):
            of_year = [row for row in rows() if int(row["year"]) == year]
            of_value = [row for row in of_year if row[fact] == bar.name]
            assert (count, whole) == (len(of_value), len(of_year))
            assert height == pytest.approx(100 * len(of_value) / len(of_year))
    for heights in zip(*(bar.y for bar in figure.data), strict=True):
        assert sum(heights) == pytest.approx(100)
    assert {bar.name for bar in figure.data} == {row[fact] for row in rows()}


def test_what_families_learn_from_changed() -> None:
    """The trend is there: nearly all learned from labels before 2021, few in the last two years."""
    bars = {
        bar.name: dict(zip(bar.x, bar.y, strict=True))
        for bar in shares(families(), "learning").data
    }
    assert all(bars["supervised"][year] > 90 for year in range(2014, 2021))
    assert bars["supervised"][max(bars["supervised"])] < 50


def test_every_way_of_learning_has_its_colour() -> None:
    assert typing.get_args(Learning) == LEARNINGS
    colours = [bar.marker.color for bar in shares(families(), "learning").data]
    assert len(set(colours)) == len(colours)


@pytest.mark.parametrize("draw", [larger, lambda some: shares(some, "kind")])
def test_trends_of_a_few_families(draw: typing.Callable[[object], Figure]) -> None:
    for some in ([], *SUBSETS.values()):
        assert isinstance(draw(some), Figure)
    assert more_efficient([]).data == ()
