"""The attribution page draws maps, says what slow ones take, and computes nothing twice."""

import inspect
from dataclasses import replace

import pytest
import torch
from streamlit.testing.v1 import AppTest

from cvexplore import attribution, catalog, images
from cvexplore.attribution import Asked, Doubt, Explanation, attribute
from cvexplore.attribution.asked import Passes
from cvexplore.attribution.layers import default_layer
from cvexplore.attribution.speed import Speed
from cvexplore.plugins import Choice
from cvexplore.ui import attribution as ui
from cvexplore.ui.attribution import Explaining, explained, known, networks, validity, waiting
from cvexplore.ui.attribution.turns import in_turns
from cvexplore.ui.cached import Subject, frozen, two_at_once
from cvexplore.ui.pictures import Picture
from tests.pages.test_pages import opened

SMALL = "cvexplore/vit"
GROUPS = ("gradients", "a layer", "perturbations", "attention")

Computed = list[tuple[Asked, Explanation]]


@pytest.fixture(autouse=True)
def a_shelf_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what a test explains for it alone: all sessions of ``AppTest`` have the same name."""
    shelves: dict = {}
    monkeypatch.setattr(explained, "shelf", lambda *names: shelves.setdefault(names, {}))
    monkeypatch.setattr(ui, "_prepared", ui._prepared.__wrapped__)


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> Computed:
    """Note each explanation that is really computed, and the question."""
    noted: Computed = []

    def noting(asked: Asked, choice: Choice) -> Explanation:
        found = attribute(asked, choice)
        noted.append((asked, found))
        return found

    monkeypatch.setattr(attribution, "attribute", noting)
    return noted


@pytest.fixture
def slow_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a pass take a second each way."""
    monkeypatch.setattr(known, "speed", lambda explaining: Speed(1.0, 1.0))


@pytest.fixture
def quick_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a pass take no time to speak of, so that all methods run at once."""
    monkeypatch.setattr(known, "speed", lambda explaining: Speed(1e-4, 1e-4))


def maps(app: AppTest) -> dict[str, str]:
    """Return the addresses of the pictures on the page, by their alt texts."""
    drawn = [each for found in app.get("image") for each in found.proto.imgs]  # type: ignore[attr-defined]
    return {each.alt: each.url for each in drawn}


def choose(app: AppTest, **chosen: list[str]) -> AppTest:
    """Choose these methods of these groups, and no others."""
    for group in GROUPS:
        app.pills(key=f"methods.{group}").set_value(chosen.get(group.replace(" ", "_"), []))
    app.run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    return " ".join(each.value for each in (*app.markdown, *app.caption, *app.warning, *app.info))


# ------------------------------------------------------------------ maps


def test_a_map_is_the_gradient_of_the_likeliest_class_on_the_network_itself(
    computed: Computed,
) -> None:
    app = choose(opened("attribution", arch=SMALL), gradients=["saliency"])
    asked, found = next(each for each in computed if each[1].method.name == "saliency")
    model = catalog.build(SMALL, weights="bundled").eval()
    image = asked.image.clone().requires_grad_()
    scores = model(image)
    (gradient,) = torch.autograd.grad(scores.max(), image)
    assert found.target == int(scores.argmax())
    torch.testing.assert_close(found.values, gradient[0])
    assert any(alt.startswith(f"saliency for {found.target} by vit") for alt in maps(app))


def test_colours_change_the_picture_and_compute_nothing(computed: Computed) -> None:
    app = choose(opened("attribution", arch=SMALL), gradients=["saliency"])
    before, count = maps(app), len(computed)
    seen = {frozenset(before.items())}
    for change in (
        lambda: app.segmented_control(key="display.sign").set_value("both"),
        lambda: app.slider(key="display.strength").set_value(0.3),
        lambda: app.slider(key="display.clip").set_value(92.0),
    ):
        change()
        app.run()
        seen.add(frozenset(maps(app).items()))
    assert not app.exception
    assert len(seen) == 4  # each draws another picture
    assert len(computed) == count


def test_every_class_and_method_has_a_map_of_its_own(computed: Computed) -> None:
    app = choose(opened("attribution", arch=SMALL), gradients=["saliency"], a_layer=["Grad-CAM"])
    classes = next(each for each in app.multiselect if each.label == "Classes")
    first = classes.value[0]
    other = 3 if first != 3 else 4
    classes.set_value([first, other]).run()
    wanted = {(name, target) for name in ("saliency", "Grad-CAM") for target in (first, other)}
    assert {(each.method.name, each.target) for _, each in computed} >= wanted
    drawn = maps(app)
    for name, target in wanted:
        assert any(alt.startswith(f"{name} for {target} by vit") for alt in drawn)
    assert len({drawn[alt] for alt in drawn if " by vit" in alt}) == 4


def test_another_network_of_other_classes_is_asked_about_its_own_likeliest() -> None:
    first, other = explaining(SMALL), explaining("cvexplore/swin")
    found = networks.rows(first, [3, 5], [other])
    assert [(row.explaining.subject.name, row.target) for row in found] == [
        (SMALL, 3),
        (SMALL, 5),
        ("cvexplore/swin", other.predictions[0].index),
    ]


def test_the_same_network_before_it_learned_is_asked_about_the_same_classes() -> None:
    first = explaining(SMALL)
    options = frozen(dict(catalog.origin_options(SMALL, "bundled")))
    untrained = Explaining(Subject(SMALL, "random", options), first.picture, first.predictions)
    assert untrained.classes == first.classes == 10
    assert [row.target for row in networks.rows(first, [3], [untrained])] == [3, 3]


def explaining(name: str) -> Explaining:
    """Return a network with an answer that was not asked of it."""
    from cvexplore.interpret.predictions import Prediction

    picture = Picture(images.sample_image("coffee"), "coffee", "coffee")
    return Explaining(Subject(name, "bundled"), picture, (Prediction("one", 0.9, 1),))


# ------------------------------------------------------------------ slow ones


@pytest.mark.usefixtures("slow_machine")
def test_a_slow_method_says_what_it_takes_and_waits_for_the_button(computed: Computed) -> None:
    app = choose(opened("attribution", arch=SMALL), perturbations=["occlusion"])
    assert "occlusion" not in {each.method.name for _, each in computed}
    button = app.button(key="attribution.compute")
    asked = computed[0][0]
    cost = attribution.method(Choice("occlusion")).cost(asked)
    assert f"{cost.forwards:,.0f} passes forward" in said(app)
    assert waiting.about(cost.forwards) in button.label  # at a second a pass
    button.click().run()
    assert not app.exception
    (found,) = [each for _, each in computed if each.method.name == "occlusion"]
    assert found.passes == cost.forwards
    assert any(alt.startswith("occlusion for") and "yet" not in alt for alt in maps(app))
    assert "attribution.compute" not in {each.key for each in app.button}


@pytest.mark.usefixtures("slow_machine")
def test_a_method_of_a_few_passes_never_waits(computed: Computed) -> None:
    choose(opened("attribution", arch=SMALL), gradients=["saliency"])
    assert "saliency" in {each.method.name for _, each in computed}


def test_quick_maps_are_the_cheapest_whose_sum_stays_small(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = {7: 0.9, 1: 0.1, 4: 0.7, 2: 0.4}  # by class
    monkeypatch.setattr(waiting.Cell, "seconds", property(lambda cell: seconds[cell.row.target]))
    monkeypatch.setattr(waiting.Cell, "cost", property(lambda cell: attribution.Cost(100)))
    setting = waiting.Setting(Choice("saliency"))
    cells = [waiting.Cell(networks.Row(explaining(SMALL), each), setting) for each in seconds]
    quick, slow = waiting.quick_and_slow(cells)
    assert [cell.row.target for cell in quick] == [1, 2, 4]
    assert [cell.row.target for cell in slow] == [7]


# ------------------------------------------------------------------ taking turns


def free_places() -> int:
    """Count the places that a thread can have now."""
    taken = 0
    while two_at_once.acquire(blocking=False):
        taken += 1
    for _ in range(taken):
        two_at_once.release()
    return taken


def test_a_place_is_held_during_a_pass_and_free_between() -> None:
    between: list[int] = []
    with in_turns(lambda count: between.append(free_places())) as passes:
        for _ in range(3):
            passes.add(1)
            assert free_places() == 1
    assert between == [2, 2, 2]
    assert free_places() == 2


def test_who_cancels_leaves_no_place_taken_and_no_half_done_map() -> None:
    class Stopped(BaseException):
        pass

    def stop(count: int) -> None:
        if count >= 8:
            raise Stopped

    subject = explaining(SMALL)
    request = explained.request(1, Choice("occlusion", {"window": 30, "stride": 100}))
    with pytest.raises(Stopped):
        explained.explain(subject, request, Passes(stop))
    assert explained.kept(subject) == {}
    assert free_places() == 2
    assert isinstance(explained.explain(subject, request), Explanation)


# ------------------------------------------------------------------ is it valid here?


@pytest.fixture
def doubted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let saliency be in doubt, and help itself by another option."""
    doubt = Doubt("meaningless", "It says nothing here.", Choice("occlusion", {"window": 30}))
    monkeypatch.setattr(
        validity,
        "doubts",
        lambda explaining, choice, layer="": [doubt][: choice.name == "saliency"],
    )
    monkeypatch.setattr(validity, "_icons", inspect.unwrap(validity._icons))  # nothing is kept


@pytest.mark.usefixtures("doubted")
def test_a_doubt_stands_below_the_map_and_its_mend_is_a_button() -> None:
    app = choose(opened("attribution", arch=SMALL), gradients=["saliency"])
    assert "meaningless here" in said(app)
    assert "It says nothing here." in said(app)
    pills = app.pills(key="methods.gradients").proto.options
    assert [each.content for each in pills if "block" in each.content_icon] == ["saliency"]
    app.button(key=next(each.key for each in app.button if each.label == "Use occlusion")).click()
    app.run()
    assert app.pills(key="methods.perturbations").value == ["occlusion"]
    assert app.slider(key="options.occlusion.window").value == 30


@pytest.mark.usefixtures("doubted", "slow_machine")
def test_a_mend_computes_its_map_however_slow(computed: Computed) -> None:
    app = choose(opened("attribution", arch=SMALL), gradients=["saliency"])
    app.button(key=next(each.key for each in app.button if each.label == "Use occlusion")).click()
    app.run()
    assert Choice("occlusion", {"window": 30}) in [found.method for _, found in computed]


@pytest.mark.usefixtures("quick_machine")
def test_methods_of_few_passes_stand_first_and_the_layer_is_named(computed: Computed) -> None:
    app = opened("attribution", arch=SMALL)
    drawn = [alt.partition(" for ")[0].partition(",")[0] for alt in maps(app)]
    places = [
        next(place for place, alt in enumerate(drawn) if alt.startswith(name))
        for name in ("saliency", "Grad-CAM", "integrated gradients")
    ]
    assert places == sorted(places)
    asked = next(asked for asked, found in computed if found.method.name == "Grad-CAM")
    assert asked.layer == default_layer(asked.of(layer="", passes=Passes()))


@pytest.mark.parametrize("view", ["Side by side", "Trust", "Concepts", "Download"])
def test_a_head_of_zeros_is_said_on_every_view(view: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = known.structure
    monkeypatch.setattr(
        known, "structure", lambda explaining: replace(real(explaining), silent_head=True)
    )
    app = opened("attribution", arch=SMALL, view=view)
    assert "weights of this network's last layer are all zero" in said(app)


def test_the_overview_names_every_method() -> None:
    app = opened("attribution", arch=SMALL)
    app.session_state["worth"] = True
    app.run()
    assert not app.exception
    assert all(f"**{name}**" in said(app) for name in attribution.METHODS)


def test_only_classifiers_are_offered() -> None:
    offered = opened("attribution").selectbox(key="arch").options
    assert "timm/tf_efficientnet_lite0" in offered
    assert "torchvision/fasterrcnn_resnet50_fpn" not in offered
    assert "torchvision/fcn_resnet50" not in offered
