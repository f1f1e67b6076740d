"""The views that explain a run, on the page that shows it, without a browser."""

import pytest
from streamlit.testing.v1 import AppTest

from cvexplore.plugins import Choice
from cvexplore.runs import RunStore, worker
from cvexplore.training.config import RunConfig
from cvexplore.training.metrics import square
from cvexplore.ui.pictures import handed, number_handed
from tests.pages.test_pages import no_runner, opened, sheet

__all__ = ["no_runner"]

TINY = RunConfig(dataset=Choice("digits", {"image_size": 8}), epochs=2, snapshots=0)


def trained(config: RunConfig = TINY) -> str:
    store = RunStore()
    run = store.run(store.submit(config, state="starting"))
    assert worker.work(store, run) == "finished"
    return run.id


def said(app: AppTest) -> str:
    assert not app.exception
    return " ".join(each.value for each in (*app.caption, *app.info, *app.markdown, *app.subheader))


def test_a_picked_square_shows_its_pictures_and_one_goes_to_feature_maps() -> None:
    run = trained()
    counts = square(RunStore().vectors(run, "confusion", split="validation")[-1].values)
    wrong = counts.copy()
    wrong[range(10), range(10)] = 0
    true, answer = divmod(int(wrong.argmax()), 10)
    app = opened("runs", run=run, view="Classes")
    app.session_state[f"classes.picked.{run}"] = (true, answer)
    app.run()
    assert f"{true}, taken for {answer}" in said(app)
    assert f"{counts[true, answer]:,.0f} of its {counts[true].sum():,.0f} validation" in said(app)
    assert sheet(app, "Validation pictures")["tiles"] == counts[true, answer]

    number = said(app).rpartition("no. ")[2].split()[0]
    maps = opened(
        "feature_maps",
        model="cvexplore/simple_cnn",
        weights=f"run:{run}",
        picture=handed("digits", int(number)),
    )
    assert not maps.exception
    samples = sheet(maps, "Pictures of the data set")
    assert samples["captions"][samples["selected"]].endswith(f"{true} · no. {number}")


def test_a_run_without_weights_says_when_they_come() -> None:
    store = RunStore()
    run = store.submit(TINY)
    assert store.claim()
    store.begin(run, 0, 10)
    assert "left no weights yet" in said(opened("runs", run=run, view="Mistakes"))


@pytest.mark.parametrize(
    ("word", "number"), [("digits:7", 7), ("shapes:7", None), ("", None), ("digits:x", None)]
)
def test_a_link_hands_over_a_picture_of_its_own_data_only(word: str, number: int | None) -> None:
    assert number_handed(word, "digits") == number
