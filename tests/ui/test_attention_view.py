"""The attention explorer's message: what is packed for the browser, and what comes back."""

import base64
import json
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cvexplore.ui.components.attention_view import _names, _query

SHIFTED = np.array([[9, 8, -1, 1], [0, -2, -1, 3]])  # two windows on a grid of 3 by 4


def unpacked(data: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Return (weights at places, shares), by plain loops as the browser has to find them."""
    windows, heads, rows, columns = data["shape"]
    levels = np.frombuffer(base64.b64decode(data["levels"]), "u1").reshape(data["shape"])
    peaks = np.frombuffer(base64.b64decode(data["peaks"]), "<f4").reshape(windows, heads, rows)
    shares = np.frombuffer(base64.b64decode(data["shares"]), "<f4").reshape(*peaks.shape, -1)
    weights = np.zeros(levels.shape)
    for place in np.ndindex(windows, heads, rows, columns):
        weights[place] = (levels[place] / 255) ** 2 * peaks[place[:3]]
    return weights, shares


def page(sink: float) -> None:
    """Attention of two windows whose class token takes this much of each row."""
    import numpy as np
    import streamlit as st

    from cvexplore.ui.components.attention_view import attention_view

    places = np.array([[9, 8, -1, 1], [0, -2, -1, 3]])
    weights = np.random.default_rng(0).dirichlet(np.ones(4), size=(2, 3, 4)) * (1 - sink)
    weights[..., 2] += sink
    st.session_state.weights = weights
    st.session_state.selection = attention_view(
        b"\x89PNG",
        weights=weights,
        queries=places,
        keys=places,
        query_grid=(3, 4),
        key_grid=(3, 4),
        query_tokens=["class token"],
        key_tokens=["class token"],
        key="attention",
        alt="Nothing",
    )


def message(app: AppTest) -> str:
    return app.get("bidi_component")[0].proto.json


@pytest.fixture(scope="module", params=[0.0, 0.999])
def shown(request: pytest.FixtureRequest) -> AppTest:
    app = AppTest.from_function(page, args=(request.param,)).run(timeout=30)
    assert not app.exception
    return app


def test_packed_weights_are_right_to_a_255th_of_the_strongest_place(shown: AppTest) -> None:
    exact = shown.session_state.weights
    weights, _ = unpacked(json.loads(message(shown)))
    placed = np.broadcast_to((SHIFTED >= 0)[:, None, None], exact.shape)
    peaks = np.where(placed, exact, 0).max(-1, keepdims=True)
    error = np.abs(weights - exact)
    assert (error <= peaks / 255 + 1e-7)[placed].all()
    assert not weights[~placed].any()


def test_shares_of_places_padding_and_tokens_are_exact_and_make_a_whole(shown: AppTest) -> None:
    exact = shown.session_state.weights
    _, shares = unpacked(json.loads(message(shown)))
    for window, head, row in np.ndindex(exact.shape[:3]):
        weights = exact[window, head, row]
        places = sum(weights[key] for key in range(4) if SHIFTED[window, key] >= 0)
        padding = sum(weights[key] for key in range(4) if SHIFTED[window, key] == -2)
        assert shares[window, head, row] == pytest.approx([places, padding, weights[2]], abs=1e-6)
    assert np.allclose(shares.sum(-1), 1, atol=1e-6)


def test_the_same_attention_is_the_same_message(shown: AppTest) -> None:
    before = message(shown)
    assert message(shown.run()) == before


def test_nothing_is_locked_to_begin_with(shown: AppTest) -> None:
    selection = shown.session_state.selection
    assert (selection.query, selection.head) == (None, None)


def test_the_centre_of_each_patch_finds_its_query() -> None:
    names = _names(SHIFTED, ["class token"])
    for place in range(12):
        row, column = divmod(place, 4)
        point = [(column + 0.5) / 4, (row + 0.5) / 3]
        flat = SHIFTED.flatten().tolist()
        expected = flat.index(place) if place in flat else None
        assert _query({"point": point}, SHIFTED, (3, 4), names) == expected


def test_a_token_is_found_by_its_name() -> None:
    places = np.array([[-1, -1, -2, 0]])
    names = _names(places, ["class token", "register 1"])
    assert _query({"token": "register 1"}, places, (1, 1), names) == 1
    assert _query({"token": "register 7"}, places, (1, 1), names) is None
    assert _query({"token": "register 1"}, np.array([[0, 1]]), (1, 2), []) is None
