"""What every test stands on: a home of its own, so that none reads or writes the user's."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the empty folder that ``CVEXPLORE_HOME`` names during this test."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("CVEXPLORE_HOME", str(folder))
    return folder
