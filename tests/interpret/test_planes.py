"""Features as points on a map: PCA as scikit-learn has it, t-SNE by what it promises."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.metrics.pairwise import cosine_similarity

from cvexplore.interpret.planes import alike, neighbourly, principal


def features(count: int = 40, width: int = 6) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(count, width)) * np.arange(width, 0, -1) + 3


def test_the_flat_view_is_scikit_learns_but_for_the_ends_of_its_axes() -> None:
    values = features()
    oracle = PCA(2).fit(values)
    found = principal(values)
    np.testing.assert_allclose(np.abs(found.points), np.abs(oracle.transform(values)), atol=1e-9)
    assert found.kept == pytest.approx(oracle.explained_variance_ratio_.sum())


def test_mirrored_features_are_drawn_alike() -> None:
    """The longer tail is on the right and above, whichever sign the axes came with."""
    values = features()
    found, mirrored = principal(values), principal(values * [-1, 1, -1, 1, -1, 1])
    np.testing.assert_allclose(found.points, mirrored.points, atol=1e-9)
    assert ((found.points**3).sum(0) > 0).all()


@pytest.mark.parametrize("values", [np.ones((5, 3)), np.ones((1, 3)), np.arange(6.0)[:, None]])
def test_features_that_do_not_fill_a_plane_still_have_places(values: np.ndarray) -> None:
    found = principal(values)
    assert found.points.shape == (len(values), 2)
    assert np.isfinite(found.points).all()
    assert found.kept == pytest.approx(1)


def test_groups_that_are_apart_stay_together_in_tsne() -> None:
    groups = np.repeat(np.arange(3), 20)
    values = features(60, 8) * 0.05 + 10 * np.eye(3, 8)[groups]
    said: list[float] = []
    points = neighbourly(values, said.append).points
    assert points.shape == (60, 2)
    for point, group in zip(points, groups, strict=True):
        near = np.argsort(((points - point) ** 2).sum(1))[1:6]
        assert (groups[near] == group).all()
    assert said == sorted(said)
    assert said[-1] == 1
    np.testing.assert_array_equal(neighbourly(values).points, points)


def test_what_tells_can_stop_it() -> None:
    def stop(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        neighbourly(features(), stop)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_few_pictures_have_a_map_too(count: int) -> None:
    found = neighbourly(features(count)).points
    assert found.shape == (count, 2)
    assert np.isfinite(found).all()


def test_the_most_alike_are_those_of_the_largest_cosine() -> None:
    values = features()
    cosines = cosine_similarity(values)[7]
    wanted = [each for each in np.argsort(-cosines) if each != 7]
    assert alike(values, 7, 8).tolist() == wanted[:8]
    assert len(alike(values, 7, 100)) == 39
