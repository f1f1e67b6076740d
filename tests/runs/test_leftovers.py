"""What is removed a day later, and what never is."""

import os
import time

from cvexplore.runs import RunStore, leftovers
from tests.runs.conftest import recipe


def aged(store: RunStore, name: str, days: float) -> None:
    folder = store.folder / name
    folder.mkdir()
    (folder / "weights.safetensors").write_bytes(b"w")
    when = time.time() - days * 24 * 3600
    os.utime(folder, (when, when))


def test_folders_that_no_run_names_go_after_a_day(store: RunStore) -> None:
    run_id = store.submit(recipe())
    old, young = "20250101-120000-0123abcd", "20250101-120000-0123abce"
    for name, days in ((run_id, 9), (old, 1.1), (young, 0.9), ("mine", 9)):
        aged(store, name, days)
    leftovers.remove(store)
    left = {path.name for path in store.folder.iterdir() if path.is_dir()}
    assert left == {run_id, young, "mine"}


def test_passing_jobs_go_after_a_day(store: RunStore) -> None:
    ended = {kind: store.submit(recipe(), kind=kind) for kind in ("train", "lr_find", "estimate")}
    done, failed = (store.submit(recipe(), kind="test") for _ in range(2))
    for run_id in (*ended.values(), done):
        store.end(run_id, "finished")
    store.end(failed, "failed")
    waiting = store.submit(recipe(), kind="estimate")
    leftovers.remove(store)
    assert len(store.ids()) == 6  # they are young
    with store._transaction() as database:
        database.execute("UPDATE runs SET created = created - 90000")
    leftovers.remove(store)
    assert store.ids() == {ended["train"], done, waiting}  # a test is made once, and that is known
