"""A trace as a table of text: CSV and JSON for programs, Markdown and aligned text for people."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cvexplore.trace.records import LayerRecord, Shape, Trace


@dataclass(frozen=True)
class Summary:
    """Some layers of a network, and the network whose totals their shares are of.

    Args:
        layers: a row each.
        whole: the network.
        failed: index of the row where the pass broke off, if it did.
    """

    layers: tuple[LayerRecord, ...]
    whole: Trace
    failed: int | None = None

    @property
    def total(self) -> LayerRecord:
        """What the rows hold together."""
        rows = self.layers
        return LayerRecord(
            index=-1,
            path="total",
            kind="",
            depth=0,
            input_shapes=(),
            output_shape=None,
            parameters=sum(row.parameters for row in rows),
            macs=sum(row.macs for row in rows),
            activation_bytes=sum(row.activation_bytes for row in rows),
            trainable=sum(row.trainable for row in rows),
        )

    def parameter_share(self, row: LayerRecord) -> float:
        """Return a row's part of the network's parameters, from 0 to 1."""
        return row.parameters / max(1, self.whole.parameters)

    def mac_share(self, row: LayerRecord) -> float:
        """Return a row's part of the network's multiply-adds, from 0 to 1."""
        return row.macs / max(1, self.whole.macs)


def summary(trace: Trace, depth: int | None = None, inside: str = "") -> Summary:
    """Return a network's layers, folded, or those of one of its blocks.

    Args:
        trace: the network, unfolded.
        depth: how many levels to tell apart, counted from the block; None for all.
        inside: the path of a block; the whole network if empty.
    """
    levels = inside.count(".") + 1 if inside else 0
    folded = trace if depth is None else trace.folded(depth + levels)
    rows = (row for row in folded.layers if not inside or _is_in(inside, row.path))
    return Summary(tuple(rows), trace)


def partial_summary(trace: Trace, failed: str, depth: int) -> Summary:
    """Return what ran of a network, up to and including the layer that failed.

    Args:
        trace: of a pass that broke off, as a ``TraceError`` carries it.
        failed: the path of the layer that failed, likewise.
        depth: how many levels to tell apart.
    """
    rows = trace.folded(depth).layers
    there = [row for row in rows if not row.path or _is_in(row.path, failed)]
    last = next((row for row in there if row.output_shape is None), there[-1] if there else None)
    return Summary(rows[: last.index + 1], trace, last.index) if last else Summary((), trace)


def _is_in(block: str, path: str) -> bool:
    return path == block or path.startswith(f"{block}.")


def blocks(trace: Trace) -> tuple[str, ...]:
    """Return the paths of all modules that hold layers, in order: what a summary can look into."""
    found: dict[str, None] = {}
    for layer in trace.layers:
        names = layer.path.split(".")
        found.update(dict.fromkeys(".".join(names[:end]) for end in range(1, len(names))))
    return tuple(found)


def learning(row: LayerRecord) -> str:
    """Return which of a layer's parameters an optimiser would change: all, part or none of them."""
    if not row.parameters:
        return ""
    if row.trainable == row.parameters:
        return "all"
    return "part" if row.trainable else "none"


def name_of(row: LayerRecord) -> str:
    """Return what to call a layer: its path, which the network itself has none of."""
    return row.path or "(network)"


def shape_text(shape: Shape | None, times: str = " × ") -> str:
    """Return a shape as people write it, its batch included."""
    return times.join(map(str, shape or ()))


# ------------------------------------------------------------------ for programs


def csv_text(table: Summary) -> str:
    """Return a line a layer under a line of heads; sums are left to the reader's program."""
    text = io.StringIO()
    rows = [_values(table, row) for row in table.layers]
    for row in rows:
        row["input_shapes"] = " ".join(shape_text(each, "x") for each in row["input_shapes"])
        row["output_shape"] = shape_text(row["output_shape"], "x")
    writer = csv.DictWriter(text, list(_values(table, table.total)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def json_text(table: Summary, **about: Any) -> str:
    """Return the layers, what they hold together, and what the whole network holds.

    Args:
        table: the layers.
        about: what else to write, such as the network's name.
    """
    rows = [_values(table, row) for row in table.layers]
    held = {**_sums(table.whole), "layers": rows, "sums": _sums(table.total)}
    return json.dumps({**about, **held})


def _values(table: Summary, row: LayerRecord) -> dict[str, Any]:
    return {
        "path": row.path,
        "kind": row.kind,
        "depth": row.depth,
        "input_shapes": row.input_shapes,
        "output_shape": row.output_shape,
        "parameters": row.parameters,
        "parameter_share": round(table.parameter_share(row), 6),
        "trainable": row.trainable,
        "macs": row.macs,
        "mac_share": round(table.mac_share(row), 6),
        "activation_bytes": row.activation_bytes,
        "receptive_field": row.receptive_field,
    }


def _sums(of: LayerRecord | Trace) -> dict[str, int]:
    return {
        "parameters": of.parameters,
        "trainable": of.trainable,
        "macs": of.macs,
        "activation_bytes": of.activation_bytes,
    }


# ------------------------------------------------------------------ for people

_HEADS = (
    "Layer",
    "Kind",
    "Input",
    "Output",
    "Parameters",
    "Share",
    "MACs",
    "Share",
    "Memory (B)",
    "Field",
    "Trainable",
)
_NUMBERS = range(4, 10)  # the columns that stand to the right


def markdown_text(table: Summary) -> str:
    """Return a Markdown table whose last row is the sums."""
    marks = ["--:" if place in _NUMBERS else ":--" for place in range(len(_HEADS))]
    lines = [_HEADS, marks, *([_escaped(cell) for cell in row] for row in _cells(table))]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def plain_text(table: Summary) -> str:
    """Return an aligned table whose last row is the sums."""
    lines: list[Sequence[str]] = [_HEADS, *_cells(table)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = ["-" * width for width in widths]
    return "".join(
        "  ".join(
            cell.rjust(width) if place in _NUMBERS else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        + "\n"
        for line in (lines[0], rule, *lines[1:-1], rule, lines[-1])
    )


def _cells(table: Summary) -> list[list[str]]:
    return [
        [
            name_of(row),
            row.kind,
            " + ".join(shape_text(each) for each in row.input_shapes),
            "failed here" if row.index == table.failed else shape_text(row.output_shape),
            f"{row.parameters:,}",
            f"{table.parameter_share(row):.2%}",
            f"{row.macs:,}",
            f"{table.mac_share(row):.2%}",
            f"{row.activation_bytes:,}",
            str(row.receptive_field or ""),
            learning(row),
        ]
        for row in (*table.layers, table.total)
    ]


def _escaped(text: str) -> str:
    """Return text that Markdown shows as it is; names of layers may hold underscores and stars."""
    for sign in "\\|_*`<>[]":
        text = text.replace(sign, f"\\{sign}")
    return text


# What a table can be written as: the ending of its file, and the function that writes it.
FORMATS: dict[str, tuple[str, Callable[[Summary], str]]] = {
    "text": ("txt", plain_text),
    "csv": ("csv", csv_text),
    "json": ("json", json_text),
    "markdown": ("md", markdown_text),
}
