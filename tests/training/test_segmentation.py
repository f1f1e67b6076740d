"""Segmentation: the pixel losses and scores against slow loops, and a network that learns masks."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.metrics import jaccard_score

from cvexplore import catalog
from cvexplore.errors import BuildError
from cvexplore.plugins import Choice
from cvexplore.training import pixel_scores
from cvexplore.training.approaches import standard
from cvexplore.training.approaches.segmentation import Masked, Segmentation
from cvexplore.training.augmentations import AUGMENTATIONS, kind
from cvexplore.training.datasets import DATASETS
from cvexplore.training.loop import Training
from cvexplore.training.measuring import Measurement

KINDS = 4
EACH: Any = None  # one score for each kind; the stubs know of words only


def drawn(pictures: int = 5, side: int = 7) -> tuple[torch.Tensor, torch.Tensor]:
    """Return true and told kinds; the last kind is never told."""
    random = torch.Generator().manual_seed(1)
    shape = (pictures, side, side)
    true = torch.randint(KINDS, shape, generator=random)
    return true, torch.randint(KINDS - 1, shape, generator=random)


def test_each_pictures_pixels_are_counted() -> None:
    true, told = drawn()
    expected = np.zeros((len(true), KINDS, KINDS), int)
    for picture in range(len(true)):
        for row, answer in zip(true[picture].flatten(), told[picture].flatten(), strict=True):
            expected[picture, row, answer] += 1
    assert pixel_scores.counted(told, true, KINDS).tolist() == expected.tolist()


def test_overlap_is_the_jaccard_index() -> None:
    true, told = drawn()
    found = pixel_scores.overlaps(pixel_scores.counted(told, true, KINDS).sum(0))
    expected = jaccard_score(true.flatten(), told.flatten(), average=EACH)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12)


def test_a_kind_that_is_nowhere_has_no_overlap() -> None:
    masks = torch.zeros(1, 3, 3, dtype=torch.long)
    found = pixel_scores.overlaps(pixel_scores.counted(masks, masks, 2)[0])
    assert found[0] == 1
    assert found[1].isnan()


def test_dice_is_the_papers_quotient_of_each_kind() -> None:
    true, _ = drawn()
    true = true.clamp(max=KINDS - 2)  # one kind is nowhere
    scores = torch.randn(len(true), KINDS, 7, 7, generator=torch.Generator().manual_seed(2))
    scores = scores.double()
    likely, quotients = scores.softmax(1), []
    for each in range(KINDS - 1):
        both = p_squares = g_squares = 0.0
        for picture, row, column in np.ndindex(*true.shape):
            p = float(likely[picture, each, row, column])
            g = float(true[picture, row, column] == each)
            both, p_squares, g_squares = both + p * g, p_squares + p * p, g_squares + g * g
        quotients.append(2 * both / (p_squares + g_squares))
    found = pixel_scores.dice_loss(scores, true)
    assert float(found) == pytest.approx(1 - np.mean(quotients), abs=1e-9)


def test_a_sure_and_right_answer_loses_nothing() -> None:
    true, told = drawn()
    sure = 50.0 * F.one_hot(true, KINDS).movedim(-1, 1)
    assert float(pixel_scores.dice_loss(sure, true)) == pytest.approx(0, abs=1e-6)
    wrong = 50.0 * F.one_hot((true + 1) % KINDS, KINDS).movedim(-1, 1)
    assert float(pixel_scores.dice_loss(wrong, true)) == pytest.approx(1, abs=1e-6)
    assert not torch.equal(true, told)


# ------------------------------------------------------------------ the approach

SMALL = replace(
    standard("segmentation"),
    options={"width": 4, "depth": 2},
    dataset=Choice("shapes", {"count": 120, "image_size": 16}),
    epochs=1,
)


def test_the_loss_is_the_mean_over_all_pixels() -> None:
    for dice in (0.0, 0.3):
        config = replace(SMALL, approach=Choice("segmentation", {"dice": dice}))
        approach = Training(config).approach.eval()
        assert isinstance(approach, Segmentation)
        batch = next(approach.batches(torch.arange(3), 3))
        assert batch.masks is not None
        logs = approach.pixels(batch.images).log_softmax(1)
        total = sum(
            -logs[picture, batch.masks[picture, row, column], row, column]
            for picture, row, column in np.ndindex(3, 16, 16)
        )
        overlap = pixel_scores.dice_loss(approach.pixels(batch.images), batch.masks)
        expected = (1 - dice) * total / (3 * 16 * 16) + dice * overlap
        torch.testing.assert_close(approach.loss(batch)["loss"], expected, rtol=1e-5, atol=1e-6)


def test_pictures_and_masks_stay_together() -> None:
    approach = Training(SMALL).approach
    order = torch.tensor([7, 3, 90, 11, 5])
    assert approach.dataset.masks is not None
    seen = []
    for batch in approach.batches(order, 2):
        assert isinstance(batch, Masked)
        assert batch.masks is not None
        seen.append(batch.masks)
    assert torch.equal(torch.cat(seen), approach.dataset.masks[order].long())


def test_scores_are_of_all_pixels_together() -> None:
    training = Training(SMALL)
    approach = training.approach
    measurement = Measurement(approach, training.validation)
    for _ in measurement.batches():
        pass
    found = measurement.scores()
    with torch.no_grad():
        (batch,) = approach.batches(training.validation, 1000)
        assert isinstance(batch, Masked)
        assert batch.masks is not None
        told = approach(batch.images).argmax(1)
    true = batch.masks.flatten()
    expected: Any = jaccard_score(true, told.flatten(), average=EACH)
    assert found["iou"] == pytest.approx(tuple(expected))
    assert found["mean_iou"] == pytest.approx(np.mean(expected))
    assert found["accuracy"] == pytest.approx(float((told.flatten() == true).double().mean()))


@pytest.mark.parametrize("name", list(AUGMENTATIONS))
def test_augmentations_that_move_pixels_are_refused(name: str) -> None:
    config = replace(SMALL, augmentations=(Choice(name),))
    reason = Segmentation.not_applicable(config, DATASETS.bind(SMALL.dataset)())
    if kind(name) in ("photometric", "occlusion"):
        assert reason is None
    else:
        assert reason
        assert reason.startswith(f"The augmentation {name} moves or mixes pixels")


def test_it_says_what_is_missing() -> None:
    shapes, digits = DATASETS.bind(SMALL.dataset)(), DATASETS["digits"]()
    cases = {
        "without masks": (replace(SMALL, dataset=Choice("digits")), digits),
        "choose a segmenter": (replace(SMALL, architecture="cvexplore/vgg", options={}), shapes),
        "set its option classes to 5": (
            replace(SMALL, architecture="torchvision/lraspp_mobilenet_v3_large", options={}),
            shapes,
        ),
        "cannot be halved 5 times": (replace(SMALL, options={"depth": 5}), shapes),
    }
    for words, (config, dataset) in cases.items():
        assert words in str(Segmentation.not_applicable(config, dataset))


def test_torchvisions_segmenters_learn_too() -> None:
    config = replace(
        SMALL,
        architecture="torchvision/lraspp_mobilenet_v3_large",
        options={"classes": 5},
        dataset=Choice("shapes", {"count": 60, "image_size": 32}),
        batch_size=8,
        steps=2,
    )
    assert Training(config.checked()).approach.names[0] == "ground"
    points = list(Training(config).points())
    assert 0 <= next(point.value for point in points if point.name == "mean_iou") <= 1


def test_it_tells_things_from_the_ground_within_seconds() -> None:
    """Which thing it is takes longer: the whole recipe reaches a mean of 0.95 in 45 seconds."""
    longer: dict[str, Any] = {
        "options": {"width": 8, "depth": 2},
        "epochs": 8,
        "batch_size": 8,
        "every": 1000,
    }
    training = Training(replace(SMALL, **longer))
    list(training.points())
    approach = training.approach.eval()
    with torch.no_grad():
        (batch,) = approach.batches(training.validation, 1000)
        assert isinstance(batch, Masked)
        assert batch.masks is not None
        told = approach(batch.images).argmax(1)
    found = jaccard_score(batch.masks.flatten() > 0, told.flatten() > 0)
    assert found > 0.4  # of pictures that are all things to it: 0.17


# ------------------------------------------------------------------ its network


def test_a_unet_answers_with_the_pictures_size() -> None:
    network = catalog.build("cvexplore/unet", width=4, depth=3, classes=2, image_size=40)
    assert network(torch.rand(2, 3, 40, 40)).shape == (2, 3, 40, 40)


def test_a_size_that_cannot_be_halved_is_refused() -> None:
    with pytest.raises(BuildError, match="one of 32 or 40 pixels can"):
        catalog.build("cvexplore/unet", depth=3, image_size=36)


def test_bridges_carry_what_the_bottom_has_lost() -> None:
    """A pixel's neighbours change its answer at once through the first bridge."""
    network: Any = catalog.build("cvexplore/unet", width=4, depth=2, image_size=16).eval()
    for each in network.enlarge:
        torch.nn.init.zeros_(each.weight)
        torch.nn.init.zeros_(each.bias)
    picture = torch.rand(1, 3, 16, 16)
    other = picture.clone()
    other[0, :, 8, 8] += 1
    changed = (network(picture) - network(other)).abs().sum(1)[0] > 0
    rows, columns = changed.nonzero().T
    assert changed[8, 8]
    assert 4 <= int(rows.min()) <= int(rows.max()) <= 12  # four 3x3 convolutions, and no more
    assert 4 <= int(columns.min()) <= int(columns.max()) <= 12
