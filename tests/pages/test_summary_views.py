"""The Anatomy page's table, costs and parameters, played without a browser."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cvexplore.catalog import traced
from cvexplore.figures.costs import FACTS
from cvexplore.trace.sharing import sharing
from cvexplore.trace.summary import summary

ROOT = Path(__file__).parents[2]
MAIN = str(ROOT / "cvexplore" / "ui" / "main.py")
NAME = "torchvision/resnet18"


def opened(view: str, name: str = NAME) -> AppTest:
    app = AppTest.from_file(MAIN, default_timeout=60)
    app.query_params["arch"], app.query_params["view"] = name, view
    app.run()
    app.switch_page(str(ROOT / "pages" / "anatomy.py")).run()
    assert not app.exception
    return app


def test_the_table_folds_and_looks_into_a_block() -> None:
    app = opened("Table")
    seen = traced(NAME)
    app.slider(key=f"depth.{NAME}.").set_value(1).run()
    shown = app.dataframe[0].value
    assert list(shown["Layer"]) == [row.path for row in summary(seen, 1).layers]
    assert shown["Parameters"].sum() == seen.parameters
    assert shown["Share"].sum() == pytest.approx(1)
    assert set(shown["Trainable"]) == {"all", ""}
    app.selectbox(key=f"inside.{NAME}").set_value("layer3").run()
    inside = app.dataframe[0].value
    assert all(path.startswith("layer3.") for path in inside["Layer"])
    assert inside["Parameters"].sum() == 2_099_712
    assert any("2,099,712 of the network's 11,689,512" in each.value for each in app.caption)


def test_what_is_shown_can_be_taken_along_in_four_formats() -> None:
    app = opened("Table")
    labels = [each.proto.label for each in app.get("download_button")]
    assert labels == ["CSV", "JSON", "Markdown", "Text"]


def test_torchinfos_own_table_is_a_click_away() -> None:
    app = opened("Table", "torchvision/vit_b_32")
    app.button(key="torchinfo.torchvision/vit_b_32").click().run()
    assert not app.exception
    assert "Total params: 88,224,232" in app.code[0].value
    assert any("we count 4.41 G" in each.value for each in app.caption)


@pytest.mark.parametrize("title", FACTS)
def test_costs_are_drawn_by_any_fact(title: str) -> None:
    app = opened("Costs")
    app.segmented_control(key="costs.fact").set_value(title).run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == 1
    assert any(FACTS[title][1] in each.value for each in app.caption)


def test_parameters_are_told_by_use_and_beside_dense_layers() -> None:
    app = opened("Parameters")
    seen = traced(NAME)
    uses, shared, kinds = (each.value for each in app.dataframe)
    held = {use: count for use, count in seen.by_use().items() if count}
    assert dict(zip(uses["Use"], uses["Parameters"], strict=True)) == held
    assert uses["Tensors"].sum() == len(seen.tensors)
    assert list(shared["As dense"]) == [each.dense_parameters for each in sharing(seen)]
    assert shared["Filter"][0] == "3 × 7 × 7"
    assert kinds["Parameters"].sum() == seen.parameters


def test_a_network_without_convolutions_shares_nothing() -> None:
    app = opened("Parameters", "timm/naflexvit_base_patch16_gap")
    assert "no filter is shared" in app.info[0].value


def failing() -> None:
    from cvexplore.catalog import traced
    from cvexplore.errors import TraceError
    from cvexplore.ui.anatomy.table import show_partial

    try:
        traced("torchvision/alexnet", image_size=48)
    except TraceError as error:
        show_partial(error)


def test_a_network_that_fails_shows_how_far_it_came() -> None:
    app = AppTest.from_function(failing, default_timeout=60).run()
    assert not app.exception
    shown = app.dataframe[0].value
    assert "features.12 (MaxPool2d)" in app.error[0].value
    assert list(shown["Output"])[-1] == "failed here"
    assert list(shown["Layer"])[-1] == "features.12"
