"""Every page opens, alone and through the menu, and plays its job once, without a browser."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cvexplore.plugins import Choice
from cvexplore.runs import RunStore
from cvexplore.training.config import MetricPoint, RunConfig

ROOT = Path(__file__).parents[2]
MAIN = str(ROOT / "cvexplore" / "ui" / "main.py")
PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))


def opened(page: str, **query: str | list[str]) -> AppTest:
    """Open a page as a link would."""
    app = AppTest.from_file(MAIN, default_timeout=60)
    for key, value in query.items():
        app.query_params[key] = value
    app.run()
    app.switch_page(str(ROOT / "pages" / f"{page}.py")).run()
    return app


def sheet(app: AppTest, alt: str) -> dict:
    """Return what the page sent to a tile sheet."""
    sent = [json.loads(each.proto.json) for each in app.get("bidi_component")]
    return next(each for each in sent if each.get("alt", "").startswith(alt))


@pytest.fixture(autouse=True)
def no_runner(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the pages from starting real processes; tests/browser does that."""
    monkeypatch.setattr("cvexplore.runs.runner.ensure", lambda folder=None: None)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_without_an_error(name: str) -> None:
    app = opened(name)
    assert not app.exception
    assert not app.error
    assert app.title


def test_the_menu_leads_to_every_page() -> None:
    text = (ROOT / "cvexplore" / "ui" / "main.py").read_text()
    assert all(f'"{page}"' in text for page in PAGES)


@pytest.mark.parametrize("name", ["home", "compare", "evolution", "recommend"])
def test_pages_that_only_list_never_import_torch(name: str) -> None:
    code = (
        "import sys; sys.path.insert(0, 'tests/pages'); from test_pages import opened; "
        f"app = opened({name!r}); assert not app.exception; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


# ------------------------------------------------------------------ compare


def test_compare_filters_by_kind_and_text() -> None:
    app = opened("compare")
    app.text_input(key="q").set_value("convnext").run()
    assert not app.exception
    names = app.dataframe[0].value["Name"]
    assert len(names) > 30
    assert names.str.contains("convnext").all()


def test_compare_says_what_to_do_when_nothing_matches() -> None:
    app = opened("compare")
    app.text_input(key="q").set_value("no such thing").run()
    assert "Nothing matches" in app.info[0].value


def test_compare_builds_the_picked_ones_side_by_side() -> None:
    app = opened("compare", pick=["torchvision/resnet18", "torchvision/vit_b_16"])
    side = app.dataframe[1].value.set_index("")
    assert side.loc["Parameters", "torchvision/resnet18"] == "11,689,512"
    assert side.loc["Parameters", "torchvision/vit_b_16"] == "86,567,656"
    assert side.loc["Joins", "torchvision/resnet18"] == "8"


def test_compare_says_what_differs_and_draws_the_stages() -> None:
    app = opened("compare", pick=["torchvision/resnet18", "torchvision/vit_b_16"])
    said = [each.value for each in app.markdown]
    assert any("attends in 12 layers, where the other has none" in each for each in said)
    assert len(app.dataframe) == 4
    assert app.dataframe[2].value["Map"][0] == "112 × 112"
    assert list(app.dataframe[3].value["Map"]) == ["14 × 14", "197", "vector"]


def test_compare_limits_spans_and_years() -> None:
    from cvexplore.catalog import find

    app = opened("compare", kind=["transformer"], parameters=["no less", "30"])
    names = list(app.dataframe[0].value["Name"])
    assert 50 < len(names) < 300
    assert all(find(name).kind == "transformer" for name in names)
    assert all(find(name).parameters <= 30e6 for name in names)
    app.slider(key="years").set_value((2022, 2026)).run()
    fewer = list(app.dataframe[0].value["Name"])
    assert fewer == [name for name in names if find(name).year >= 2022]


# ------------------------------------------------------------------ recommend


def test_recommend_ranks_and_says_what_a_limit_costs() -> None:
    app = opened("recommend", max_parameters="10", max_macs="1")
    best, limits = (each.value for each in app.dataframe)
    assert best["Name"][0] == "torchvision/efficientnet_b1"
    assert (best["Parameters (M)"] <= 10).all()
    assert (best["MACs (G)"] <= 1).all()
    rows = limits.set_index("Limit")
    assert "efficientnet_b2" in rows.loc["Multiply-adds at most (G)", "The best of these"]


def test_recommend_says_what_to_do_when_nothing_fits() -> None:
    app = opened("recommend")
    app.number_input(key="max_parameters").set_value(0.001).run()
    assert not app.exception
    assert "which to raise" in app.info[0].value


# ------------------------------------------------------------------ anatomy


def test_anatomy_turns_a_knob_and_rebuilds() -> None:
    app = opened("anatomy", arch="cvexplore/vit")
    before = app.metric[0].value
    app.number_input(key="cvexplore/vit.image_size").set_value(448).run()
    assert not app.exception
    assert before == "86.6 M"
    assert app.metric[0].value == "87.0 M"  # 588 more positions of 768 numbers


def test_anatomy_says_in_one_sentence_what_is_impossible() -> None:
    app = opened("anatomy", arch="cvexplore/vit")
    app.number_input(key="cvexplore/vit.image_size").set_value(230).run()
    assert "does not divide" in app.error[0].value


def test_anatomy_s_rows_add_up_at_every_depth() -> None:
    app = opened("anatomy", arch="torchvision/resnet18", view="Table")
    for depth in (1, 2, 3):
        app.slider(key="depth.torchvision/resnet18.").set_value(depth).run()
        assert app.dataframe[0].value["Parameters"].sum() == 11_689_512


# ------------------------------------------------------------------ attention


SAID_BY = {
    "Objects": "queries name an object",
    "Look": "weights × values give the layer's real output",
    "Heads": "A row is a layer, a square a head",
    "Whole network": "The map if the network ended after this layer",
    "Step by step": "All numbers are those of the network on this image",
}


@pytest.mark.parametrize(
    ("name", "view"),
    [
        ("cvexplore/detr", "Objects"),
        *(
            (name, view)
            for name in ("cvexplore/vit", "cvexplore/swin", "cvexplore/detr")
            for view in ("Look", "Heads", "Whole network", "Step by step")
        ),
    ],
)
def test_each_view_of_attention_opens_for_the_networks_that_learned(name: str, view: str) -> None:
    app = opened("attention", arch=name, view=view)
    assert not app.exception
    assert not app.error
    said = [each.value for each in app.caption]
    for other, words in SAID_BY.items():
        assert any(words in each for each in said) == (other == view)


def test_attention_between_channels_is_told_and_shown_as_matrices() -> None:
    app = opened("attention", arch="timm/xcit_nano_12_p16_224", view="Look")
    layer = next(each for each in app.selectbox if each.label == "Layer")
    layer.set_value("blocks.0.attn").run()
    assert not app.exception
    assert "between channels" in app.info[0].value
    assert sheet(app, "The matrices of blocks.0.attn")["tiles"] == 4


# ------------------------------------------------------------------ feature maps


def test_feature_maps_reads_an_espresso() -> None:
    app = opened("feature_maps", view="Layer")
    labels = [each.proto.text for each in app.get("progress")]
    assert labels[0].startswith("espresso · 95")
    assert sheet(app, "All channels")["tiles"] == 40


def test_feature_maps_of_an_uploaded_photo() -> None:
    import skimage.data

    app = opened("feature_maps")
    cat = (Path(skimage.data.__file__).parent / "chelsea.png").read_bytes()
    app.file_uploader[0].upload("cat.png", cat, "image/png").run()
    labels = [each.proto.text for each in app.get("progress")]
    assert not app.exception
    assert all("cat" in label or "tabby" in label for label in labels[:3])


def test_a_text_file_named_png_gets_one_sentence() -> None:
    app = opened("feature_maps")
    app.file_uploader[0].upload("notes.png", b"hello", "image/png").run()
    assert not app.exception
    assert "not an image" in app.error[0].value


def test_random_weights_are_called_random() -> None:
    app = opened("feature_maps", model="torchvision/squeezenet1_1", weights="random")
    assert any("Random weights" in each.value for each in app.caption)


def test_published_weights_are_fetched_only_when_asked() -> None:
    app = opened("feature_maps", model="torchvision/squeezenet1_1", weights="pretrained")
    assert "not on this machine" in app.info[0].value
    assert [each.label for each in app.button] == ["Download them"]


# ------------------------------------------------------------------ train and runs


def test_train_submits_the_recipe_on_the_form() -> None:
    app = opened("train", data="digits", schedule="one_cycle")
    app.number_input(key="train.0.epochs").set_value(2)
    next(each for each in app.button if each.label == "Launch").click().run()
    (run,) = RunStore().runs()
    assert run.state == "queued"
    assert (run.config.dataset.name, run.config.schedule.name) == ("digits", "one_cycle")
    assert run.config.epochs == 2


def test_train_says_why_a_network_does_not_fit() -> None:
    app = opened("train", train="torchvision/alexnet")
    assert "features.5" in app.warning[0].value
    assert next(each for each in app.button if each.label == "Launch").disabled


def test_runs_says_what_to_do_when_there_are_none() -> None:
    assert "No runs yet" in opened("runs").info[0].value


def test_runs_shows_the_curves_of_the_run_in_the_link() -> None:
    store = RunStore()
    wanted = store.submit(RunConfig(dataset=Choice("digits")))
    store.submit(RunConfig())
    store.begin(wanted, 0, 10)
    store.record(wanted, [MetricPoint(1, "train", "loss", 2.5, 0.1)], 1, 10)
    app = opened("runs", run=wanted)
    assert not app.exception
    assert any(r"cvexplore/simple\_cnn on digits" in each.value for each in app.subheader)
    sent = [json.loads(each.proto.json) for each in app.get("bidi_component")]
    assert any("2.5" in json.dumps(each) for each in sent)
