"""The page that watches, steers and keeps runs, without a browser."""

import asyncio
import json
import math
import subprocess
import sys

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from cvexplore.plugins import Choice
from cvexplore.runs import RunStore
from cvexplore.runs.records import Curve
from cvexplore.training.config import Change, MetricPoint, RunConfig
from cvexplore.ui.runs import curves, owner, progress
from cvexplore.ui.runs.owner import BrowserCookie
from tests.pages.test_pages import ROOT, no_runner, opened

__all__ = ["no_runner"]

DIGITS = RunConfig(dataset=Choice("digits"), epochs=4)


def running(
    config: RunConfig = DIGITS, *, steps: int = 100, done: int = 30, rate: float = 0.1, **about: str
) -> str:
    """Enter a run that trains: each step takes ``rate`` seconds, each epoch has 25 steps."""
    store = RunStore()
    run_id = store.submit(config, **about)
    assert store.claim()
    store.begin(run_id, 0, steps)
    points = []
    for step in range(1, done + 1):
        points += [
            MetricPoint(step, "train", "loss", 2.5 / step, rate * step),
            MetricPoint(step, "train", "learning_rate", 1e-3, rate * step),
        ]
        if step % 25 == 0:
            points.append(MetricPoint(step, "validation", "loss", 1.0, rate * step))
            points.append(MetricPoint(step, "validation", "accuracy", 0.75, rate * step))
    store.record(run_id, points, done, steps)
    return run_id


def press(app: AppTest, label: str) -> AppTest:
    next(each for each in app.button if each.label == label).click().run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    return " ".join(each.value for each in (*app.caption, *app.info, *app.warning, *app.markdown))


def chart(app: AppTest) -> dict:
    (sent,) = [json.loads(each.proto.json) for each in app.get("bidi_component")]
    return sent


def drawn(app: AppTest, panel: str) -> list[dict]:
    return next(each for each in chart(app)["panels"] if each["title"] == panel)["curves"]


# ------------------------------------------------------------------ the list


def test_the_list_is_narrowed_down_by_words() -> None:
    store = RunStore()
    store.submit(RunConfig(), name="Baseline", tags=("paper",))
    store.submit(DIGITS, name="Other")
    app = opened("runs")
    assert list(app.dataframe[0].value["Name"]) == ["Other", "Baseline"]
    app.text_input(key="find").set_value("mnist PAPER").run()
    assert list(app.dataframe[0].value["Name"]) == ["Baseline"]
    app.text_input(key="find").set_value("nothing like that").run()
    assert not app.dataframe
    assert "No run is like that" in said(app)


def test_mine_and_active_show_those_runs_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cvexplore.ui.runs.listing.owner", lambda: "me")
    store = RunStore()
    store.submit(DIGITS, owner="me", name="Of mine")
    ended = store.submit(DIGITS, owner="you", name="Of yours")
    store.want(ended, "stop")
    app = opened("runs")
    assert list(app.dataframe[0].value["Whose"]) == ["", "yours"]
    app.segmented_control(key="show").set_value("Mine").run()
    assert list(app.dataframe[0].value["Name"]) == ["Of mine"]
    app.segmented_control(key="show").set_value("Active").run()
    assert list(app.dataframe[0].value["State"]) == ["queued"]


def test_ticked_runs_are_compared_and_keep_their_ticks_when_another_comes() -> None:
    store = RunStore()
    first, second = store.submit(DIGITS), store.submit(DIGITS)
    app = opened("runs", run=first)

    def link() -> str:
        found = [each.proto for each in app.get("page_link")]
        return next(each.query_string for each in found if each.page.endswith("compare_runs"))

    assert link() == "runs="
    ticks = {"selection": {"rows": [0, 1], "columns": [], "cells": []}}
    app.session_state["runs.table"] = ticks
    app.run()
    assert link().replace("%2C", ",") == f"runs={second},{first}"
    store.submit(DIGITS)
    app.run()
    assert app.session_state["runs.table"]["selection"]["rows"] == [1, 2]
    assert link().replace("%2C", ",") == f"runs={second},{first}"


def test_a_thousand_runs_are_listed_without_reading_their_measurements(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = RunStore()
    run_id = store.submit(DIGITS)
    with store._transaction() as database:
        columns = [row["name"] for row in database.execute("PRAGMA table_info(runs)")]
        row = dict(database.execute("SELECT * FROM runs WHERE id = ?", (run_id,)).fetchone())
        marks = ", ".join("?" * len(columns))
        names = ", ".join(f'"{name}"' for name in columns)
        rows = [list((row | {"id": f"run-{i}"}).values()) for i in range(999)]
        database.executemany(f"INSERT INTO runs ({names}) VALUES ({marks})", rows)
    asked: list[str] = []
    read = RunStore.metrics

    def metrics(self: RunStore, run: str, since: int = 0) -> tuple[list[MetricPoint], int]:
        asked.append(run)
        return read(self, run, since)

    monkeypatch.setattr(RunStore, "metrics", metrics)
    app = opened("runs", run=run_id)
    assert not app.exception
    assert len(app.dataframe[0].value) == 1000
    assert set(asked) == {run_id}


def test_the_page_opens_without_torch() -> None:
    run_id = running()
    code = (
        "import sys; sys.path.insert(0, 'tests/pages'); from test_pages import opened; "
        "from cvexplore.runs import runner; runner.ensure = lambda folder=None: None; "
        f"app = opened('runs', run={run_id!r}); assert not app.exception; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


# ------------------------------------------------------------------ watching


def test_the_time_left_is_told_by_the_last_steps() -> None:
    run = RunStore().run(running(steps=1000, done=2))
    slow = [10.0 * step for step in range(1, 101)]
    fast = [slow[-1] + 0.1 * step for step in range(1, 301)]
    known = curves.Series(run.id)
    loss = Curve(list(range(1, 401)), [1.0] * 400, slow + fast)
    known.curves["train", "loss"] = loss
    assert progress.seconds_left(run, known) == pytest.approx(0.1 * 600)
    known.curves["train", "loss"] = Curve([1], [1.0], [0.1])
    assert progress.seconds_left(run, known) is None


def test_images_per_second_are_those_between_the_steps() -> None:
    config = RunConfig(dataset=Choice("digits"), batch_size=32, accumulate=2)
    run = RunStore().run(running(config))
    known = curves.Series(run.id)
    seconds = [0.5 * step if step <= 50 else 25 + 2.0 * (step - 50) for step in range(1, 101)]
    known.curves["train", "loss"] = Curve(list(range(1, 101)), [1.0] * 100, seconds)
    found = curves.speed(known, run)
    assert found.values[:49] == pytest.approx([64 / 0.5] * 49)
    assert found.values[49:] == pytest.approx([64 / 2.0] * 50)


def test_smoothing_is_the_mean_of_all_so_far_with_weights_that_fall_by_the_same_share() -> None:
    values = np.random.default_rng(0).normal(size=50)
    found = curves.smoothed(values.tolist(), 0.9)
    for end in range(1, 51):
        weights = 0.9 ** np.arange(end)[::-1]
        assert found[end - 1] == pytest.approx((weights * values[:end]).sum() / weights.sum())
    gap = curves.smoothed([1.0, math.nan, 3.0], 0.5)
    assert math.isnan(gap[1])
    assert gap[2] == pytest.approx((0.5 * 1 + 3) / 1.5)


def test_thinning_keeps_every_spike_and_the_ends() -> None:
    values = np.random.default_rng(1).normal(size=12_345)
    values[5_000], values[7_777] = 99.0, -99.0
    kept = curves.thinned(values.tolist(), 400)
    assert {0, 5_000, 7_777, 12_344} - {0} <= set(kept)
    assert kept == sorted(kept)
    assert len(kept) <= 400 + 400 // 2  # the rest of the last stretch is kept whole
    assert curves.thinned([1.0] * 400, 400) == list(range(400))


def test_what_is_smoothed_has_its_measurements_as_a_shadow() -> None:
    app = opened("runs", run=running())
    shadow, smooth, validation = drawn(app, "Loss")
    assert (shadow["faint"], smooth["faint"], validation["faint"]) == (True, False, False)
    assert shadow["label"] == smooth["label"] == "train"
    assert shadow["y"] == pytest.approx([2.5 / step for step in range(1, 31)], rel=1e-4)
    assert smooth["y"] != shadow["y"]
    app.slider(key="smoothing").set_value(0.0).run()
    raw, _ = drawn(app, "Loss")
    assert raw["y"] == shadow["y"]


def test_the_axis_counts_steps_epochs_or_seconds_and_changes_are_marked_on_it() -> None:
    run_id = running()
    RunStore().record(run_id, (), 30, 100, changes=(Change(25, "learning_rate", 1e-4),))
    app = opened("runs", run=run_id)
    assert chart(app)["markers"] == [{"x": 25, "label": "Learning rate 0.0001"}]
    assert "learning rate 0.0001 from step 25 on" in said(app)
    app.segmented_control(key="over").set_value("Epochs").run()
    assert chart(app)["axis"] == "epoch"
    assert drawn(app, "Loss")[-1]["x"] == [1]  # validation, at the end of the first epoch
    assert chart(app)["markers"][0]["x"] == 1
    app.segmented_control(key="over").set_value("Seconds").run()
    assert drawn(app, "Loss")[-1]["x"] == [2.5]
    assert chart(app)["markers"][0]["x"] == pytest.approx(2.5)


def test_a_log_axis_and_other_panels_stand_in_the_link() -> None:
    app = opened("runs", run=running(), log="true", panels="Loss")
    (panel,) = chart(app)["panels"]
    assert (panel["title"], panel["log"]) == ("Loss", True)


def test_only_what_is_new_is_read_and_all_of_a_run_that_went_back() -> None:
    run_id = running()
    app = opened("runs", run=run_id)
    series = app.session_state["runs.series"]
    number = series.number
    assert number > 0
    store = RunStore()
    store.record(run_id, [MetricPoint(31, "train", "loss", 7.0, 3.1)], 31, 100)
    app.run()
    assert app.session_state["runs.series"] is series
    assert series.of("train", "loss").values[-1] == 7.0
    assert len(series.of("train", "loss").steps) == 31
    store.end(run_id, "lost")
    store.resume(run_id)
    store.claim()
    store.begin(run_id, 10, 100)  # from a checkpoint before anything was recorded
    store.record(run_id, [MetricPoint(11, "train", "loss", 0.5, 1.1)], 11, 100)
    app.run()
    assert app.session_state["runs.series"].of("train", "loss").values == [0.5]


@pytest.mark.parametrize(
    ("state", "message", "told"),
    [
        ("failed", "The *loss* is no number.", r"The \*loss\* is no number. To try again, clone"),
        ("lost", "Its process ended by SIGKILL.", "SIGKILL. Press Go on to continue"),
    ],
)
def test_a_run_that_went_wrong_says_what_to_do(state: str, message: str, told: str) -> None:
    run_id = running()
    RunStore().end(run_id, state, message)
    app = opened("runs", run=run_id)
    assert told in app.warning[0].value
    assert any(each.label == "Go on" for each in app.button)


def test_a_waiting_run_tells_its_place() -> None:
    store = RunStore()
    store.submit(DIGITS)
    second = store.submit(DIGITS)
    assert "Number 2 in the queue" in said(opened("runs", run=second))


def test_the_newest_run_with_several_epochs_is_on_the_first_page() -> None:
    run_id = running(done=60)
    store = RunStore()
    store.submit(DIGITS)
    assert curves.accuracy_so_far(store, store.runs()) == [0.75, 0.75]
    assert store.run(run_id).step == 60


def test_a_run_that_diverged_shows_the_batch_it_happened_on() -> None:
    run_id = running()
    store = RunStore()
    (store.folder / run_id).mkdir()
    about = {"step": 31, "layer": "features.0", "pictures": [3, 5, 7]}
    (store.folder / run_id / "diverged.json").write_text(json.dumps(about))
    store.end(run_id, "failed", "The loss is not a number.")
    app = opened("runs", run=run_id)
    assert "At step 31. The first layer that went wrong is features.0." in said(app)
    next(each for each in app.toggle if each.label == "Show its pictures").set_value(True).run()
    assert not app.exception
    assert any("3 pictures of the batch" in str(each.proto) for each in app.get("image"))


# ------------------------------------------------------------------ control


def button(app: AppTest, label: str):
    return next(each for each in app.button if each.label == label)


def test_stop_and_pause_are_asked_for_and_said_at_once() -> None:
    run_id = running()
    app = press(opened("runs", run=run_id), "Pause")
    assert RunStore().run(run_id).want == "pause"
    assert "Asked to pause" in said(app)
    assert button(app, "Pause").disabled
    assert not button(app, "Stop").disabled
    press(app, "Stop")
    assert RunStore().run(run_id).want == "stop"
    assert "Asked to stop" in said(app)
    assert button(app, "Stop").disabled


def test_a_paused_run_goes_on() -> None:
    run_id = running()
    store = RunStore()
    store.want(run_id, "pause")
    store.end(run_id, "paused")
    app = opened("runs", run=run_id)
    assert "takes no slot" in said(app)
    press(app, "Go on")
    assert store.run(run_id).state == "queued"


def test_what_is_steered_is_asked_of_the_run_and_what_cannot_be_says_why() -> None:
    run_id = running()
    app = opened("runs", run=run_id)
    assert button(app, "Apply").disabled  # nothing is changed yet
    closed = [each for each in app.text_input if each.label == "Strength"]
    assert [each.disabled for each in closed] == [True]
    assert "no augmentation" in said(app)
    rate = next(each for each in app.number_input if each.label == "Learning rate")
    rate.set_value(5e-4).run()
    press(app, "Apply")
    (wish,) = RunStore().wishes(run_id)
    assert (wish.name, wish.value) == ("learning_rate", 5e-4)
    assert "Asked: learning rate 0.0005; at the next step." in said(app)


def test_a_run_that_does_not_train_cannot_be_steered() -> None:
    run_id = running()
    RunStore().end(run_id, "stopped")
    app = opened("runs", run=run_id)
    assert "only a run that trains can be steered" in said(app)
    assert button(app, "Apply").disabled


def test_a_run_gets_more_epochs() -> None:
    run_id = running()
    RunStore().end(run_id, "stopped")
    app = opened("runs", run=run_id)
    next(each for each in app.number_input if each.label == "Epochs in all").set_value(9).run()
    press(app, "Add epochs")
    run = RunStore().run(run_id)
    assert run.state == "queued"
    assert run.changes[-1].name == "epochs"
    assert run.changes[-1].value == 9


# ------------------------------------------------------------------ keeping


def test_names_tags_and_notes_are_kept_and_shown_as_text() -> None:
    run_id = running()
    app = opened("runs", run=run_id)
    next(each for each in app.text_input if each.label == "Name").set_value("My *best* run")
    app.text_area[0].set_value("<b>Try</b> again")
    press(app, "Keep")
    run = RunStore().run(run_id)
    assert (run.name, run.note) == ("My *best* run", "<b>Try</b> again")
    assert any(r"My \*best\* run" in each.value for each in app.subheader)
    assert "<b>Try</b> again" in [each.value for each in app.text]


def test_a_deleted_run_is_brought_back_or_removed_for_good() -> None:
    store = RunStore()
    other, run_id = running(), store.submit(DIGITS, name="Wrong one")
    app = press(opened("runs", run=run_id), "Delete")
    assert [run.id for run in store.runs()] == [other]
    assert "Deleted Wrong one." in said(app)
    press(app, "Undo")
    assert store.run(run_id).deleted is None
    assert "Deleted Wrong one." not in said(app)
    press(app, "Delete")
    press(app, "Pause")  # the offer ends with the next thing that is done
    assert "Deleted Wrong one." not in said(app)
    app = opened("runs", show="Deleted", run=run_id)
    assert list(app.dataframe[0].value["Name"]) == ["Wrong one"]
    press(app, "Delete it for good")
    assert run_id not in [run.id for run in store.runs(deleted=True)]


def test_a_run_is_taken_along_as_its_recipe_and_weights() -> None:
    run_id = running()
    app = opened("runs", run=run_id)
    found = {each.proto.label: each.proto for each in app.get("download_button")}
    assert found["Weights (safetensors)"].disabled
    assert not found["Recipe (JSON)"].disabled
    folder = RunStore().folder / run_id
    folder.mkdir()
    (folder / "weights.safetensors").write_bytes(b"weights")
    app.run()
    found = {each.proto.label: each.proto for each in app.get("download_button")}
    assert not found["Weights (safetensors)"].disabled
    pages = [each.proto.page for each in app.get("page_link")]
    assert {"feature_maps", "attribution", "train"} <= {each.rpartition("/")[2] for each in pages}


# ------------------------------------------------------------------ whose


def test_a_browser_has_one_name_which_does_not_tell_its_cookie(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Context:
        cookies: dict[str, str] = {}  # noqa: RUF012

    monkeypatch.setattr(st, "context", Context)
    Context.cookies = {owner.COOKIE: "first"}
    mine = owner.owner()
    assert mine == owner.owner()
    assert "first" not in mine
    Context.cookies = {owner.COOKIE: "second"}
    assert owner.owner() != mine


def cookie_of(path: str, accept: bytes, sent: bytes = b"") -> bytes | None:
    """Return the cookie that the answer to a request sets."""
    answers: list[dict] = []

    async def app(scope: dict, receive: object, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: dict) -> None:
        answers.append(message)

    headers = [(b"accept", accept), (b"cookie", sent)]
    scope = {"type": "http", "path": path, "headers": headers}
    asyncio.run(BrowserCookie(app)(scope, None, send))
    return dict(answers[0]["headers"]).get(b"set-cookie")


def test_a_page_gives_a_browser_its_cookie_once_and_keeps_it() -> None:
    first = cookie_of("/runs", b"text/html,*/*")
    assert first
    assert b"HttpOnly" in first
    assert first != cookie_of("/runs", b"text/html")
    name = first.partition(b";")[0]
    assert cookie_of("/", b"text/html", b"other=1; " + name) == first
    assert cookie_of("/static/x.js", b"*/*") is None
    forged = cookie_of("/", b"text/html", f'{owner.COOKIE}="a; Path=/x"'.encode())
    assert forged
    assert b"/x" not in forged


def test_runs_of_a_session_without_a_cookie_are_its_own() -> None:
    app = opened("runs")
    other = opened("runs")
    script = "from cvexplore.ui.runs.owner import owner\nimport streamlit as st\nst.text(owner())"
    one = AppTest.from_string(script).run()
    name = one.text[0].value
    assert one.run().text[0].value == name
    assert AppTest.from_string(script).run().text[0].value != name
    assert not app.exception
    assert not other.exception
