"""The button that measures, how far it is, and the rows for a table, without a browser."""

import time
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from cvexplore.timing import Progress, stored, usual_threads
from cvexplore.timing.store import keep
from cvexplore.ui.measuring import timing_rows
from tests.timing.conftest import timing

RESNET, FLOW = "torchvision/resnet18", "torchvision/raft_small"


def script() -> None:
    import streamlit as st

    from cvexplore.ui.measuring import measuring, timing_rows

    names = st.session_state.get("names", [])
    st.dataframe(timing_rows(names, measuring(names)))


class Handle:
    """A measurement that goes as far as a test says."""

    started: "list[Handle]"

    def __init__(self, names: list[str]) -> None:
        self.names = tuple(names)
        self.progress = Progress(names[0], "warming up", 0.25)
        self.errors: dict[str, str] = {}
        self.done = False

    @classmethod
    def start(cls, names: list[str]) -> "Handle":
        cls.started.append(cls(names))
        return cls.started[-1]

    def cancel(self) -> None:
        self.done = True


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Handle]:
    """Return the measurements that the page starts; none is real."""
    Handle.started = []
    monkeypatch.setattr("cvexplore.ui.measuring.Measuring", Handle)
    return Handle.started


def opened(*names: str) -> AppTest:
    app = AppTest.from_function(script, default_timeout=60)
    app.session_state["names"] = list(names)
    app.run()
    assert not app.exception
    return app


def bars(app: AppTest) -> list[str]:
    return [each.proto.text for each in app.get("progress")]


def press(app: AppTest, label: str) -> None:
    next(each for each in app.button if each.label == label).click().run()
    assert not app.exception


def test_it_says_what_it_will_do_and_where(started: list[Handle]) -> None:
    app = opened(RESNET)
    said = app.caption[0].value
    assert "random weights" in said
    assert timing().machine in said
    assert f"{usual_threads()} thread" in said
    assert "detector" not in said
    assert "A run trains" not in said
    assert not started
    assert app.dataframe[0].value.empty


def test_it_warns_where_times_will_mislead(started: list[Handle]) -> None:
    from cvexplore.runs import RunStore
    from cvexplore.training.config import RunConfig

    RunStore().submit(RunConfig())
    said = opened("torchvision/ssd300_vgg16").caption[0].value
    assert "A run trains on this machine now" in said
    assert "a detector finds nothing" in said


def test_a_measurement_is_shown_until_it_ends(started: list[Handle]) -> None:
    app = opened(RESNET, FLOW)
    press(app, "Measure on this machine")
    (handle,) = started
    assert handle.names == (RESNET, FLOW)
    assert bars(app) == [f"{RESNET} (1 of 2): warming up"]
    assert [each.label for each in app.button] == ["Cancel"]
    handle.progress = Progress(FLOW, "one image", 0.75)
    app.run()
    assert bars(app) == [f"{FLOW} (2 of 2): one image"]
    keep(timing(threads=usual_threads(), when=time.time()))
    handle.errors[FLOW] = "It is too large."
    handle.done = True
    app.run()
    assert not bars(app)
    assert [each.value for each in app.error] == ["It is too large."]
    assert list(app.dataframe[0].value.columns) != []


def test_only_what_is_not_known_is_measured_then_all_again(started: list[Handle]) -> None:
    keep(timing(RESNET, threads=usual_threads()))
    app = opened(RESNET, FLOW)
    press(app, "Measure on this machine")
    assert started[-1].names == (FLOW,)
    keep(timing(FLOW, threads=usual_threads()))
    started[-1].done = True
    app.run()
    press(app, "Measure again")
    assert started[-1].names == (RESNET, FLOW)


def test_cancel_ends_it_at_once(started: list[Handle]) -> None:
    app = opened(RESNET)
    press(app, "Measure on this machine")
    press(app, "Cancel")
    assert started[0].done
    assert not bars(app)
    assert [each.label for each in app.button] == ["Measure on this machine"]


def test_without_names_there_is_nothing_to_press(started: list[Handle]) -> None:
    assert opened().button[0].disabled


def test_other_threads_are_another_measurement(started: list[Handle]) -> None:
    keep(timing(threads=usual_threads() + 1))
    assert opened(RESNET).button[0].label == "Measure on this machine"


@pytest.mark.process
@pytest.mark.xdist_group("measuring")
def test_a_real_measurement_fills_the_table() -> None:
    app = opened("cvexplore/simple_cnn")
    press(app, "Measure on this machine")
    end = time.monotonic() + 60
    while bars(app):
        assert time.monotonic() < end
        time.sleep(0.5)
        app.run()
        assert not app.exception
    (kept,) = stored(threads=usual_threads()).values()
    assert not app.error
    cells = timing_rows([kept.name], {kept.name: kept})
    assert app.dataframe[0].value.astype(str).to_dict("list") == {
        key: [str(value) for value in values] for key, values in cells.items()
    }


# ------------------------------------------------------------------ rows


def test_rows_have_a_cell_a_name_in_the_names_order() -> None:
    flow = replace(timing(FLOW), batch=1, images_per_second=0.4, latency_ms=2507.13)
    rows = timing_rows([FLOW, "timm/resnet50", RESNET], {RESNET: timing(), FLOW: flow})
    assert rows["Latency, 1 image"] == ["2,507 ms", "–", "30.0 ms"]
    assert rows["Middle half of passes"][2] == "29.0 to 32.5 ms"
    assert rows["Images per second"] == ["0.40 pairs, batch of 1", "–", "40.0, batch of 16"]
    assert rows["Peak memory, 1 image"][2] == "73 MB"
    assert rows["Peak memory, batch"][2] == "–, batch of 16"
    assert rows["Measured on"][2].startswith(timing().machine)
    assert all(len(cells) == 3 for cells in rows.values())


def test_without_timings_there_are_no_rows() -> None:
    assert timing_rows([RESNET], {}) == {}
    assert timing_rows([RESNET], {FLOW: timing(FLOW)}) == {}
