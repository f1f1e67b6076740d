"""One channel's values as a small drawing.

It is redrawn at every click, so it is a few bars of SVG: a chart of plotly would take longer to
appear than the channel's picture.
"""

import html

import numpy as np

_BINS = 48
_WIDTH, _HEIGHT = 480, 110  # in the drawing's own units
_FAINTEST = 1e-4  # the least share that can be seen
_COLOUR = "#5B5BE6"


def histogram(channel: np.ndarray, *, beside: np.ndarray) -> str:
    """Return how one channel's values are distributed, beside those of its whole layer, as SVG.

    Both are shares of their own number of values, so that they compare; heights are logarithmic,
    from one in ten thousand to all.

    Shape: channel (H, W), beside (C, H, W)
    """
    low, high = float(beside.min()), float(beside.max())
    edges = np.linspace(low, high if high > low else low + 1, _BINS + 1)
    mine, all_ = (np.histogram(values, edges)[0] / values.size for values in (channel, beside))
    zero = _WIDTH * (0 - edges[0]) / (edges[-1] - edges[0])
    axis = f'<line x1="{zero:.1f}" x2="{zero:.1f}" y1="0" y2="{_HEIGHT}" class="zero"/>'
    words = html.escape(f"Values from {low:.3g} to {high:.3g}, logarithmic shares")
    return (
        f"<style>{_STYLE}</style>"
        f'<svg class="histogram" viewBox="0 0 {_WIDTH} {_HEIGHT + 18}" role="img" '
        f'aria-label="{words}">'
        f'<g class="layer">{_bars(all_, edges)}</g><g class="channel">{_bars(mine, edges)}</g>'
        f"{axis if 0 < zero < _WIDTH else ''}"
        f'<text x="0" y="{_HEIGHT + 14}">{edges[0]:.3g}</text>'
        f'<text x="{_WIDTH}" y="{_HEIGHT + 14}" text-anchor="end">{edges[-1]:.3g}</text></svg>'
    )


def height(share: float) -> float:
    """Return how high a bar stands for a share of the values, from 0 to 1."""
    if share <= _FAINTEST:
        return 0.02 if share > 0 else 0.0
    return 1 - float(np.log10(share) / np.log10(_FAINTEST))


def _bars(shares: np.ndarray, edges: np.ndarray) -> str:
    wide = _WIDTH / len(shares)
    bars = []
    for place, share in enumerate(shares.tolist()):
        if share:
            tall = _HEIGHT * height(share)
            told = f"{share:.2%} from {edges[place]:.3g} to {edges[place + 1]:.3g}"
            bars.append(
                f'<rect x="{place * wide:.1f}" y="{_HEIGHT - tall:.1f}" width="{wide:.1f}" '
                f'height="{tall:.1f}"><title>{told}</title></rect>'
            )
    return "".join(bars)


_STYLE = f"""
.histogram {{ width: 100%; }}
.histogram .layer {{ fill: currentColor; opacity: 0.22; }}
.histogram .channel {{ fill: {_COLOUR}; opacity: 0.8; }}
.histogram .zero {{ stroke: currentColor; stroke-dasharray: 3 3; opacity: 0.6; }}
.histogram text {{ fill: currentColor; font-size: 13px; opacity: 0.7; }}
"""
