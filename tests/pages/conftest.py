"""What every page test stands on: pages start no real processes; tests/browser does that."""

import pytest


@pytest.fixture(autouse=True)
def starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the pages from starting a runner, which would stay for ten minutes."""
    monkeypatch.setattr("cvexplore.runs.runner.ensure", lambda folder=None: None)
