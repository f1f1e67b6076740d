"""Patches, which of them are hidden, and the error of the hidden ones."""

import numpy as np
import pytest
import torch

from cvexplore.training import masking


def drawn(*size: int, seed: int = 0) -> torch.Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.randn(*size, generator=random, dtype=torch.float64)


def random(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("side", "size", "channels"), [(6, 2, 3), (8, 4, 1), (5, 5, 2)])
def test_patches_are_cut_row_by_row(side: int, size: int, channels: int) -> None:
    images = drawn(2, channels, side, side)
    found = masking.patches(images, size)
    across = side // size
    assert found.shape == (2, across**2, size * size * channels)
    for number in range(across**2):
        top, left = (size * place for place in divmod(number, across))
        cut = images[:, :, top : top + size, left : left + size]
        assert torch.equal(found[:, number], cut.permute(0, 2, 3, 1).flatten(1))
    assert torch.equal(masking.pictures(found, size, channels), images)


@pytest.mark.parametrize(
    ("ratio", "count", "hidden"),
    [(0.75, 49, 37), (0.75, 16, 12), (0.5, 4, 2), (0.01, 4, 1), (0.99, 4, 3), (0.95, 2, 1)],
)
def test_some_are_hidden_and_some_are_not(ratio: float, count: int, hidden: int) -> None:
    assert masking.hidden_count(ratio, count) == hidden
    mask = masking.draw(5, count, ratio, random())
    assert mask.hidden.sum(1).tolist() == [hidden] * 5
    assert mask.visible.shape == (5, count - hidden)
    assert not mask.hidden.gather(1, mask.visible).any()


def test_each_patch_is_hidden_as_often_as_any_other() -> None:
    pictures, count = 4000, 16
    hidden = masking.draw(pictures, count, 0.75, random()).hidden.double()
    share = hidden.mean(0)
    spread = (0.75 * 0.25 / pictures) ** 0.5
    assert (share - 0.75).abs().max() < 4.5 * spread
    together = (hidden.T @ hidden / pictures)[0, 1:]  # of 12 of 16, drawn without putting back
    assert (together - 12 / 16 * 11 / 15).abs().max() < 4.5 * (0.55 * 0.45 / pictures) ** 0.5


def test_pictures_have_masks_of_their_own_and_a_seed_decides_them() -> None:
    mask, same, other = (masking.draw(6, 49, 0.75, random(seed)) for seed in (1, 1, 2))
    assert torch.equal(mask.hidden, same.hidden)
    assert not torch.equal(mask.hidden, other.hidden)
    assert len({tuple(row) for row in mask.hidden.tolist()}) == 6


def test_what_is_seen_comes_back_to_its_place() -> None:
    tokens, blank = drawn(3, 9, 4), drawn(4, seed=1)
    mask = masking.draw(3, 9, 0.6, random())
    whole = mask.filled(mask.seen(tokens), blank)
    for picture in range(3):
        for place in range(9):
            is_hidden = mask.hidden[picture, place]
            wanted = blank if is_hidden else tokens[picture, place]
            assert torch.equal(whole[picture, place], wanted)


def test_the_error_is_that_of_hidden_patches_alone() -> None:
    predicted, wanted = drawn(3, 9, 4), drawn(3, 9, 4, seed=1)
    hidden = masking.draw(3, 9, 0.5, random()).hidden
    squares = [
        (predicted[picture, patch, pixel] - wanted[picture, patch, pixel]).item() ** 2
        for picture in range(3)
        for patch in range(9)
        for pixel in range(4)
        if hidden[picture, patch]
    ]
    found = masking.hidden_error(predicted, wanted, hidden).item()
    assert found == pytest.approx(sum(squares) / len(squares), abs=1e-9)
    elsewhere = predicted + 5 * ~hidden[:, :, None]
    assert masking.hidden_error(elsewhere, wanted, hidden).item() == pytest.approx(found, abs=1e-9)


def test_standardised_patches_are_those_of_numpy() -> None:
    patches = 3 + 2 * drawn(2, 4, 16)
    values = patches.numpy()
    mean, spread = values.mean(2, keepdims=True), values.std(2, ddof=1, keepdims=True)
    np.testing.assert_allclose(masking.standardised(patches), (values - mean) / spread, atol=1e-6)
    flat = masking.standardised(torch.full((1, 1, 16), 0.3))
    assert flat.abs().max() < 1e-3
