"""How long the tokens are after each block: where a network keeps notes on patches it can spare."""

from typing import TYPE_CHECKING

import streamlit as st

from cvexplore.figures.heads import norms_by_depth
from cvexplore.figures.overlay import heat_over
from cvexplore.figures.pictures import enlarged
from cvexplore.ui import cached
from cvexplore.ui.attention import Attending, recorded
from cvexplore.ui.cached import Subject, two_at_once
from cvexplore.ui.words import plain

if TYPE_CHECKING:
    from PIL.Image import Image

    from cvexplore.attention.token_norms import TokenNorms


def show(attending: Attending) -> None:
    """Draw the norms over depth, and those of the chosen layer's block over the image."""
    found = _norms(attending.subject, attending.picture.image, attending.picture.fingerprint)
    if not found:
        return
    here = _around(attending.layer.partition(" #")[0])
    chosen = next((each for each in found if each.block in here), found[-1])
    st.subheader("How long the tokens are after each block")
    left, right = st.columns([1, 2], gap="medium", vertical_alignment="center")
    with left:
        st.image(
            heat_over(
                enlarged(attending.square.convert("RGB")),
                chosen.places.numpy(),
                strength=0.65,
                smooth=False,
            ),
            width="stretch",
            alt=f"Norms of the tokens after {chosen.block}",
        )
        st.caption(
            f"After {plain(chosen.block)}: from {chosen.places.min():.3g} to "
            f"{chosen.places.max():.3g}; the longest is {chosen.outliers:.1f} times the median."
        )
    with right:
        st.plotly_chart(
            norms_by_depth(
                [each.block for each in found],
                [each.places.median().item() for each in found],
                [each.places.max().item() for each in found],
                [each.others.max().item() if len(each.others) else None for each in found],
            ),
            config={"displayModeBar": False},
            alt=f"Median and largest norm of the tokens after {len(found)} blocks",
        )
    st.caption(
        "The Euclidean norm of each token. Large networks make a few patches of plain background "
        "many times longer than the rest and keep notes on the whole image there; attention then "
        "rests on them, and its maps show spots. Registers take that part over. It does not say "
        "what a long token holds. Source: [Darcet et al. 2023](https://arxiv.org/abs/2309.16588)."
    )


def _around(path: str) -> list[str]:
    """Return the modules that may be an attention's block, the innermost first.

    A block adds what its attention returns to the tokens; "blocks.3" may be both at once.
    """
    parts = path.split(".")
    innermost = len(parts) if parts[-1].isdigit() else max(len(parts) - 1, 1)
    return [".".join(parts[:count]) for count in range(innermost, 0, -1)]


@st.cache_resource(max_entries=2, scope="session", show_spinner="Measuring its tokens…")
def _norms(subject: Subject, _image: "Image", fingerprint: str) -> "tuple[TokenNorms, ...]":
    """Return the norms of each attention's block: the innermost module that holds all places.

    Inside a block, tokens may be sorted into windows.
    """
    from cvexplore.attention.token_norms import token_norms

    located = [each for each in recorded.located(subject).values() if each.kind == "spatial"]
    around = list(dict.fromkeys(path for each in located for path in _around(each.path)))
    image = recorded.prepared(subject, _image)
    if image.dim() != 4 or not around:
        return ()
    with two_at_once:
        norms = token_norms(cached.network(subject), image, around)
    by_path = {each.block: each for each in norms}
    found = {}
    for each in located:
        grid = each.places.query_grid if each.places else None
        whole = (by_path[path] for path in _around(each.path) if path in by_path)
        block = next((one for one in whole if tuple(one.places.shape) == grid), None)
        if block is not None:
            found[block.block] = block
    return tuple(found.values())
