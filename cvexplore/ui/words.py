"""Numbers as people read them, and names as Markdown shows them."""

import re

_STEPS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def compact(value: float | None, unit: str = "") -> str:
    """Return a number with three digits and a prefix: 25557032 is "25.6 M"."""
    if value is None:
        return "–"
    for size, prefix in _STEPS:
        if abs(value) >= size * 0.9995:
            return f"{_three_digits(value / size)} {prefix}{unit}"
    return f"{_three_digits(value)} {unit}".rstrip()


def _three_digits(value: float) -> str:
    if value == int(value) and abs(value) < 1000:
        return f"{int(value)}"
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:.{digits}f}"


def duration(seconds: float) -> str:
    """Return a time span: 75 is "1 min 15 s"."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def about(seconds: float) -> str:
    """Return an estimate in words: 7.25 is "about 7.2 s"."""
    return f"about {duration(seconds) if seconds >= 10 else f'{seconds:.1f} s'}"


def shape(sides: tuple[int, ...] | None) -> str:
    """Return a shape without its batch: (1, 64, 56, 56) is "64 × 56 × 56"."""
    return " × ".join(map(str, sides[1:])) if sides else "–"


def plain(text: str) -> str:
    """Return text that Markdown shows as it is."""
    return re.sub(r"([\\`*_\[\]$:<>~#|])", r"\\\1", text)
