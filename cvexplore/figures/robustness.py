"""Robustness as pictures: pixels, a frame on them, a search's tries, accuracy when corrupted."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cvexplore.figures.pictures import enlarged
from cvexplore.figures.theme import colour, frame

if TYPE_CHECKING:
    from PIL.Image import Image
    from plotly.graph_objects import Figure

    from cvexplore.robustness import Accuracies, Count, Squares

SIDE = 224  # pixels a picture is shown with at least
_MARK = (255, 176, 0)
_GREY = "#888888"


# ------------------------------------------------------------------ pictures


def as_picture(pixels: np.ndarray) -> "Image":
    """Return pixels as a picture of 8 bits a channel, each rounded to the nearest.

    Shape: (C, H, W), 0..1, C being 1 or 3
    """
    from PIL import Image

    bands = (np.clip(pixels, 0, 1) * 255).round().astype(np.uint8).transpose(1, 2, 0)
    return Image.fromarray(bands[..., 0] if bands.shape[2] == 1 else bands)


def framed(picture: "Image", corner: tuple[int, int], side: int) -> "Image":
    """Return the picture, enlarged if it is small, with a frame around one of its squares.

    Args:
        picture: as the network saw it.
        corner: the square's upper left one: how many pixels from the top, and from the left.
        side: of the square, in pixels.
    """
    from PIL import ImageDraw

    drawn = enlarged(picture.convert("RGB"), SIDE)
    factor = drawn.width // picture.width
    top, left, wide = (each * factor for each in (*corner, side))
    box = (left - 2, top - 2, left + wide + 1, top + wide + 1)
    ImageDraw.Draw(drawn).rectangle(box, None, _MARK, 2)
    return drawn


# ------------------------------------------------------------------ charts


def tries(
    epsilons: Sequence[float], shares: Sequence[float], flipped: Sequence[bool], label: str
) -> "Figure":
    """Return the tries of a search for the smallest epsilon, in whichever order they were made.

    Args:
        epsilons: how far a pixel was allowed to change, in steps of 255.
        shares: the probability left to the class that the image was first taken for.
        flipped: which of them succeeded.
        label: that class.
    """
    from plotly.graph_objects import Figure

    figure = Figure()
    rows = sorted(zip(epsilons, shares, flipped, strict=True))
    figure.add_scatter(
        x=[epsilon for epsilon, _, _ in rows],
        y=[share for _, share, _ in rows],
        mode="lines",
        line={"color": _GREY, "width": 1, "dash": "dot"},
        hoverinfo="skip",
        showlegend=False,
    )
    for succeeded, said, symbol, shade in (
        (False, "the attack fails", "circle", 0),
        (True, "the attack succeeds", "x", 2),
    ):
        some = [row for row in rows if row[2] is succeeded]
        figure.add_scatter(
            x=[epsilon for epsilon, _, _ in some],
            y=[share for _, share, _ in some],
            mode="markers",
            name=said,
            marker={"size": 10, "symbol": symbol, "color": colour(figure, shade)},
            hovertemplate="epsilon %{x:g}: %{y:.1%}<extra>" + said + "</extra>",
        )
    figure.update_layout(frame(260))
    ticks = [2.0**power for power in range(-3, 9)]
    figure.update_xaxes(
        title="Epsilon, in steps of 255",
        type="log",
        tickvals=ticks,
        ticktext=[f"{each:g}" for each in ticks],
    )
    figure.update_yaxes(title=f"Probability of {label}", tickformat=".0%", range=[-0.04, 1.04])
    return figure


def accuracy_curves(found: "Accuracies", *, what: str = "Accuracy") -> "Figure":
    """Return how often a network is right under each corruption, strength by strength.

    A line a corruption, each beginning at the clean images; a band is where the share on all images
    of that kind lies, in 95 of 100 cases.

    Args:
        found: the counts.
        what: they count, the axis's title.
    """
    from plotly.graph_objects import Figure

    figure = Figure()
    steps = (0, *found.strengths)
    figure.add_scatter(
        x=[steps[0], steps[-1]],
        y=[found.clean.accuracy] * 2,
        mode="lines",
        name="as they are",
        line={"color": _GREY, "width": 2, "dash": "dash"},
        hovertemplate=_hover("as they are", found.clean),
    )
    for place, name in enumerate(found.corruptions):
        shade = colour(figure, place)
        counts = [each for each in (found.clean, *found.curve(name)) if each.images]
        _band(figure, steps, counts, name, shade)
        figure.add_scatter(
            x=steps[: len(counts)],
            y=[each.accuracy for each in counts],
            mode="lines+markers",
            name=name,
            legendgroup=name,
            line={"color": shade, "width": 2, "dash": "solid" if place < 7 else "dot"},
            marker={"size": 6, "symbol": "circle" if place < 7 else "diamond"},
            hovertemplate=[_hover(name, each) for each in counts],
        )
    figure.update_layout(frame(380))
    figure.update_xaxes(title="Strength", tickvals=steps, ticktext=["as it is", *steps[1:]])
    figure.update_yaxes(title=what, tickformat=".0%", range=[-0.02, 1.02])
    return figure


def _band(
    figure: "Figure", steps: Sequence[int], counts: Sequence["Count"], name: str, shade: str
) -> None:
    bounds = [each.interval() for each in counts]
    along = list(steps[: len(counts)])
    figure.add_scatter(
        x=along + along[::-1],
        y=[high for _, high in bounds] + [low for low, _ in reversed(bounds)],
        fill="toself",
        fillcolor=shade,
        opacity=0.08,
        mode="none",
        legendgroup=name,
        showlegend=False,
        hoverinfo="skip",
    )


def _hover(name: str, count: "Count") -> str:
    low, high = count.interval()
    return (
        f"{count.correct} of {count.images}: {count.accuracy:.1%}<br>"
        f"95 %: {low:.1%} to {high:.1%}<extra>{name}</extra>"
    )


def occlusions(squares: "Squares", *, side: int) -> "Figure":
    """Return what a square leaves of a class's probability at each place; crosses where it flips.

    Args:
        squares: what the network said.
        side: of the image, in pixels.
    """
    from plotly.graph_objects import Figure

    figure = Figure()
    half = squares.side / 2
    across, down = ([start + half for start in starts] for starts in (squares.lefts, squares.tops))
    figure.add_heatmap(
        x=across,
        y=down,
        z=squares.kept.numpy(),
        zmin=0,
        zmax=1,
        colorscale="Viridis",
        colorbar={"tickformat": ".0%", "thickness": 12},
        hovertemplate="middle at %{x:.0f}, %{y:.0f}: %{z:.1%}<extra></extra>",
    )
    flips = [(down[row], across[column]) for row, column in squares.flips.nonzero().tolist()]
    figure.add_scatter(
        x=[x for _, x in flips],
        y=[y for y, _ in flips],
        mode="markers",
        marker={"symbol": "x", "size": 7, "color": "#FF4B4B"},
        hoverinfo="skip",
        showlegend=False,
    )
    figure.update_layout(frame(360))
    figure.update_xaxes(range=[0, side], constrain="domain", title="Middle of the square, pixels")
    figure.update_yaxes(range=[side, 0], scaleanchor="x", constrain="domain")
    return figure
