"""Moments of a run: which are kept, that they are the states they say, and what ends them."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from cvexplore import catalog
from cvexplore.catalog.weights import origin
from cvexplore.errors import CvexploreError, OptionError
from cvexplore.runs import Run, RunStore, learning, reporting, snapshots, worker
from cvexplore.runs.snapshots import MOST_BYTES, affordable, kept, moments
from cvexplore.training import MetricPoint, RunConfig
from cvexplore.training.loop import Training
from tests.runs.conftest import EAGER, Place, recipe, weights

# ------------------------------------------------------------------ which moments


@pytest.mark.parametrize("steps", [1, 2, 5, 10, 99, 100, 315, 12_345, 1_000_000])
def test_both_ends_are_kept_and_no_step_twice(steps: int) -> None:
    for count in range(2, 101):
        found = moments(count, steps)
        assert (found[0], found[-1]) == (0, steps)
        assert list(found) == sorted(set(found))
        assert len(found) == min(count, steps + 1)


def test_moments_lie_closer_at_the_beginning() -> None:
    found = moments(11, 10_000)
    assert found == tuple(100 * place**2 for place in range(11))


def test_no_moments_are_none() -> None:
    assert moments(0, 100) == ()


@pytest.mark.parametrize("asked", [0, 1, 2, 12, 100])
@pytest.mark.parametrize("size", [1, 10**6, MOST_BYTES // 3, MOST_BYTES, 10**10])
def test_a_run_never_keeps_more_than_it_may(asked: int, size: int) -> None:
    count = affordable(asked, size)
    assert count * size <= MOST_BYTES
    assert count <= max(asked, 2 * bool(asked))
    assert count != 1  # a beginning without an end, or an end without a beginning, is no film
    if asked > 1 and 2 * size <= MOST_BYTES:
        assert count == asked or (count + 1) * size > MOST_BYTES


def test_the_recipe_takes_so_many_and_no_more() -> None:
    assert RunConfig.from_json(RunConfig(snapshots=100).to_json()).checked().snapshots == 100
    with pytest.raises(OptionError, match="snapshots"):
        RunConfig(snapshots=101).checked()


# ------------------------------------------------------------------ that they are what they say


def state_at(config: RunConfig, steps: set[int]) -> dict[int, dict[str, torch.Tensor]]:
    """Return the network's state at these steps, trained by a bare loop with no worker."""
    training = Training(config, "cpu")

    def state() -> dict[str, torch.Tensor]:
        found = training.approach.network.state_dict()
        return {name: tensor.detach().clone().contiguous() for name, tensor in found.items()}

    seen = {0: state()}
    for point in training.points():
        if point.name == "learning_rate" and point.step in steps:
            seen[point.step] = state()
    return seen


def train(store: RunStore, config: RunConfig, **options: object) -> Run:
    run_id = store.submit(config)
    run = store.claim()
    assert run
    worker.work(store, run, **options)  # type: ignore[arg-type]
    return store.run(run_id)


@pytest.mark.parametrize("batch_normalised", [False, True])
def test_a_snapshot_is_the_state_at_its_step_to_the_bit(
    store: RunStore, batch_normalised: bool
) -> None:
    config = recipe(snapshots=6, epochs=3)
    if batch_normalised:  # its running means are buffers, which change in every forward pass
        small = {"depth": 18, "width": 8}
        config = recipe(architecture="cvexplore/resnet", options=small, snapshots=3, steps=4)
    run = train(store, config)
    steps = kept(store.folder / run.id)
    assert steps == moments(config.snapshots, run.steps)
    expected = state_at(config, set(steps))
    for step in steps:
        found = load_file(snapshots.file(store.folder / run.id, step))
        assert found
        for name, tensor in found.items():
            assert torch.equal(tensor, expected[step][name]), f"{name} at step {step}"
    last = snapshots.file(store.folder / run.id, run.steps).read_bytes()
    assert last == weights(store, run.id)


def test_keeping_moments_changes_nothing_else(store: RunStore) -> None:
    with_them, without = (train(store, recipe(snapshots=n)) for n in (10, 0))
    assert weights(store, with_them.id) == weights(store, without.id)
    assert not (store.folder / without.id / "snapshots").exists()


def test_a_moment_is_built_by_its_name(store: RunStore) -> None:
    run = train(store, recipe(snapshots=4))
    name = run.config.architecture
    for step in kept(store.folder / run.id):
        network = catalog.build(name, weights=f"run:{run.id}@{step}")
        found = load_file(snapshots.file(store.folder / run.id, step))
        assert all(torch.equal(network.state_dict()[key], value) for key, value in found.items())
    whole, moment = (f"run:{run.id}{at}" for at in ("", "@0"))
    assert origin(moment) == origin(whole)
    assert catalog.labels(name, moment) == catalog.labels(name, whole)
    assert catalog.preparation(name, moment) == catalog.preparation(name, whole)


@pytest.mark.parametrize(
    "step", ["", "-1", "01", "1.0", "1e3", "../0", "/etc/passwd", "²", "٣", "0\n", "9" * 12, "7"]
)
def test_a_step_that_was_not_kept_is_told(store: RunStore, step: str) -> None:
    run = train(store, recipe(snapshots=3))
    assert 7 not in kept(store.folder / run.id)
    with pytest.raises(CvexploreError) as caught:
        catalog.build(run.config.architecture, weights=f"run:{run.id}@{step}")
    assert str(caught.value).endswith(".")


# ------------------------------------------------------------------ limits and ends


def test_a_large_network_keeps_fewer_and_says_why(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = train(store, recipe(snapshots=2))
    file = snapshots.file(store.folder / size.id, 0)
    monkeypatch.setattr(snapshots, "MOST_BYTES", 3 * file.stat().st_size)
    run = train(store, recipe(snapshots=8))
    assert run.state == "finished"
    assert kept(store.folder / run.id) == moments(3, run.steps)
    assert "Keeps 3 of the 8 snapshots" in (store.folder / run.id / "log.txt").read_text()


def test_a_stopped_run_keeps_its_last_moment_until_it_goes_on(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "LOOK_SECONDS", 0.0)
    config = recipe(snapshots=5, epochs=4)  # 0, 1, 5, 11, 20
    whole = train(store, config)

    def stop(point: MetricPoint) -> None:
        if point.step == 7:
            (run,) = (each for each in store.runs() if each.active)
            store.want(run.id, "stop")

    run = train(store, config, on_point=stop)
    assert (run.state, run.step) == ("stopped", 7)
    assert kept(store.folder / run.id) == (0, 1, 5, 7)
    assert snapshots.file(store.folder / run.id, 7).read_bytes() == weights(store, run.id)
    store.resume(run.id)
    again = store.claim()
    assert again
    assert worker.work(store, again) == "finished"
    assert_same_moments(store.folder / run.id, store.folder / whole.id)


def assert_same_moments(some: Path, other: Path) -> None:
    names = {path.name for path in (some / "snapshots").iterdir()}
    assert names == {path.name for path in (other / "snapshots").iterdir()}
    for name in names:
        assert (some / "snapshots" / name).read_bytes() == (other / "snapshots" / name).read_bytes()


def test_moments_after_the_checkpoint_are_forgotten_and_made_again(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "FLUSH_SECONDS", 0.0)
    monkeypatch.setattr(learning, "CHECKPOINT_SECONDS", 0.0)
    config = recipe(snapshots=21, epochs=4)

    def crash(point: MetricPoint) -> None:
        if point.step == 8:
            monkeypatch.setattr(learning, "CHECKPOINT_SECONDS", 1e9)
        if point.step == 14:
            raise ZeroDivisionError

    run = train(store, config, on_point=crash)
    assert kept(store.folder / run.id) == tuple(range(14))
    seen: list[tuple[int, ...]] = []
    store.resume(run.id)
    again = store.claim()
    assert again
    worker.work(store, again, on_point=lambda point: seen.append(kept(store.folder / run.id)))
    assert seen[0] == tuple(range(8))
    assert kept(store.folder / run.id) == tuple(range(21))


@pytest.fixture
def killing(place: Place) -> Place:
    place.serve(then=EAGER)
    return place


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.xdist_group("runners")
def test_a_run_killed_twice_keeps_the_same_moments_as_one_left_alone(killing: Place) -> None:
    config = recipe(steps=90, snapshots=30)
    whole, killed = killing.submit(config), killing.submit(config)
    killing.until_step(killed, 20)
    killing.worker(killed).kill()
    killing.until(lambda: killing.store.run(killed).crashes)  # the first time it goes on by itself
    killing.until_step(killed, 50)
    killing.worker(killed).kill()
    assert killing.until_ended(killed).state == "lost"
    killing.store.resume(killed)
    for run_id in (whole, killed):
        assert killing.until_ended(run_id).state == "finished"
    folder = killing.store.folder
    assert kept(folder / whole) == moments(30, 90)
    assert_same_moments(folder / killed, folder / whole)
