"""The page Approaches, and choosing a way to learn on the page Train."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from cvexplore.plugins import Choice
from cvexplore.runs import RunStore
from cvexplore.studies.entries import studies
from cvexplore.studies.results import points, shipped
from cvexplore.training.approaches import APPROACHES, standard
from cvexplore.training.augmentations import AUGMENTATIONS
from cvexplore.training.config import RunConfig
from tests.pages.test_pages import opened

NAMES = list(APPROACHES)


@pytest.fixture(autouse=True)
def no_runner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cvexplore.runs.runner.ensure", lambda folder=None: None)


def texts(app: AppTest) -> str:
    return " ".join(each.value for each in (*app.markdown, *app.caption)).replace("\\", "")


@pytest.mark.parametrize("name", NAMES)
def test_a_link_opens_its_card(name: str) -> None:
    app = opened("approaches", approach=name)
    assert not app.exception
    card = APPROACHES[name].card
    assert card.idea in texts(app)
    assert card.fails in texts(app)
    for line in re.split(r",?\s*\\q?quad\s*", card.formula):
        assert line in app.latex[0].value


@pytest.mark.parametrize("study", sorted({row.study for row in shipped()}))
def test_a_question_shows_its_numbers_and_what_they_say(study: str) -> None:
    app = opened("approaches", question=study)
    assert not app.exception
    assert not app.error
    found = next(each for each in studies() if each.name == study)
    measured = [each for each in found.entries if points(shipped(), study, each.name)]
    entry = next((each for each in measured if not each.control), measured[0])
    own = points(shipped(), study, entry.name)
    middle = own[len(own) // 2]
    form = "{:.1%}" if found.percent else "{:.3f}"
    assert [each.value for each in app.metric] == [form.format(r.value) for r in middle.rows]


def test_repeat_launches_the_very_recipe() -> None:
    app = opened("approaches", question="labels")
    button = next(each for each in app.button if each.label == "Repeat")
    key = button.key
    button.click().run()
    assert not app.exception
    (run,) = RunStore().runs()
    row = next(row for row in shipped() if key == f"repeat.{'.'.join(map(str, row.key))}")
    assert run.config == RunConfig.from_json(row.recipe)
    assert row.entry in run.name


# ------------------------------------------------------------------ the form


@pytest.mark.parametrize("name", NAMES)
def test_a_link_fills_the_form_with_the_recipe_of_a_way_to_learn(name: str) -> None:
    app = opened("train", approach=name)
    assert not app.exception
    assert not app.error
    assert not [each for each in app.warning if "cannot" in each.value]
    app.button(key="launch").click().run()
    (run,) = RunStore().runs()
    asked = standard(name).checked()
    assert run.config.approach == asked.approach
    assert (run.config.architecture, run.config.dataset) == (asked.architecture, asked.dataset)
    assert run.config.labels == asked.labels
    assert changed(run.config) == changed(asked)


def changed(config: RunConfig) -> list[tuple[str, dict[str, Any]]]:
    """Return the augmentations with all their options: the form leaves out those that are usual."""
    return [
        (
            each.name,
            {option.name: option.default for option in AUGMENTATIONS.options(each.name)}
            | dict(each.options),
        )
        for each in config.augmentations
    ]


def test_choosing_a_way_to_learn_fills_the_form() -> None:
    app = opened("train")
    box = next(each for each in app.selectbox if each.label == "Learn by")
    box.select("simclr").run()
    assert not app.exception
    asked = app.query_params["recipe"]
    said = json.loads(asked if isinstance(asked, str) else asked[0])
    assert said["approach"]["name"] == "simclr"
    assert said["batch_size"] == standard("simclr").batch_size
    assert said["approach"] == {"name": Choice("simclr").name, "options": {}}


def test_going_back_in_the_browser_shows_what_was_there() -> None:
    app = opened("approaches", approach="dino")
    app.selectbox(key="approach").set_value("rotation").run()
    assert app.query_params["approach"] in ("rotation", ["rotation"])
    app.query_params["approach"] = "dino"
    app.run()
    assert app.selectbox(key="approach").value == "dino"
    assert APPROACHES["dino"].card.idea in texts(app)


def test_an_address_that_names_nothing_is_told() -> None:
    app = opened("approaches", approach="<b>nothing", question="labels")
    assert not app.exception
    assert "There is no way to learn called <b>nothing" in app.info[0].value.replace("\\", "")


def test_of_two_parts_the_first_is_repeated_and_called_so() -> None:
    app = opened("approaches", question="masked")
    button = next(each for each in app.button if each.label == "Repeat, first part")
    button.click().run()
    (run,) = RunStore().runs()
    assert run.config.approach.name == "mae"
    assert "first part" in run.name


def test_a_run_of_somebody_else_is_not_yours() -> None:
    store = RunStore()
    rows = [each for each in shipped() if each.entry == "Prototypical"]
    for each in rows:
        store.submit(each.config, owner="somebody else")
    app = opened("approaches", question="few_shot")
    assert sum(each.label == "Repeat" for each in app.button) == len(rows)


def test_what_each_needs_is_also_a_table() -> None:
    app = opened("approaches")
    table = next(each.value for each in app.dataframe if "Pictures" in each.value)
    assert sorted(table["Way to learn"]) == sorted(APPROACHES[name].card.title for name in NAMES)
    supervised = table[table["Way to learn"] == "Supervised"].iloc[0]
    assert supervised["Pictures"] == 4000  # of MNIST-5k a fifth is held out
    assert supervised["Minutes of labelling"] == pytest.approx(4000 * 2 / 60)


def test_what_was_in_the_way_is_asked_again_once_its_run_goes_on() -> None:
    """A teacher that still learns has no weights; the same page an hour later has to know."""
    from cvexplore.ui.training import plan

    store = RunStore()
    run_id = store.submit(standard("supervised"), owner="me")
    choice = Choice("distillation", {"teacher": f"run:{run_id}"})
    config = replace(standard("distillation"), approach=choice)
    first = plan._states(config)
    assert first == ("queued",)
    store.delete(run_id)
    store.purge(run_id)
    assert plan._states(config) != first


def test_maml_in_half_precision_is_refused_before_it_is_launched() -> None:
    from cvexplore.ui.training import plan

    fit = plan._fitting(replace(standard("maml"), precision="bf16"))
    assert fit.obstacle == "The gradient of a step of learning is only computed in fp32."
    assert not plan._fitting(standard("maml")).obstacle
