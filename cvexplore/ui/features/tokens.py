"""Tokens that stand for no place of the image: class token, registers."""

from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    import numpy as np


def show(extra: "np.ndarray", maps: "np.ndarray") -> None:
    """Say how large each such token is beside the patches', and how alike it is to their mean.

    Args:
        extra: Shape: (P, C)
        maps: the patches' tokens, laid out. Shape: (C, H, W)
    """
    import numpy as np

    patches = maps.reshape(len(maps), -1).T  # (N, C)
    mean = patches.mean(0)
    usual = np.linalg.norm(patches, axis=1).mean()
    norms = np.linalg.norm(extra, axis=1)
    alike = extra @ mean / np.maximum(norms * np.linalg.norm(mean), 1e-12)
    st.dataframe(
        {
            "Token": ["class token or register", *["register"] * (len(extra) - 1)]
            if len(extra) > 1
            else ["class token"],
            "Length": norms.round(2),
            "Times a patch's": (norms / max(usual, 1e-12)).round(2),
            "Cosine to the mean patch": alike.round(3),
        },
        hide_index=True,
        width="stretch",
        height=36 * (len(extra) + 1),
        alt="Tokens that stand for no place",
    )
