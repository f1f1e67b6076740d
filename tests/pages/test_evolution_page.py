"""The evolution page, without a browser: what is picked is told, and leads on to its kin."""

from streamlit.testing.v1 import AppTest
from test_pages import opened

from cvexplore.catalog.families import families


def buttons(app: AppTest) -> list[str]:
    return [each.label for each in app.button]


def test_a_family_in_the_link_is_told() -> None:
    app = opened("evolution", family="ConvNeXt")
    assert not app.exception
    assert app.subheader[0].value == "ConvNeXt, 2022"
    said = " ".join(each.value for each in app.markdown)
    assert "no attention: it is as good." in said
    assert "https://arxiv.org/abs/2201.03545" in said
    leads_to = [each.name for each in families() if "ConvNeXt" in each.builds_on]
    assert sorted(buttons(app)) == sorted(["ResNet", "Swin", *leads_to])


def test_a_relative_is_one_click_away() -> None:
    app = opened("evolution", family="ConvNeXt")
    next(each for each in app.button if each.label == "Swin").click().run()
    assert not app.exception
    assert app.subheader[0].value == "Swin, 2021"
    assert {"ResNet", "ViT", "ConvNeXt"} <= set(buttons(app))


def test_every_family_can_be_told() -> None:
    """Its link to a model of its own needs one, its figures need to be there or be missed."""
    app = opened("evolution")
    for each in families()[::12]:
        app.selectbox(key="family").set_value(each.name).run()
        assert not app.exception
        assert app.subheader[0].value == f"{each.name}, {each.year}"


def test_filters_narrow_what_is_shown() -> None:
    app = opened("evolution", kind=["MLP"])
    assert not app.exception
    drawn = next(each.proto.spec for each in app.get("plotly_chart"))
    assert "MLP-Mixer" in drawn
    assert "MobileNetV2" not in drawn


def test_nothing_that_is_all_of_it_is_told() -> None:
    app = opened("evolution", kind=["MLP"], task="video")
    assert "No family is all of this" in app.info[0].value
