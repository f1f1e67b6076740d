"""A carried row is the row of the dense product, on any grid."""

import pytest
import torch
from torch import Tensor

from cvexplore.attention import PADDING, TOKEN, Places
from cvexplore.attention.carrying import Row, Step, carried, through
from cvexplore.attention.grids import overlap, resampled, spread


@pytest.mark.parametrize(("cells", "onto"), [(4, 7), (7, 4), (2, 4), (6, 3), (5, 5), (1, 3)])
def test_a_share_of_overlap_is_what_counting_on_a_fine_ruler_gives(cells: int, onto: int) -> None:
    marks = torch.arange(cells * onto)
    counted = torch.zeros(cells, onto)
    for mark in marks.tolist():
        counted[mark // onto, mark // cells] += 1 / onto
    torch.testing.assert_close(overlap(cells, onto), counted)


def test_amounts_keep_their_sum_and_values_their_mean_on_another_grid() -> None:
    cells = torch.rand(7, 2, 6)
    for grid in ((4, 2, 3), (14, 2, 12), (5, 2, 7)):
        torch.testing.assert_close(spread(cells, grid).sum(), cells.sum())
        torch.testing.assert_close(resampled(cells, grid).mean(), cells.mean())
    torch.testing.assert_close(
        resampled(cells, (1, 1, 3))[0, 0], cells.mean((0, 1)).view(3, 2).mean(1)
    )


def random_step(places: Places) -> Step:
    windows, queries = places.queries.shape
    passed = torch.rand(windows, queries, places.keys.shape[1])
    passed = passed.masked_fill((places.keys == PADDING)[:, None], 0)
    return Step("some", places, torch.rand(windows, queries), passed)


def dense(step: Step, cells: int, tokens: int) -> Tensor:
    """Return a step on one grid as a matrix between all tokens, weight by weight."""
    matrix = torch.eye(cells + tokens)
    queries, keys = step.places.queries.tolist(), step.places.keys.tolist()
    for window, (asking, answering) in enumerate(zip(queries, keys, strict=True)):
        tokens_before = 0
        for query, place in enumerate(asking):
            if place == PADDING:
                continue
            row = cells + tokens_before if place == TOKEN else place
            tokens_before += place == TOKEN
            matrix[row] = 0
            matrix[row, row] = step.own[window, query]
            keys_before = 0
            for key, other in enumerate(answering):
                if other != PADDING:
                    column = cells + keys_before if other == TOKEN else other
                    keys_before += other == TOKEN
                    matrix[row, column] += step.passed[window, query, key]
    return matrix


PLACES = [
    Places(
        torch.tensor([[-1, -1, 0, 1, 2, 3]]), torch.tensor([[-1, -1, 0, 1, 2, 3]]), (2, 2), (2, 2)
    ),
    Places(
        torch.tensor([[0, 3, -2], [1, -2, 2]]),
        torch.tensor([[0, 3, -2], [1, -2, 2]]),
        (2, 2),
        (2, 2),
    ),
    Places(torch.tensor([[0, 1]]), torch.tensor([[3, 2, 1]]), (2, 2), (2, 2)),
    Places(torch.tensor([[-1, -1]]), torch.tensor([[0, 1, 2, 3]]), (0, 0), (2, 2)),
    Places(torch.tensor([[-1, -1]]), torch.tensor([[-1, -1]]), (0, 0), (0, 0)),
    Places(torch.tensor([[-1]]), torch.tensor([[-1, 0, 1, 2, 3]]), (0, 0), (2, 2)),
]


def test_a_carried_row_is_a_row_of_the_product_of_dense_matrices() -> None:
    torch.manual_seed(0)
    steps = [random_step(places) for places in [*PLACES, *PLACES]]
    product = torch.eye(6)
    for step in steps:
        product = dense(step, 4, 2) @ product
    for row in torch.eye(6):
        found = carried(steps, Row(row[:4].view(2, 1, 2), row[4:]))
        got = torch.cat([found.cells.flatten(), found.tokens])
        torch.testing.assert_close(got, row @ product)


def test_outputs_of_queries_that_all_windows_share_lie_with_the_keys_of_their_window() -> None:
    own = torch.tensor([[0, 1, 4, 5], [2, 3, 6, 7]])
    shared = Places(torch.arange(4).expand(2, 4), own, (2, 2), (2, 4))
    step = random_step(shared)
    assert step.output_grid == (2, 1, 4)
    row = torch.rand(2, 1, 4)
    stays, passed = through(Row(row, torch.zeros(0)), step)
    asked = row.flatten()[own]
    wanted = torch.zeros(8)
    wanted[own] = (asked[:, :, None] * step.passed).sum(1)
    torch.testing.assert_close(passed.cells.flatten(), wanted)
    torch.testing.assert_close(stays.cells.flatten()[own], asked * step.own)


def test_a_clips_frames_do_not_run_into_one_another() -> None:
    places = Places(torch.tensor([[0, 1, 2]]), torch.tensor([[0]]), (1, 3), (1, 3), frames=3)
    step = Step("some", places, torch.ones(1, 3), torch.zeros(1, 3, 1))
    frames = torch.tensor([1.0, 2.0, 3.0]).view(1, 3, 1)
    stays, _ = through(Row(frames, torch.zeros(0)), step)
    finer = stays.on((2, 3, 2)).cells
    torch.testing.assert_close(finer.sum((0, 2)), frames.flatten())
