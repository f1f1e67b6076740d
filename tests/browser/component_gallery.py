"""Both components with generated data; test_components.py starts it with `streamlit run`."""

import io
import math

import numpy as np
import streamlit as st
from PIL import Image

from cvexplore.ui.components.atlas import atlas
from cvexplore.ui.components.live_curves import Curve, Panel, live_curves

VIRIDIS = [
    (68, 1, 84), (72, 40, 120), (62, 74, 137), (49, 104, 142), (38, 130, 142),
    (31, 158, 137), (53, 183, 121), (109, 205, 89), (180, 222, 44), (253, 231, 37),
]  # fmt: skip
SHEETS = {"64 tiles": (64, 8), "6 tiles": (6, 3), "256 tiles": (256, 16), "No picture": (0, 1)}


@st.cache_data
def ripples(tiles: int, columns: int, side: int = 56, gap: int = 2) -> bytes:
    """Return a sheet of plane waves, each of its own direction and length, as a palette PNG."""
    rows = -(-tiles // columns)
    cell = side + gap
    sheet = np.zeros((rows * cell, columns * cell), np.uint8)
    y, x = np.mgrid[0:side, 0:side] / side - 0.5
    spot = np.exp(-8 * (x**2 + y**2))
    noise = np.random.default_rng(0).normal(scale=0.08, size=(tiles, side, side))
    for tile in range(tiles):
        angle, waves = tile * math.pi / 11, 1 + tile % 7
        wave = np.cos(2 * math.pi * waves * (x * math.cos(angle) + y * math.sin(angle)))
        top, left = tile // columns * cell, tile % columns * cell
        picture = 0.5 + 0.5 * wave * spot + noise[tile]
        sheet[top : top + side, left : left + side] = np.clip(picture, 0, 1) * 255
    image = Image.fromarray(sheet, "P")
    steps = np.linspace(0, 255, len(VIRIDIS))
    channels = [np.interp(np.arange(256), steps, channel) for channel in zip(*VIRIDIS, strict=True)]
    image.putpalette(np.stack(channels, axis=1).astype(np.uint8).tobytes())
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()


def training(steps: int) -> list[Panel]:
    """Return what a run has measured after so many steps, one of them not a number."""
    x = range(0, steps, 5)
    noise = np.random.default_rng(1).normal(size=steps + 1)
    loss = [2.3 * math.exp(-s / 900) + 0.25 + 0.05 * noise[s] for s in x]
    if len(loss) > 30:
        loss[30] = math.nan
    checks = range(100, steps, 100)
    held_out = [2.3 * math.exp(-s / 900) + 0.42 + 0.02 * noise[s] for s in checks]
    accuracy = [100 * (1 - math.exp(-s / 700)) * 0.93 for s in checks]
    rate = [1e-3 * min(s / 200, 1) * (0.5 + 0.5 * math.cos(min(s / 4000, 1) * math.pi)) for s in x]
    return [
        Panel("Loss", (Curve("training", x, loss), Curve("validation", checks, held_out))),
        Panel("Accuracy", (Curve("validation", checks, accuracy, colour=1),), height=200, unit="%"),
        # Begins at zero, which a logarithmic axis does not have.
        Panel("Learning rate", (Curve("plan", x, rate, colour=2, dashed=True),), 170, log=True),
    ]


st.set_page_config(page_title="Component gallery", layout="wide")
st.title("Component gallery")

st.header("Atlas")
name = st.segmented_control("Sheet", list(SHEETS), default="64 tiles", required=True)
tiles, columns = SHEETS[name]
picture, words = st.columns([2, 1])
with picture:
    selected = atlas(
        ripples(tiles, columns) if tiles else b"",
        tiles=tiles,
        columns=columns,
        captions=[f"channel {tile} · {1 + tile % 7} waves" for tile in range(tiles)],
        key="atlas",
        alt="Plane waves of many directions",
        selected=3,
    )
words.metric("Selected tile", selected, border=True)
words.caption("Hover a tile to read about it, press it to select it.")

st.header("Live curves")
run = st.segmented_control("Run", ["first", "second"], default="first", required=True)


still = "still" in st.query_params  # nothing grows, so that a test can count the bytes of a click


@st.fragment(run_every=None if still else 0.5)
def curves() -> None:
    key = f"refreshes of {run}"
    refreshes = st.session_state[key] = 1 if still else st.session_state.get(key, 0) + 1
    live_curves(training(400 + 20 * refreshes), run=run, key="live")
    st.caption(f"Refresh {refreshes}")


curves()
live_curves([Panel("Loss", (Curve("training", [], []),), 120)], run="none", key="waiting")
