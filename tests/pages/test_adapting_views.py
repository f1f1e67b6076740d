"""What a run learned of two domains, of several tasks, of a teacher."""

from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from cvexplore.plugins import Choice
from cvexplore.runs import Run, RunStore, worker
from cvexplore.training.approaches import standard
from tests.pages.test_pages import no_runner, opened

__all__ = ["no_runner"]

SHAPES = Choice("shapes", {"count": 80, "image_size": 16})
SMALL: dict[str, dict[str, Any]] = {
    "mmd": {"dataset": Choice("mnist_to_digits", {"count": 200, "targets": 200})},
    "multi_task": {"dataset": SHAPES},
    "distillation": {},
}


def learned(approach: str, **options: Any) -> Run:
    """Return a run of four steps that kept two moments or three."""
    short = {"steps": 4, "snapshots": 3, "batch_size": 16, "every": 1000}
    chosen = Choice(approach, options)
    store = RunStore()
    run_id = store.submit(replace(standard(approach), **SMALL[approach] | short, approach=chosen))
    run = store.claim()
    assert run
    assert worker.work(store, run) == "finished"
    return store.run(run_id)


def looked_at(run: Run) -> AppTest:
    app = opened("runs", run=run.id, view="Learned")
    assert not app.error
    return app


def said(app: AppTest) -> str:
    return " ".join(each.value for each in (*app.caption, *app.markdown, *app.subheader, *app.info))


def moved_to(app: AppTest, run: Run, step: int) -> AppTest:
    app.select_slider(key=f"learned.{run.id}.step").set_value(step).run()
    assert not app.exception
    assert not app.error
    return app


def test_both_domains_are_drawn_before_and_after() -> None:
    run = learned("mmd")
    app = looked_at(run)
    assert "**After 0 steps**" in said(app)
    assert "**After 4 steps**" in said(app)
    right = [each.label for each in app.metric if each.label.startswith("Right on")]
    assert right == ["Right on MNIST", "Right on UCI digits"] * 2
    assert len(app.get("plotly_chart")) == 2
    assert len(moved_to(app, run, 0).get("plotly_chart")) == 1


def test_tasks_are_held_against_runs_that_learned_one_alone() -> None:
    run = learned("multi_task")
    app = looked_at(run)
    assert "**Learned σ**" in said(app)
    assert "No run learned class or colour or box alone" in said(app)
    alone = learned("multi_task", only="box")
    assert "No run learned class or colour alone" in said(moved_to(app, run, 0))
    assert "**With the others, and alone**" not in said(looked_at(alone))
    assert "fixed" in said(looked_at(learned("multi_task", weighting="equal")))


@pytest.mark.parametrize("temperature", [1.0, 8.0])
def test_the_teacher_stands_beside_the_student(temperature: float) -> None:
    run = learned("distillation")
    app = looked_at(run)
    app.slider(key=f"learned.{run.id}.temperature").set_value(temperature).run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == 6
    assert "256 validation pictures" in said(app)
