"""One channel's values as a small drawing.

It is redrawn at every click, so it is a few bars of SVG: a chart of plotly would take longer to
appear than the channel's picture.
"""

import numpy as np

_BINS = 48
_WIDTH, _HEIGHT = 300, 84  # in the drawing's own units
_FAINTEST = 1e-4  # the least share that can be seen
_COLOUR, _GREY = "#5B5BE6", "#868E96"  # both are seen on white and on black


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
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-8 0 {_WIDTH + 16} {_HEIGHT + 20}">'
        f"<style>{_STYLE}</style>"
        f'<g class="layer">{_bars(all_)}</g><g class="channel">{_bars(mine)}</g>'
        f"{axis if 0 < zero < _WIDTH else ''}"
        f'<text x="0" y="{_HEIGHT + 14}">{edges[0]:.3g}</text>'
        f'<text x="{_WIDTH}" y="{_HEIGHT + 14}" text-anchor="end">{edges[-1]:.3g}</text></svg>'
    )


def height(share: float) -> float:
    """Return how high a bar stands for a share of the values, from 0 to 1."""
    if share <= _FAINTEST:
        return 0.02 if share > 0 else 0.0
    return 1 - float(np.log10(share) / np.log10(_FAINTEST))


def _bars(shares: np.ndarray) -> str:
    wide = _WIDTH / len(shares)
    bars = []
    for place, share in enumerate(shares.tolist()):
        if share:
            tall = _HEIGHT * height(share)
            bars.append(
                f'<rect x="{place * wide:.1f}" y="{_HEIGHT - tall:.2f}" width="{wide:.1f}" '
                f'height="{tall:.2f}"/>'
            )
    return "".join(bars)


_STYLE = f"""
.layer {{ fill: {_GREY}; opacity: 0.45; }}
.channel {{ fill: {_COLOUR}; opacity: 0.8; }}
.zero {{ stroke: {_GREY}; stroke-dasharray: 3 3; }}
text {{ fill: {_GREY}; font: 11px sans-serif; }}
"""
