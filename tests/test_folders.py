"""Where things are kept, and that no name a person types becomes a path elsewhere."""

from pathlib import Path

import pytest

from cvexplore import folders
from cvexplore.errors import RunError


def test_everything_lies_in_one_home(home: Path) -> None:
    assert folders.home() == home
    places = (folders.runs(), folders.run("r1"), folders.run_weights("r1"), folders.downloads())
    assert all(home in place.parents for place in places)
    assert len(set(places)) == len(places)


def test_asking_for_a_place_makes_none(home: Path) -> None:
    folders.run_weights("r1"), folders.downloads()
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("value", [None, ""])
def test_without_a_home_of_ones_own_it_is_the_users(
    monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    if value is None:
        monkeypatch.delenv("CVEXPLORE_HOME")
    else:
        monkeypatch.setenv("CVEXPLORE_HOME", value)
    assert folders.home() == Path.home() / ".cvexplore"


@pytest.mark.parametrize("run_id", ["a", "0", "20261121-2233_r", "x" * 64])
def test_an_id_of_ours_is_a_folder(run_id: str) -> None:
    assert folders.run(run_id) == folders.runs() / run_id


@pytest.mark.parametrize(
    "run_id",
    ["", ".", "..", "../x", "/etc", "a/b", "a\\b", "a\n", "A", "-a", "_a", "é", "a\x00", "x" * 65],
)
def test_nothing_else_is(run_id: str) -> None:
    with pytest.raises(RunError, match="is not the id of a run"):
        folders.run(run_id)
