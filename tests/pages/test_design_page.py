"""The design page, without a browser: every edit, undo, links, files, saving."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cvexplore.catalog import designed_models
from cvexplore.designs import Design, Layer, from_json, layer, links, to_json
from cvexplore.designs.starts import start

ROOT = Path(__file__).parents[2]
SMALL = Design(
    title="Small",
    layers=(
        layer("convolution", channels=4),
        layer("residual", layer("convolution", channels=0), layer("batch_norm")),
        layer("flatten"),
        layer("classifier"),
    ),
)


def opened(design: Design | None = SMALL, word: str = "") -> AppTest:
    app = AppTest.from_file(str(ROOT / "cvexplore" / "ui" / "main.py"), default_timeout=60)
    if word or design is not None:
        app.query_params["design"] = word or links.to_word(design or SMALL)
    app.run()
    return app.switch_page(str(ROOT / "pages" / "design.py")).run()


def on_page(app: AppTest) -> Design:
    """Return the design as the link in the address bar holds it."""
    assert not app.exception
    word = app.query_params["design"]
    return links.from_word(word if isinstance(word, str) else word[0])


def click(app: AppTest, key: str) -> AppTest:
    return app.button(key=key).click().run()


def kinds(layers: tuple[Layer, ...]) -> list[str]:
    return [each.kind for each in layers]


def metrics(app: AppTest) -> dict[str, str]:
    return {each.label: each.value for each in app.metric}


def test_it_begins_with_the_simplest_network() -> None:
    app = opened(None)
    assert on_page(app) == start("simple_cnn")
    assert metrics(app) == {
        "Parameters": "422 k", "MACs": "4.24 M", "Output": "10", "Layers": "11"
    }  # fmt: skip


def test_a_layer_is_selected_moved_copied_removed_and_had_back() -> None:
    app = click(opened(), "row.1")
    assert app.button(key="do.Up").disabled
    click(app, "do.Down")
    assert kinds(on_page(app).layers) == ["residual", "convolution", "flatten", "classifier"]
    click(app, "do.Duplicate")
    assert kinds(on_page(app).layers)[1:3] == ["convolution", "convolution"]
    click(app, "do.Remove")
    next(each for each in app.button if each.label == "Undo").click().run()
    assert len(on_page(app).layers) == 5
    for _ in range(2):
        next(each for each in app.button if each.label == "Undo").click().run()
    assert on_page(app) == SMALL


def test_an_option_of_a_layer_inside_another_changes_shapes_at_once() -> None:
    app = click(opened(), "row.2.1")
    field = next(each for each in app.number_input if each.label == "Channels")
    field.set_value(9).run()
    assert on_page(app).layers[1].inside[0].get("channels") == 9
    assert any("9 × 28 × 28 maps" in each.label for each in app.button)
    form = (each for each in app.number_input if str(each.key).startswith("designing."))
    whole = next(each for each in form if each.label == "Image size (pixels)")
    whole.set_value(20).run()
    assert on_page(app).image_size == 20
    assert any("9 × 20 × 20 maps" in each.label for each in app.button)


def test_a_misfit_is_told_in_place_and_cannot_be_saved() -> None:
    app = click(click(opened(), "row.3"), "do.Remove")
    says = "Layer 3 (classifier) takes a row of features, but gets 4 × 28 × 28 maps"
    assert says in app.error[0].value
    save = next(each for each in app.button if each.label == "Save")
    assert save.disabled
    assert metrics(app)["Output"] == "?"


def test_saving_keeps_it_and_leads_to_other_pages() -> None:
    app = opened()
    next(each for each in app.button if each.label == "Save").click().run()
    (name,) = designed_models.names()
    assert designed_models.design(name) == SMALL
    asked = {each.proto.label: each.proto.query_string for each in app.get("page_link")}
    assert asked == {
        "Open in Anatomy": f"arch=design%2F{name}",
        "Train it": f"train=design%2F{name}",
        "Compare it": f"pick=design%2F{name}",
    }


def test_it_starts_from_a_builder_with_its_options_and_from_nothing() -> None:
    app = opened()
    app.selectbox(key="origin").set_value("cvexplore/resnet").run()
    next(each for each in app.number_input if each.label == "Width (channels)").set_value(16).run()
    next(each for each in app.button if each.label == "Start").click().run()
    assert on_page(app) == start("resnet", width=16)
    app.selectbox(key="origin").set_value("an empty list of layers").run()
    next(each for each in app.button if each.label == "Start").click().run()
    assert on_page(app).layers == ()
    assert any("needs at least one layer" in each.value for each in app.caption)


def test_a_file_is_opened_and_one_that_is_no_design_is_told() -> None:
    app = opened()
    app.file_uploader[0].upload("mine.json", to_json(start("vit")).encode(), "application/json")
    app.run()
    assert on_page(app) == start("vit")
    app.file_uploader[0].upload("bad.json", b'{"cvexplore_design": 1, "layers": 3}').run()
    assert "must be a list of layers" in app.error[0].value
    assert on_page(app) == start("vit")


@pytest.mark.parametrize("word", ["x", "A" * 9000])
def test_a_link_without_a_design_is_told(word: str) -> None:
    app = opened(word=word)
    assert not app.exception
    assert "link" in app.error[0].value


def test_a_link_with_options_that_do_not_exist_is_told() -> None:
    odd = json.dumps({"cvexplore_design": 1, "layers": [{"kind": "wings"}]})
    app = opened(from_json(odd))
    assert not app.exception
    assert "There is no block named 'wings'" in app.error[0].value
