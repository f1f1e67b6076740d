"""The studies behind the page Approaches: their recipes, their table, and what is said of it."""

from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev

import pytest

from cvexplore.plugins import Choice
from cvexplore.studies import running
from cvexplore.studies.__main__ import main
from cvexplore.studies.entries import SEEDS, Entry, Study, parts, seeded, studies
from cvexplore.studies.measuring import measure
from cvexplore.studies.results import Row, points, read, shipped, short, written
from cvexplore.studies.verdicts import verdicts
from cvexplore.training import RunConfig
from cvexplore.training.approaches import APPROACHES
from cvexplore.training.loop import Training

ALL = [
    pytest.param(study, entry, id=f"{study.name}-{entry.name}")
    for study in studies()
    for entry in study.entries
]
QUICK = RunConfig(
    options={"width": 2, "hidden": 4},
    dataset=Choice("shapes", {"count": 200, "image_size": 16}),
    steps=3,
)


# ------------------------------------------------------------------ the recipes


@pytest.mark.parametrize(("study", "entry"), ALL)
def test_its_recipe_is_one_and_says_all(study: Study, entry: Entry) -> None:
    for labels in entry.labels:
        config = seeded(entry.config, 2, labels)
        assert RunConfig.from_json(short(config)).checked() == config.checked()
        assert config.approach.name in APPROACHES


def test_names_are_unique_and_each_study_has_a_control() -> None:
    names = [study.name for study in studies()]
    assert len(set(names)) == len(names)
    for study in studies():
        entries = [entry.name for entry in study.entries]
        assert len(set(entries)) == len(entries)
        assert any(entry.control for entry in study.entries), study.name
        assert len(list(parts(study))) == sum(len(e.labels) * len(SEEDS) for e in study.entries)


def test_every_approach_is_measured() -> None:
    measured = {
        each.approach.name
        for study in studies()
        for entry in study.entries
        for each in (entry.config, entry.before)
        if each
    }
    assert measured == set(APPROACHES)


# ------------------------------------------------------------------ measuring


def test_what_is_measured_is_what_a_run_of_the_recipe_reaches() -> None:
    entry = Entry("quick", QUICK, (3, 0))
    study = Study("s", "?", "accuracy", "Accuracy", (entry,))
    rows = list(measure(study, entry, 5))
    assert [(row.labels, row.seed, row.steps) for row in rows] == [(3, 5, 3), (0, 5, 3)]
    for row in rows:
        training = Training(row.config)
        *_, last = (p for p in training.points() if (p.split, p.name) == ("validation", "accuracy"))
        assert row.value == last.value
        assert len(training.train) == (12 if row.labels else 160)


def test_what_learned_without_labels_is_asked_with_each_number_of_them() -> None:
    config = replace(QUICK, approach=Choice("simclr"), batch_size=32)
    entry = Entry("probe", config, (2, 20))
    few, many = measure(Study("s", "?", "accuracy", "Accuracy", (entry,)), entry, 1)
    assert few.seconds == many.seconds  # it learned once
    for row in (few, many):
        training = Training(row.config)
        for _ in training.points():
            pass
        assert training.evaluate()["accuracy"] == row.value


def test_it_starts_from_what_was_learned_before() -> None:
    before = replace(QUICK, steps=30)
    entry = Entry("second", replace(QUICK, learning_rate=1e-6, steps=1), before=before)
    study = Study("s", "?", "loss", "Loss", (entry,))
    (row,) = measure(study, entry, 0)
    first = Training(before)
    for _ in first.points():
        pass
    assert row.value == pytest.approx(first.evaluate()["loss"], rel=1e-3)
    assert RunConfig.from_json(row.before) == before


def test_what_starts_from_a_probe_knows_no_more_labels_than_it_may() -> None:
    """A head found with many labels would tell what few cannot."""
    before = replace(QUICK, approach=Choice("simclr"), batch_size=32, labels=20)
    after = replace(QUICK, learning_rate=1e-6, steps=1)
    entry = Entry("second", after, (2, 20), before=before)
    for row in measure(Study("s", "?", "accuracy", "Accuracy", (entry,)), entry, 0):
        first = RunConfig.from_json(row.before)
        assert first == replace(before, labels=row.labels)
        training = Training(first)
        for _ in training.points():
            pass
        assert row.value == pytest.approx(training.evaluate()["accuracy"], abs=0.03)


# ------------------------------------------------------------------ the table


def rows_of(values: dict[str, dict[int, list[float]]]) -> list[Row]:
    return [
        Row("s", name, labels, seed, value, 1.5, 3, "{}")
        for name, by_labels in values.items()
        for labels, found in by_labels.items()
        for seed, value in enumerate(found)
    ]


def test_the_table_comes_back_from_its_file(tmp_path: Path) -> None:
    rows = rows_of({"a, b": {1: [0.5, 0.25]}, "c": {0: [1.0]}})
    file = tmp_path / "results.csv"
    file.write_text(written(reversed(rows), "torch 1"))
    assert list(read(file)) == rows
    assert file.read_text().startswith("# torch 1\n")
    assert read(tmp_path / "none.csv") == ()


def test_a_point_is_the_mean_over_its_seeds() -> None:
    values = [0.5, 0.75, 0.9]
    one, many = points(rows_of({"a": {10: values, 1: [0.3]}}), "s", "a")
    assert (one.labels, one.mean, one.spread) == (1, 0.3, 0.0)
    assert (many.mean, many.spread) == (mean(values), stdev(values))


@pytest.mark.parametrize(
    ("own", "helps", "said"),
    [
        ({1: [0.7, 0.72], 10: [0.8, 0.8]}, True, "a is up to 20.0 points better than base with 1"),
        ({1: [0.5, 0.52], 10: [0.8, 0.8]}, False, "differs from base by no more than the seeds do"),
        ({1: [0.3, 0.32], 10: [0.8, 0.8]}, False, "does not help: base is 20.0 points better"),
        (
            {1: [0.7, 0.72], 10: [0.6, 0.6]},
            False,
            "better than base with 1 label a class (by up to 20.0 points), and worse with 10",
        ),
    ],
)
def test_a_verdict_says_what_the_numbers_say(
    own: dict[int, list[float]], helps: bool, said: str
) -> None:
    base = {1: [0.5, 0.52], 10: [0.8, 0.8]}
    study = Study("s", "?", "accuracy", "", (Entry("base", QUICK, control=True), Entry("a", QUICK)))
    ((verdict,),) = verdicts(rows_of({"base": base, "a": own}), study)
    assert verdict.helps == helps
    assert said in verdict.sentence()


@pytest.mark.parametrize(
    ("explained", "said"),
    [
        (0.62, "Also better than joint, by 18.0 points."),
        (0.80, "It differs from joint by no more than the seeds do."),
        (0.90, "joint is 10.0 points better than it."),
    ],
)
def test_an_approach_is_held_against_what_may_explain_it_too(explained: float, said: str) -> None:
    names = {"base": True, "joint": True, "a": False, "bound": True}
    entries = tuple(Entry(name, QUICK, control=control) for name, control in names.items())
    values = {"base": 0.5, "joint": explained, "a": 0.8, "bound": 0.95}
    rows = rows_of({name: {0: [value, value]} for name, value in values.items()})
    joint, own, bound = verdicts(rows, Study("s", "?", "accuracy", "", entries))
    assert [each.control for each in joint] == ["base"]
    assert [each.control for each in own] == ["base", "joint"]
    assert [each.control for each in bound] == ["base"]
    assert own[0].sentence() == "a is 30.0 points better than base."
    assert own[1].beside() == said


# ------------------------------------------------------------------ the command


def test_only_what_is_missing_or_has_another_recipe_is_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    entries = (Entry("one", QUICK, (1, 2), control=True), Entry("two", QUICK))
    study = Study("s", "?", "accuracy", "", entries)
    monkeypatch.setattr(running, "studies", lambda: (study,))

    def row(entry: Entry, labels: int, seed: int, config: RunConfig) -> Row:
        return Row("s", entry.name, labels, seed, 0.5, 1, 1, short(seeded(config, seed, labels)))

    everything = [row(e, n, s, e.config) for e, s, n in parts_with_labels(study)]
    assert running.missing(everything) == []
    assert running.missing(everything[1:]) == [("s", everything[0].entry, 0)]
    other = [row(entries[1], 0, 1, replace(QUICK, epochs=9)), *everything]
    other = [each for each in other if each.key != ("s", "two", 0, 1)] + other[:1]
    assert running.missing(other) == [("s", "two", 1)]
    assert running.missing([], names=["one"], seeds=[2]) == [("s", "one", 2)]


def parts_with_labels(study: Study) -> list[tuple[Entry, int, int]]:
    return list(parts(study))


def test_an_unknown_name_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nothing like it"]) == 2
    assert "try --list" in capsys.readouterr().err
    assert main(["--list"]) == 0
    assert "labels: How few labels are enough?" in capsys.readouterr().out


# ------------------------------------------------------------------ what is shipped


def test_what_is_shipped_belongs_to_the_recipes_there_are() -> None:
    """A recipe that was changed has to be measured again: make approaches."""
    asked = {
        (study.name, entry.name, labels, seed): short(seeded(entry.config, seed, labels))
        for study in studies()
        for entry, seed, labels in parts(study)
    }
    assert shipped()
    for row in shipped():
        assert asked[row.key] == row.recipe, row.key
