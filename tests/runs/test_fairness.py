"""The queue: nobody waits behind a hundred runs of somebody else."""

from collections import Counter
from random import Random

import pytest

from cvexplore.errors import OptionError
from cvexplore.runs import RunStore
from cvexplore.runs.fairness import SHORT, Waiting, fair_order, slots
from tests.runs.conftest import recipe


def by_the_rule(waiting: list[Waiting], active: Counter[str]) -> list[str]:
    """Return the order as the rule says it, looking at all that wait before each start."""
    left, order, active = list(enumerate(waiting)), [], active.copy()
    while left:
        chosen = min(left, key=lambda e: (e[1].kind not in SHORT, active[e[1].owner], e[0]))
        left.remove(chosen)
        order.append(chosen[1].id)
        active[chosen[1].owner] += 1
    return order


@pytest.mark.parametrize("seed", range(50))
def test_the_next_is_whoever_has_the_fewest_at_work(seed: int) -> None:
    draw = Random(seed)
    active = {owner: draw.randrange(4) for owner in "abc"}
    sent = [(draw.choice("abc"), draw.choice(("train", "lr_find", "test"))) for _ in range(12)]
    waiting = [Waiting(str(n), owner, kind) for n, (owner, kind) in enumerate(sent)]
    assert list(fair_order(waiting, active)) == by_the_rule(waiting, Counter(active))


def test_many_runs_of_one_do_not_hold_up_another(store: RunStore) -> None:
    many = [store.submit(recipe(), owner="ann") for _ in range(5)]
    late = store.submit(recipe(), owner="bob")
    assert [store.queue_place(run_id) for run_id in (*many, late)] == [1, 3, 4, 5, 6, 2]
    started = [run.id for run in iter(store.claim, None)]
    assert started == [many[0], late, *many[1:]]
    assert store.queue_place(late) == 0


def test_what_is_short_goes_first_and_can_be_asked_for_alone(store: RunStore) -> None:
    train = store.submit(recipe())
    short = [store.submit(recipe(), kind=kind) for kind in ("lr_find", "estimate")]
    assert store.queue_place(train) == 3
    found = [store.claim(SHORT) for _ in range(3)]
    assert [run and run.id for run in found] == [*short, None]


@pytest.mark.parametrize(("cores", "expected"), [(1, 1), (2, 1), (8, 4), (None, 1)])
def test_half_the_cores_train(
    monkeypatch: pytest.MonkeyPatch, cores: int | None, expected: int
) -> None:
    monkeypatch.delenv("CVEXPLORE_SLOTS", raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    assert slots() == expected


def test_the_number_of_slots_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CVEXPLORE_SLOTS", "3")
    assert slots() == 3
    for wrong in ("0", "-1", "many", "1.5"):
        monkeypatch.setenv("CVEXPLORE_SLOTS", wrong)
        with pytest.raises(OptionError, match="CVEXPLORE_SLOTS"):
            slots()
