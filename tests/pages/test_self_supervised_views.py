"""The views of what runs learned without labels: a map of pictures, and drawn patches."""

import json
from typing import Any

import pytest
import torch
from streamlit.testing.v1 import AppTest

from cvexplore.plugins import Choice
from cvexplore.runs import Run, RunStore
from cvexplore.runs.learned import approach_at, moments
from cvexplore.training import RunConfig
from cvexplore.training.approaches.simclr import VIEWS
from cvexplore.training.datasets import DATASETS
from tests.pages.test_pages import no_runner, opened
from tests.runs.conftest import train

__all__ = ["no_runner"]

SHAPES = Choice("shapes", {"count": 80, "image_size": 16})


def learned(**recipe: Any) -> Run:
    short: dict[str, Any] = {"dataset": SHAPES, "batch_size": 32, "steps": 2, "snapshots": 2}
    return train(RunStore(), RunConfig(**short | recipe))


def simclr() -> Run:
    return learned(approach=Choice("simclr"), options={"width": 4}, augmentations=VIEWS)


def mae(**options: Any) -> Run:
    network = {"patch_size": 4, "width": 32, "depth": 1, "heads": 2}
    approach = Choice("mae", options)
    return learned(approach=approach, architecture="cvexplore/vit", options=network)


def looking(run: Run) -> AppTest:
    app = opened("runs", run=run.id, view="Learned")
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    return " ".join(each.value for each in (*app.caption, *app.markdown, *app.subheader))


def points(app: AppTest) -> dict[str, Any]:
    (sent,) = [
        data
        for each in app.get("bidi_component")
        if "points" in (data := json.loads(each.proto.json))
    ]
    return sent


def choose(app: AppTest, words: str) -> None:
    control = next(each for each in app.button_group if words in each.options)
    control.set_value(words).run()
    assert not app.exception


def test_each_validation_picture_is_a_point() -> None:
    run = simclr()
    app = looking(run)
    sent = points(app)
    approach = approach_at(RunStore(), run, 2, DATASETS.bind(SHAPES)())
    labels = approach.dataset.labels[approach.parts.validation]
    assert len(sent["points"]) == len(labels)
    assert sent["classes"] == labels.tolist()
    assert sent["captions"] == [approach.dataset.classes[each] for each in labels]
    assert max(abs(each) for point in sent["points"] for each in point) == pytest.approx(1)
    assert "of all they vary" in said(app)
    app.select_slider[0].set_value(0).run()
    assert not app.exception
    assert points(app)["points"] != sent["points"]
    assert points(app)["classes"] == sent["classes"]


def test_neighbourhoods_are_another_map_of_the_same_pictures() -> None:
    app = looking(simclr())
    flat = points(app)
    choose(app, "Neighbourhoods (t-SNE)")
    assert points(app)["points"] != flat["points"]
    assert points(app)["sheet"] == flat["sheet"]
    assert "means nothing" in said(app)


def test_what_is_hidden_is_drawn_at_any_share_and_moment() -> None:
    run = mae()
    assert moments(RunStore(), run) == (0, 2)
    app = looking(run)
    assert "What the network saw" in said(app)
    assert "the mean of all training pictures" in said(app)
    assert "lent" not in said(app)
    (share,) = (each for each in app.slider if each.label == "Share that is hidden")
    assert share.value == 0.75
    before = said(app)
    share.set_value(0.25).run()
    assert said(app) != before
    before = said(app)
    (seed,) = (each for each in app.number_input if each.label == "Seed")
    seed.set_value(7).run()
    assert not app.exception
    assert said(app) != before


def test_a_picture_of_the_data_set_can_stand_for_ones_own() -> None:
    app = looking(mae(normalised=True))
    choose(app, "A picture of yours")
    assert "**The picture**" in said(app)
    assert "lent" in said(app)


# ------------------------------------------------------------------ turns and prototypes


def test_turns_are_told_right_as_often_as_the_run_measured() -> None:
    run = learned(approach=Choice("rotation"), options={"width": 4}, steps=8, batch_size=16)
    app = looking(run)
    assert "which way up" in said(app)
    table = next(each.value for each in app.dataframe if "Turns told right" in each.value)
    approach = approach_at(RunStore(), run, run.steps, DATASETS.bind(SHAPES)())
    order = approach.parts.validation
    right, asked = dict.fromkeys(approach.names, 0), dict.fromkeys(approach.names, 0)
    for place in order.tolist():
        picture = approach.drawn(torch.tensor([place])).images
        for quarters in range(4):
            turned = approach.prepared(picture.rot90(quarters, (2, 3)))
            with torch.no_grad():
                told = approach.turns(approach.features(turned)).argmax().item()
            name = approach.names[int(approach.dataset.labels[place])]
            right[name] += told == quarters
            asked[name] += 1
    for _, row in table.iterrows():
        assert row["Turns told right"] == pytest.approx(right[row["Class"]] / asked[row["Class"]])


def test_prototypes_are_shown_with_what_goes_to_them() -> None:
    run = learned(approach=Choice("dino", {"prototypes": 5}), options={"width": 4})
    app = looking(run)
    approach = approach_at(RunStore(), run, run.steps, DATASETS.bind(SHAPES)())
    order = approach.parts.validation
    with torch.no_grad():
        pictures = approach.prepared(approach.drawn(order).images)
        nearest = approach.projection(approach.features(pictures)).argmax(1)
    counts = nearest.bincount(minlength=5)
    assert f"{len(order)} validation pictures go to {(counts > 0).sum()} of 5" in said(app)
    for prototype, count in enumerate(counts.tolist()):
        if count:
            labels = approach.dataset.labels[order[nearest == prototype]].bincount()
            assert f"{count} pictures, {labels.max() / count:.0%} of them" in said(app)
