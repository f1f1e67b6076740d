"""What runs reached, as tables: the last and the best values, and the spread of repeated runs."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from cvexplore.runs import Run, RunStore
from cvexplore.runs.comparing import Repeats, extreme, repeats
from cvexplore.runs.exports.csv_table import together
from cvexplore.ui.sweeps import naming
from cvexplore.ui.sweeps.overlay import curves_of, measure

_MEASURED = ("accuracy", "f1", "loss")
_SHARES = ("accuracy", "f1", "precision", "recall")


def table(store: RunStore, runs: Sequence[Run]) -> None:
    """Draw a row a run; a click on a column's head sorts by it."""
    called = naming.names(runs)
    columns: dict[str, list[Any]] = {
        "Run": [called[run.id] for run in runs],
        "State": [run.state for run in runs],
    }
    configured: dict[str, Any] = {"Run": st.column_config.TextColumn(pinned=True, width="medium")}
    read = {run.id: curves_of(store, run) for run in runs}
    for name in _MEASURED:
        if any(("validation", name) in curves for curves in read.values()):
            found = [_last_and_best(read[run.id].get(("validation", name)), name) for run in runs]
            title, extremes = f"Validation {_inside(name)}", f"Best {_inside(name)}"
            columns[title] = [last for last, _, _ in found]
            columns[extremes] = [best for _, best, _ in found]
            configured |= dict.fromkeys((title, extremes), _number(name))
            if name == "loss":
                columns["Best loss at step"] = [step for _, _, step in found]
    columns["Training loss"] = [run.latest.get("train/loss") for run in runs]
    configured["Training loss"] = _number("loss")
    for name in ("accuracy", "loss"):
        if any(f"test/{name}" in run.latest for run in runs):
            columns[f"Test {name}"] = [run.latest.get(f"test/{name}") for run in runs]
            configured[f"Test {name}"] = _number(name)
    columns["Steps"] = [run.step for run in runs]
    columns["Seconds"] = [_seconds(run) for run in runs]
    configured["Seconds"] = st.column_config.NumberColumn(format="%.1f")
    st.dataframe(
        columns,
        column_config=configured,
        hide_index=True,
        height=min(520, 38 + 35 * len(runs)),
        key="reached",
        placeholder="–",
        alt="What the runs reached",
    )


def download(store: RunStore, runs: Sequence[Run]) -> None:
    """Draw a button that takes all measurements of the runs along as one table."""
    st.download_button(
        "All their curves (CSV)",
        lambda: together(store, runs),
        "runs.csv",
        "text/csv",
        icon=":material/table:",
        on_click="ignore",
        key="reached.csv",
    )


def _inside(name: str) -> str:
    """Return what a measurement is called inside a title."""
    return measure(name) if name == "f1" else measure(name).lower()


def _last_and_best(curve: Any, name: str) -> tuple[float | None, float | None, int | None]:
    """Return a curve's last value, its best, and the step of that."""
    if curve is None:
        return None, None, None
    place = extreme(curve.values, name)
    if place is None:
        return curve.values[-1], None, None
    return curve.values[-1], curve.values[place], curve.steps[place]


def _number(name: str) -> Any:
    return st.column_config.NumberColumn(format="percent" if name in _SHARES else "%.4f")


def _seconds(run: Run) -> float | None:
    return (run.ended or time.time()) - run.started if run.started else None


# ------------------------------------------------------------------ repeated runs


def spreads(runs: Sequence[Run]) -> None:
    """Draw mean ± standard deviation of each recipe that was trained more than once."""
    groups = [each for each in repeats(runs) if len(each.runs) > 1]
    if not groups:
        return
    st.subheader("Folds and seeds")
    st.caption(
        "Runs that differ only in their fold or seed: the mean of their last validation values, ± "
        "one standard deviation of the sample. Two recipes closer than that are not told apart."
    )
    columns: dict[str, list[Any]] = {
        "Recipe": naming.recipes(groups),
        "Runs": [len(each.runs) for each in groups],
    }
    for name in _MEASURED:
        if any(f"validation/{name}" in run.latest for run in runs):
            columns[f"Validation {_inside(name)}"] = [_spread(each, name) for each in groups]
    st.dataframe(
        columns,
        hide_index=True,
        key="spreads",
        alt="Mean and standard deviation of repeated runs",
    )


def _spread(group: Repeats, name: str) -> str:
    found = group.spread(f"validation/{name}")
    return said(found.mean, found.deviation, name)


def said(mean: float, deviation: float, name: str) -> str:
    """Return a mean and its deviation as people write them: 97.6 ± 0.2 %."""
    if mean != mean:
        return "–"
    if name in _SHARES:
        number, spread, unit = f"{100 * mean:.1f}", f"{100 * deviation:.1f}", " %"
    else:
        number, spread, unit = f"{mean:.4f}", f"{deviation:.4f}", ""
    return f"{number}{unit}" if deviation != deviation else f"{number} ± {spread}{unit}"


def latest(run: Run, metric: str, missing: str = "–") -> str:
    """Return the last value of a measurement of a run in words."""
    values: Mapping[str, float] = run.latest
    if metric not in values:
        return missing
    return said(values[metric], float("nan"), metric.rpartition("/")[2])
