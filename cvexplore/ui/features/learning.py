"""While it learns: filters, maps and answers at the moments that a training run kept, as a film."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from cvexplore import catalog, folders
from cvexplore.figures.learning import Line, learning
from cvexplore.figures.sheet import COLOURS, Colours
from cvexplore.runs import Run, RunStore, snapshots
from cvexplore.ui.features import Looking
from cvexplore.ui.features.moments import moments_of
from cvexplore.ui.pickers import choose
from cvexplore.ui.places import page
from cvexplore.ui.words import compact, plain

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

    from cvexplore.interpret.learning import Moment
    from cvexplore.interpret.weights import Filters

_CLASSES = 6  # shown as bars
_FILTERS = 256  # of which more are too small to be watched
_MOST_POINTS = 600  # of a loss curve; about a screen's pixels


def show(looking: Looking) -> None:
    """Draw what a run's network made of the image while it learned."""
    run = _run(looking.subject.weights)
    steps = snapshots.kept(folders.run(run.id)) if run else ()
    if run is None or len(steps) < 2:
        _offer(run)
        return
    moments = moments_of(looking, run.id, steps)
    if moments:
        _draw(looking, run, moments)


def _run(weights: str) -> Run | None:
    if not weights.startswith("run:"):
        return None
    return RunStore().run(weights.removeprefix("run:").partition("@")[0])


# ------------------------------------------------------------------ no moments to see


def _offer(run: Run | None) -> None:
    """Say that these weights have no moments, and offer runs that have."""
    what = "This run kept no snapshots" if run else "These weights are not those of a training run"
    runs = [each for each in RunStore().runs() if len(snapshots.kept(folders.run(each.id))) > 1]
    if not runs:
        st.info(
            f"{what}, and no other run has kept any. Train a network with **Snapshots** (under "
            "More) above 0: the run keeps its weights at so many moments, and here you see it "
            "learn.",
            icon=":material/movie:",
        )
        st.page_link(page("train"), label="Train a network", icon=":material/model_training:")
        return
    st.info(f"{what}. Choose a run that kept snapshots.", icon=":material/movie:")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox("Run", runs, format_func=_described, key="learning.run")
        st.button(
            "See it learn",
            icon=":material/movie:",
            key="learning.see",
            on_click=lambda: choose(
                chosen.config.architecture, f"run:{chosen.id}", architecture="model", key="weights"
            ),
        )


def _described(run: Run) -> str:
    count = len(snapshots.kept(folders.run(run.id)))
    return f"{run.id} · {run.config.architecture} on {run.config.dataset.name} · {count} moments"


# ------------------------------------------------------------------ the moments


@st.fragment
def _draw(looking: Looking, run: Run, moments: "Sequence[Moment]") -> None:
    steps = [moment.step for moment in moments]
    page_step = looking.subject.weights.partition("@")[2]  # empty for the end
    shown = st.select_slider(
        "Step",
        steps,
        int(page_step) if page_step and int(page_step) in steps else steps[-1],
        format_func=lambda step: f"{step:,}",
        key=f"learning.step.{looking.subject.weights}.{steps[-1]}.{len(steps)}",
        help="Drag it, or click it and use the arrow keys; the first is before it learned.",
    )
    place = steps.index(shown)
    fixed, colours = _look()
    which = f"{run.id} {looking.layer} {looking.picture.fingerprint}"
    films = _frames(which, tuple(steps), run.steps, fixed, colours, moments)
    columns = st.columns([4, 4, 3], gap="medium")
    titles = {"First filters": _filters_title(moments[-1]), "Feature maps": _maps_title(looking)}
    for column, (name, title) in zip(columns, titles.items(), strict=False):
        with column:
            _still(films.get(name), place, title)
    with columns[2]:
        _answers(looking, moments, place)
    st.plotly_chart(
        learning(_losses(run), _moved(moments), shown),
        config={"displaylogo": False},
        key="learning.curves",
        alt="Losses, and how far the layer's maps have moved, by step",
    )
    st.caption(
        "Below: the cosine distance of the layer's maps of this image from those before it "
        "learned, and from those in the end. 0 is the same pattern, at any strength."
    )
    _play(looking, run, films, f"{which} {steps} {fixed} {colours}")
    _say_limit(run)


def _look() -> tuple[bool, Colours]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        colours = st.selectbox("Colours", COLOURS, key="learning.colours", width=140)
        fixed = st.toggle(
            "One scale for all steps",
            True,
            key="learning.fixed",
            help="Each channel's colours then mean the same at every step, so that strengths "
            "compare; otherwise each step is stretched by itself, and faint patterns show",
        )
    return fixed, colours


def _filters_title(moment: "Moment") -> str:
    if moment.filters is None:
        return ""
    count = len(moment.filters.values)
    return f"First filters: {moment.filters.layer} · {count}"


def _maps_title(looking: Looking) -> str:
    return f"Feature maps: {looking.layer}"


@st.cache_data(scope="session", max_entries=4, show_spinner=False)
def _frames(
    which: str,
    steps: tuple[int, ...],
    last: int,
    fixed: bool,
    colours: Colours,
    _moments: "Sequence[Moment]",
) -> "Mapping[str, tuple[Image, ...]]":
    """Return the frames of both films, by their names."""
    import numpy as np

    from cvexplore.figures.film import filter_frames, map_frames

    captions = [f"step {step:,} of {last:,}" for step in steps]
    found = {}
    pictures = [_picture(moment.filters) for moment in _moments if moment.filters]
    if pictures:
        found["First filters"] = tuple(filter_frames(np.stack(pictures), captions, fixed=fixed))
    maps = np.stack([moment.maps for moment in _moments])
    found["Feature maps"] = tuple(map_frames(maps, captions, fixed=fixed, colours=colours))
    return found


def _picture(filters: "Filters") -> "np.ndarray":
    return next(iter(filters.pictures().values()))[:_FILTERS]


def _still(film: "Sequence[Image] | None", place: int, title: str) -> None:
    from cvexplore.figures.film import still

    if film is None:
        st.caption("This network begins with no filters that are pictures.")
        return
    st.caption(title)
    st.image(still(film[place]), width="stretch", alt=f"{title}, frame {place + 1}")


def _answers(looking: Looking, moments: "Sequence[Moment]", place: int) -> None:
    """Draw the probabilities of the classes that were likeliest at any moment, always the same."""
    subject = looking.subject
    names = dict(enumerate(catalog.labels(subject.name, subject.weights)))
    every = list(zip(*(moment.probabilities for moment in moments), strict=True))
    likely = sorted(range(len(every)), key=lambda each: max(every[each]))[-_CLASSES:]
    st.caption("What it answers")
    for each in sorted(likely, key=lambda each: every[each][-1], reverse=True):
        share = every[each][place]
        name = plain(names.get(each, f"class {each}"))
        st.progress(min(1.0, share), f"{name} · {share:.1%}")


def _losses(run: Run) -> dict[str, Line]:
    points, _ = RunStore().metrics(run.id)
    found: dict[str, tuple[list[int], list[float]]] = {}
    for split, name in (("train", "training"), ("validation", "validation")):
        mine = [each for each in points if (each.split, each.name) == (split, "loss")]
        mine = mine[:: max(1, len(mine) // _MOST_POINTS)]
        found[name] = [each.step for each in mine], [each.value for each in mine]
    return dict(found)


def _moved(moments: "Sequence[Moment]") -> dict[str, Line]:
    steps = [moment.step for moment in moments]
    return {
        "from the start": (steps, [moment.from_start for moment in moments]),
        "to the end": (steps, [moment.to_end for moment in moments]),
    }


# ------------------------------------------------------------------ the film


def _play(looking: Looking, run: Run, films: "Mapping[str, Sequence[Image]]", which: str) -> None:
    st.subheader("As a film")
    left, right = st.columns([4, 7], gap="medium")
    with right:
        name = st.segmented_control(
            "Film of", list(films), default="Feature maps", required=True, key="learning.film"
        )
        what = looking.layer if name == "Feature maps" else "filters"
        made = _film(which, name, films[name])
        st.download_button(
            "Download the film",
            made,
            f"{run.id}-{what}.gif".replace("/", "-"),
            "image/gif",
            icon=":material/download:",
            on_click="ignore",
            key="learning.download",
        )
        st.caption(
            f"{len(films[name])} moments, {compact(len(made), 'B')}. An animated GIF: it plays in "
            "browsers, slides and messages. Moments lie closer at the beginning, where most "
            "happens; the line below grows evenly."
        )
    with left:
        st.image(made, width="stretch", alt=f"Film of {what} while the network learns")


@st.cache_data(scope="session", max_entries=4, show_spinner="Making the film…")
def _film(which: str, name: str, _frames: "Sequence[Image]") -> bytes:
    from cvexplore.figures.film import film

    return film(_frames)


def _say_limit(run: Run) -> None:
    """Say why there are fewer moments than the recipe asks for."""
    each = snapshots.file(folders.run(run.id), 0)
    size = each.stat().st_size if each.is_file() else 0
    count = snapshots.affordable(run.config.snapshots, size)
    if count < run.config.snapshots:
        st.caption(snapshots.too_large(run.config.snapshots, count, size))
