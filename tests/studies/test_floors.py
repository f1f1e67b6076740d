"""What the ways to learn reach, three seeds each: as it is shipped, and one of them made again."""

import pytest

from cvexplore.studies import running
from cvexplore.studies.entries import SEEDS, study
from cvexplore.studies.measuring import measure
from cvexplore.studies.results import Point, points, shipped

LIMIT = 120  # processor seconds of one run


def reached(study: str, entry: str, labels: int = 0) -> Point:
    (found,) = (each for each in points(shipped(), study, entry) if each.labels == labels)
    assert {row.seed for row in found.rows} == set(SEEDS)
    return found


def gain(study: str, entry: str, control: str, labels: int = 0) -> float:
    return reached(study, entry, labels).mean - reached(study, control, labels).mean


def test_everything_was_measured_with_the_recipes_there_are() -> None:
    assert running.missing(shipped()) == []


@pytest.mark.parametrize(
    ("study", "entry", "labels", "floor"),
    [
        ("labels", "Supervised", 400, 0.97),
        ("few_shot", "Prototypical", 0, 0.90),
        ("segmentation", "All epochs", 0, 0.88),
    ],
)
def test_a_floor_is_reached_in_two_minutes(
    study: str, entry: str, labels: int, floor: float
) -> None:
    found = reached(study, entry, labels)
    assert found.mean >= floor
    assert found.seconds <= LIMIT


def test_a_small_detr_finds_shapes() -> None:
    """It may take longer; how long is told beside it."""
    assert reached("detection", "All epochs").mean >= 0.80


def test_simclr_beats_the_same_network_without_augmentation_at_ten_labels() -> None:
    assert gain("labels", "SimCLR + probe", "Supervised", 10) >= 0.05
    assert reached("labels", "SimCLR + probe", 10).seconds <= LIMIT


def test_a_masked_autoencoder_beats_the_same_transformer_at_ten_labels() -> None:
    assert gain("masked", "MAE, then all of it", "The same ViT from scratch", 10) >= 0.15
    assert reached("masked", "MAE, then all of it", 10).seconds <= LIMIT


def test_adapting_beats_the_source_alone_and_what_batch_normalisation_explains() -> None:
    ways = ("MMD", "DANN", "Self-training")
    best = max(ways, key=lambda way: reached("domains_digits", way).mean)
    for control in ("Source only", "Source only, joint batches"):
        assert gain("domains_digits", best, control) >= 0.05
    assert reached("domains_digits", best).seconds <= LIMIT


def test_no_way_of_adapting_is_above_the_bound_by_more_than_the_seeds_differ() -> None:
    for name in ("digits", "photos", "shapes"):
        bound = reached(f"domains_{name}", "Target's labels")
        for way in ("MMD", "DANN", "Self-training"):
            found = reached(f"domains_{name}", way)
            assert found.mean <= bound.mean + found.spread + bound.spread, (name, way)


def test_a_shipped_number_can_be_made_again() -> None:
    """To the digit on the machine that made it; others round differently, and descend elsewhere."""
    found = study("transfer")
    (entry,) = (each for each in found.entries if each.name == "Only the head")
    shown = {row.key: row for row in shipped()}
    for row in measure(found, entry, seed=2):
        assert row.recipe == shown[row.key].recipe
        assert row.value == pytest.approx(shown[row.key].value, abs=0.03)
