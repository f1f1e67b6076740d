"""The view While it learns, without a browser."""

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import SelectSlider

from cvexplore import catalog, images
from cvexplore.plugins import Choice
from cvexplore.runs import Run, RunStore, snapshots, worker
from cvexplore.training import RunConfig
from tests.pages.test_pages import no_runner, opened

__all__ = ["no_runner"]

MODEL = "cvexplore/simple_cnn"
VIEW = "While it learns"


def trained(count: int = 5) -> Run:
    """Return a run of twelve steps that kept so many moments."""
    config = RunConfig(
        options={"width": 4, "hidden": 16},
        dataset=Choice("shapes", {"count": 200, "image_size": 16}),
        batch_size=32,
        steps=12,
        learning_rate=0.02,
        snapshots=count,
    )
    store = RunStore()
    run_id = store.submit(config)
    run = store.claim()
    assert run
    assert worker.work(store, run) == "finished"
    return store.run(run_id)


def learning(run: Run, at: str = "") -> AppTest:
    return opened("feature_maps", model=MODEL, weights=f"run:{run.id}{at}", view=VIEW)


def slider(app: AppTest) -> SelectSlider:
    return next(each for each in app.select_slider if each.label == "Step")


def answers(app: AppTest) -> dict[str, str]:
    """Return the class probabilities that the view draws, after those of the page."""
    texts = [each.proto.text for each in app.get("progress")]
    return dict(text.split(" · ") for text in texts[-6:])


def test_the_slider_moves_through_the_kept_moments_and_tells_what_each_answers() -> None:
    run = trained()
    app = learning(run)
    assert not app.exception
    assert not app.error
    steps = snapshots.moments(5, 12)
    assert slider(app).options == [f"{step:,}" for step in steps]
    assert slider(app).value == 12
    seen = []
    for step in (0, steps[2], 12):
        slider(app).set_value(step).run()
        assert not app.exception
        seen.append(answers(app))
        network = catalog.build(MODEL, weights=f"run:{run.id}@{step}").eval()
        labels = catalog.labels(MODEL, f"run:{run.id}")
        data = _first_sample(run)
        likely = network(data).softmax(1)[0]
        expected = {name: f"{likely[place]:.1%}" for place, name in enumerate(labels)}
        assert seen[-1].items() <= expected.items()
    assert [list(each) for each in seen] == [list(seen[0])] * 3  # bars keep their places
    assert seen[0] != seen[-1]


def _first_sample(run: Run):
    """Return the picture that the page begins with, as the network takes it."""
    from cvexplore.training.datasets import DATASETS

    dataset = DATASETS.bind(run.config.dataset)()
    first = dataset.images[dataset.one_of_each(rows=2)][0]
    return images.prepare(
        images.from_array(first.numpy()), catalog.preparation(MODEL, f"run:{run.id}")
    )


def test_a_link_to_a_moment_opens_at_that_moment() -> None:
    run = trained()
    app = learning(run, at="@3")
    assert not app.exception
    moment = next(each for each in app.select_slider if each.label == "Moment")
    assert (moment.value, slider(app).value) == (3, 3)
    moment.set_value(0).run()
    assert not app.exception
    assert slider(app).value == 0


def test_a_run_without_moments_leads_to_one_that_has_some() -> None:
    bare, other = trained(0), trained(4)
    app = learning(bare)
    assert "kept no snapshots" in app.info[0].value
    app.button(key="learning.see").click().run()
    assert not app.exception
    assert app.selectbox(key=f"weights.{MODEL}").value == f"run:{other.id}"
    assert len(slider(app).options) == 4


def test_weights_that_are_no_runs_lead_to_a_run() -> None:
    run = trained(3)
    app = opened("feature_maps", view=VIEW)
    assert "not those of a training run" in app.info[0].value
    app.button(key="learning.see").click().run()
    assert app.selectbox(key="model").value == MODEL
    assert app.selectbox(key=f"weights.{MODEL}").value == f"run:{run.id}"
    assert len(slider(app).options) == 3


def test_without_any_run_it_says_how_to_make_one() -> None:
    app = opened("feature_maps", model=MODEL, view=VIEW)
    assert not app.exception
    assert "Snapshots" in app.info[0].value
    assert "train" in [each.proto.page for each in app.get("page_link")]


def test_what_was_stopped_shows_what_there_is_and_goes_on() -> None:
    run = trained()
    app = learning(run)
    (seen,) = app.session_state["learning.seen"].values()
    for step in sorted(seen.moments)[2:]:
        del seen.moments[step]
    seen.stopped = True
    app.run()
    assert len(slider(app).options) == 2
    assert "2 of 5 moments looked at." in [each.value for each in app.caption]
    app.button(key="learning.on").click().run()
    assert len(slider(app).options) == 5


def test_a_run_that_keeps_fewer_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    size = snapshots.file(RunStore().folder / trained(2).id, 0).stat().st_size
    monkeypatch.setattr(snapshots, "MOST_BYTES", 3 * size)
    app = learning(trained(8))
    assert len(slider(app).options) == 3
    assert any("Keeps 3 of the 8 snapshots" in each.value for each in app.caption)
