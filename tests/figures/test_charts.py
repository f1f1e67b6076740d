"""Charts hold the figures they are given, each kind in its own colour."""

import pytest
from plotly.graph_objects import Figure

from cvexplore import catalog
from cvexplore.figures.comparison import AXES, SPENT, role_bars, scatter
from cvexplore.figures.schedule import learning_rates
from cvexplore.figures.theme import KINDS

NAMES = ("torchvision/resnet50", "torchvision/vit_b_16", "timm/mixer_s32_224", "cvexplore/vgg")


def architectures() -> list:
    return [catalog.find(name) for name in NAMES]


def points(figure: Figure) -> dict[str, tuple[float, float]]:
    return {
        data[0]: (x, y)
        for trace in figure.data
        for data, x, y in zip(trace.customdata, trace.x, trace.y, strict=True)
    }


def test_a_point_is_an_architectures_facts() -> None:
    found = points(scatter(architectures(), "macs", "parameters"))
    for name in NAMES:
        each = catalog.find(name)
        assert found[name] == (each.macs / 1e9, each.parameters / 1e6)


def test_the_published_figures_of_a_known_network() -> None:
    x, y = points(scatter(architectures(), "parameters", "top1"))["torchvision/resnet50"]
    assert x == pytest.approx(25.557032)  # torchvision's table
    assert y == pytest.approx(80.858)  # ResNet50_Weights.IMAGENET1K_V2


def test_an_architecture_without_the_fact_is_left_out_and_no_other() -> None:
    have = {each.name for each in architectures() if each.top1}
    assert 0 < len(have) < len(NAMES)
    assert set(points(scatter(architectures(), "parameters", "top1"))) == have


def test_a_kind_keeps_its_colour_whoever_else_is_shown() -> None:
    every = scatter(architectures(), "macs", "parameters")
    colours = {trace.name: trace.marker.color for trace in every.data}
    assert len(set(colours.values())) == len(colours) == 3
    for each in architectures():
        (alone,) = scatter([each], "macs", "parameters").data
        assert alone.marker.color == colours[each.kind]
    assert {trace.name for trace in every.data} <= set(KINDS)


def test_what_is_picked_is_ringed_and_bears_its_name() -> None:
    figure = scatter(architectures(), "macs", "parameters", picked=[NAMES[1], "no/such"])
    ring = figure.data[-1]
    assert [text.strip("</b>") for text in ring.text] == ["vit_b_16"]
    assert ring.customdata[0][0] == NAMES[1]
    assert (ring.x[0], ring.y[0]) == points(figure)[NAMES[1]]


def sizes(figure: Figure) -> dict[str, float]:
    return {
        data[0]: size
        for trace in figure.data
        for data, size in zip(trace.customdata, trace.marker.size, strict=True)
    }


@pytest.mark.parametrize("fact", ["parameters", "macs", "year", "depth"])
def test_a_dot_grows_with_the_fact_it_is_sized_by(fact: str) -> None:
    drawn = sizes(scatter(architectures(), "macs", "parameters", fact))
    values = {name: getattr(catalog.find(name), fact) for name in NAMES}
    for one in NAMES:
        for other in NAMES:
            assert (drawn[one] < drawn[other]) == (values[one] < values[other])


def test_the_front_is_joined_in_its_order() -> None:
    front = [NAMES[2], NAMES[0], NAMES[1]]
    figure = scatter(architectures(), "macs", "parameters", front=front)
    line = figure.data[0]
    assert line.mode == "lines"
    rest = Figure(figure.data[1:])
    assert list(zip(line.x, line.y, strict=True)) == [points(rest)[name] for name in front]


def test_linear_axes_are_linear_whatever_they_span() -> None:
    figure = scatter(architectures(), "macs", "parameters", linear=True)
    assert {figure.layout.xaxis.type, figure.layout.yaxis.type} == {"linear"}


def test_who_hovers_reads_the_paper() -> None:
    figure = scatter(architectures(), "macs", "parameters", papers={"ResNet": "Deep Residual"})
    titles = {data[0]: data[3] for trace in figure.data for data in trace.customdata}
    assert titles["torchvision/resnet50"] == "Deep Residual"
    assert titles["cvexplore/vgg"] == ""


@pytest.mark.parametrize("x", AXES)
@pytest.mark.parametrize("y", AXES)
def test_every_fact_can_stand_on_every_axis(x: str, y: str) -> None:
    figure = scatter(catalog.architectures(), x, y)
    assert len(points(figure)) > 50
    assert figure.layout.xaxis.title.text == AXES[x].title
    assert figure.layout.yaxis.type == ("log" if AXES[y].log else "linear")


def test_no_architectures_make_an_empty_chart() -> None:
    assert scatter([]).data == ()


@pytest.mark.parametrize("title", SPENT)
def test_bars_add_up(title: str) -> None:
    fact, divisor = SPENT[title]
    traces = {name: catalog.traced(name) for name in NAMES[:2]}
    figure = role_bars(traces, title)
    assert figure.layout.xaxis.title.text == title
    for index, (name, seen) in enumerate(traces.items()):
        assert {bar.y[index] for bar in figure.data} == {name}
        assert sum(bar.x[index] for bar in figure.data) * divisor == pytest.approx(
            getattr(seen, fact)
        )
        for bar in figure.data:
            assert bar.x[index] * divisor == pytest.approx(seen.by_role(fact)[bar.name])
    assert len({bar.marker.color for bar in figure.data}) == len(figure.data)


@pytest.mark.parametrize(("count", "steps"), [(2, 2), (5, 400), (200, 200), (1, 1), (100, 7)])
def test_learning_rates_span_the_run(count: int, steps: int) -> None:
    rates = [index / count for index in range(count)]
    (line,) = learning_rates(rates, steps).data
    assert list(line.y) == rates
    assert line.x[0] == 1
    assert line.x[-1] == (steps if count > 1 else 1)
    gaps = {round(b - a, 9) for a, b in zip(line.x, line.x[1:], strict=False)}
    assert len(gaps) <= 1  # evenly spaced
