"""Accuracies under corruptions, held against a loop and against classifiers one can predict."""

import math

import pytest
import torch
from torch import Tensor

from cvexplore.errors import LayerError, OptionError, UnknownName
from cvexplore.robustness import Accuracies, Count, accuracies, corrupt


def bright_or_dark(pixels: Tensor) -> Tensor:
    """Say 1 of bright images: what brightness must spoil, and contrast must not."""
    mean = pixels.mean((1, 2, 3))
    return torch.stack([0.5 - mean, mean - 0.5], 1)


def sample(count: int = 20) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(count) % 2
    noise = torch.randint(-40, 40, (count, 1, 16, 16), generator=generator)
    return (110 + 35 * labels.view(-1, 1, 1, 1) + noise).to(torch.uint8), labels


def answer(*arguments: object, **options: object) -> Accuracies:
    *_, last = accuracies(*arguments, **options)  # type: ignore[arg-type]
    assert last.done
    return last


def test_the_counts_are_those_of_a_loop() -> None:
    pixels, labels = sample()
    labels[3] = 1 - labels[3]
    names = ["brightness", "shot noise"]
    found = answer(bright_or_dark, pixels, labels, names, batch=7)
    assert found.clean == Count(19, 20)
    for name in names:
        for strength, count in zip((1, 2, 3, 4, 5), found.curve(name), strict=True):
            right = 0
            for image, label in zip(pixels, labels, strict=True):
                changed = corrupt(name, image[None].float() / 255, strength)
                right += int(bright_or_dark(changed).argmax() == label)
            assert count == Count(right, 20)


def test_what_a_classifier_looks_at_spoils_it_and_what_it_does_not_leaves_it() -> None:
    found = answer(bright_or_dark, *sample(), ["brightness", "contrast"])
    assert found.clean.accuracy == 1
    assert [count.accuracy for count in found.curve("contrast")] == [1] * 5
    assert found.curve("brightness")[-1].accuracy == 0.5  # all are bright then
    assert found.relative_error("contrast") == 0
    assert found.relative_error("brightness") > 0.2


def test_the_clean_images_come_first_and_every_pass_is_told() -> None:
    told = list(accuracies(bright_or_dark, *sample(), ["jpeg", "contrast"], batch=8))
    assert told[0].clean.images == 8
    assert told[0].passes == 8
    assert [each.passes for each in told] == sorted({each.passes for each in told})
    assert len(told) == 3 * 11
    assert {each.all_passes for each in told} == {20 * 11}
    assert [each.done for each in told] == [False] * 32 + [True]
    halfway = told[10]
    assert {count.images for count in halfway.corrupted.values()} == {8}
    assert math.isnan(told[0].error("jpeg"))


def test_the_batch_makes_no_difference() -> None:
    names = ["gaussian noise", "pixelate"]
    one, other = (answer(bright_or_dark, *sample(), names, batch=batch) for batch in (3, 20))
    assert one == other


def test_errors_are_means_of_errors() -> None:
    counts = {("a", 1): Count(8, 10), ("a", 2): Count(6, 10),
              ("b", 1): Count(9, 10), ("b", 2): Count(1, 10)}  # fmt: skip
    found = Accuracies(Count(9, 10), counts, 10, ("a", "b"), (1, 2))
    assert found.error("a") == pytest.approx(0.3)
    assert found.error("b") == pytest.approx(0.5)
    assert found.mean_error == pytest.approx(0.4)
    assert found.relative_error("a") == pytest.approx(0.2)
    assert found.mean_relative_error == pytest.approx(0.3)


@pytest.mark.parametrize(("right", "count"), [(0, 10), (7, 10), (10, 10), (431, 500)])
def test_the_interval_is_wilsons(right: int, count: int) -> None:
    share, z = right / count, 1.959963984540054
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    reach = z / (1 + z * z / count) * math.sqrt(
        share * (1 - share) / count + z * z / (4 * count * count)
    )  # fmt: skip
    expected = (max(0, middle - reach), min(1, middle + reach))
    assert Count(right, count).interval() == pytest.approx(expected, abs=1e-9)


def test_nothing_counted_is_nothing_known() -> None:
    assert Count().interval() == (0, 1)
    assert math.isnan(Count().accuracy)


def test_what_cannot_be_counted_is_said() -> None:
    pixels, labels = sample(4)
    with pytest.raises(UnknownName, match="jpeg"):
        answer(bright_or_dark, pixels, labels, ["jpg"])
    with pytest.raises(OptionError, match="3 labels"):
        answer(bright_or_dark, pixels, labels[:3])
    with pytest.raises(LayerError, match="classifier"):
        answer(lambda images: images, pixels, labels)
