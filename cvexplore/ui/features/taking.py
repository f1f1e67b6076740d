"""Taking it along: a layer's numbers or all layers', the sheet of channels, the code, its files."""

import io
import re
import shlex
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

import streamlit as st

from cvexplore import export, images
from cvexplore.errors import ExportError
from cvexplore.export import notebook
from cvexplore.export.arrays import array_file, facts
from cvexplore.figures.pictures import png
from cvexplore.figures.sheet import COLOURS, sheet
from cvexplore.ui import cached
from cvexplore.ui.features import Looking
from cvexplore.ui.words import compact

if TYPE_CHECKING:
    from torch import Tensor

    from cvexplore.interpret.every_layer import Call

_MOST_BYTES = 600_000_000  # that pass through a browser
_OFTEN = 0.1  # seconds between two words about progress
_MADE = "features.taking.made"  # one file a session


@dataclass(frozen=True)
class _Made:
    """All layers' arrays, in a file without a name that goes with the session."""

    looking: tuple[object, ...]
    file: IO[bytes]
    size: int
    arrays: int

    def read(self) -> bytes:
        """Return the whole file."""
        self.file.seek(0)
        return self.file.read()


def show(looking: Looking) -> None:
    """Let a person choose what to take along, and hand it out."""
    way = st.segmented_control(
        "Take it along as",
        list(_WAYS),
        default="This layer's numbers",
        required=True,
        wrap=True,
        key="features.taking",
    )
    about, hand_out = _WAYS[way]
    st.caption(about)
    hand_out(looking)


# ------------------------------------------------------------------ numbers


def _one_layer(looking: Looking) -> None:
    name = _file_name(looking, looking.layer, ".npz")
    _download(name, lambda: _arrays_of_layer(looking), f"layer.{looking.key}")
    st.code(
        f'arrays = numpy.load("{name}")\n'
        'arrays["maps"]  # one map a channel: channels, height, width\n'
        'json.loads(arrays["about"].item())  # network, weights, layer, preparation, versions',
        language="python",
    )
    _command(looking, looking.layer, name)


def _arrays_of_layer(looking: Looking) -> bytes:
    from cvexplore.interpret.activations import feature_maps

    subject = looking.subject
    with cached.two_at_once:
        found = feature_maps(cached.network(subject), _prepared(looking), looking.layer)
    buffer = io.BytesIO()
    with array_file(buffer) as file:
        file.add("maps", found.maps.numpy())
        if len(found.extra):
            file.add("extra", found.extra.numpy())
        said = facts(subject.name, subject.weights, dict(subject.options), looking.layer)
        file.add_about({**said, "note": found.note})
    return buffer.getvalue()


def _all_layers(looking: Looking) -> None:
    this = (looking.subject, looking.picture.fingerprint)
    name = _file_name(looking, "all", ".npz")
    made: _Made | None = st.session_state.get(_MADE)
    if made is not None and made.looking == this:
        st.markdown(f"**{made.arrays:,}** arrays, **{compact(made.size, 'B')}**")
        _download(name, made.read, f"all.{looking.key}")
    elif st.button(
        "Make the file", icon=":material/build:", key=f"features.make.{looking.key}", type="primary"
    ):
        st.session_state[_MADE] = None  # the last one's room on disk is free again
        st.session_state[_MADE] = _recorded(looking, this)
        st.rerun()
    _command(looking, "all", name)


def _recorded(looking: Looking, this: tuple[object, ...]) -> _Made:
    """Run the network once and write what each layer returns as it comes.

    Raises:
        ExportError: the file becomes too large for a browser.
    """
    from cvexplore.interpret.every_layer import every_layer

    subject = looking.subject
    model = cached.network(subject)
    count = sum(1 for _ in model.modules()) - 1
    bar = st.progress(0.0, "Running the network…")
    st.button("Stop", icon=":material/stop:", key="features.stop")  # a click ends this run
    file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (it stays while the session does)
    written: list[str] = []
    notes: dict[str, str] = {}
    seen: set[str] = set()
    told = 0.0

    def receive(call: "Call") -> None:
        nonlocal told
        seen.add(call.layer)
        if call.note:
            notes[call.key] = call.note
        for key, values in call.arrays():
            arrays.add(key, values.numpy())
            written.append(key)
        if file.tell() > _MOST_BYTES:
            raise ExportError(
                f"All its layers take more than {compact(_MOST_BYTES, 'B')}, the most to pass "
                f"through a browser; this command writes them: "
                f"`{_words(looking, 'all', _file_name(looking, 'all', '.npz'))}`"
            )
        if time.monotonic() > told + _OFTEN:
            told = time.monotonic()
            share = min(1.0, len(seen) / count)
            bar.progress(share, f"{len(seen):,} of {count:,} layers · {compact(file.tell(), 'B')}")

    with cached.two_at_once, array_file(file) as arrays:
        every_layer(model, _prepared(looking), receive)
        said = facts(subject.name, subject.weights, dict(subject.options))
        arrays.add_about({**said, "notes": notes})
    return _Made(this, file, file.tell(), len(written))


# ------------------------------------------------------------------ a picture


def _sheet(looking: Looking) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        colours = st.selectbox("Colours", COLOURS, key="features.sheet.colours", width=140)
        together = st.toggle("One scale for all channels", key="features.sheet.scale")
    found = cached.look(
        looking.subject, looking.picture.image, looking.picture.fingerprint, looking.layer
    )
    drawn = sheet(found.maps, scale="layer" if together else "channel", colours=colours)
    name = _file_name(looking, looking.layer, ".png")
    _download(name, drawn.png, f"sheet.{looking.key}", "image/png")
    st.image(drawn.png, alt=f"All {drawn.tiles} channels of {looking.layer}")


# ------------------------------------------------------------------ code


def _code(looking: Looking) -> None:
    ours = "With cvexplore"
    way = st.segmented_control(
        "Code", [ours, "With PyTorch alone"], default=ours, required=True, key="features.code"
    )
    subject = looking.subject
    write = notebook.code if way == ours else notebook.plain_code
    text = write(subject.name, subject.weights, dict(subject.options), looking.layer)
    st.code(text, language="python", height=min(560, 40 + 24 * text.count("\n")))
    st.caption("It reads these files, from the folder it runs in:")
    with st.container(horizontal=True):
        _download("photo.png", lambda: _png(looking), f"photo.{looking.key}", "image/png")
        if way != ours or subject.weights == "random":
            _weights(looking)


def _png(looking: Looking) -> bytes:
    return png(looking.picture.image)


def _weights(looking: Looking) -> None:
    subject = looking.subject
    size = 4 * cached.traced(subject.name, subject.options).parameters
    name = notebook.weights_file(subject.name)
    if size > _MOST_BYTES:
        st.caption(f"{name} is too large for a browser: {compact(size, 'B')}.")
        return
    _download(name, lambda: _safetensors(looking), f"weights.{looking.key}")


def _safetensors(looking: Looking) -> bytes:
    subject = looking.subject
    of = export.origin(subject.name, subject.weights, dict(subject.options))
    with tempfile.TemporaryDirectory(prefix="cvexplore-") as folder:
        path = Path(folder, "weights.safetensors")
        export.save_safetensors(cached.network(subject), of, path)
        return path.read_bytes()


# ------------------------------------------------------------------ what all have


def _prepared(looking: Looking) -> "Tensor":
    return images.prepare(looking.picture.image, cached.preparation(looking.subject))


def _download(
    name: str,
    content: bytes | Callable[[], bytes],
    key: str,
    kind: str = "application/octet-stream",
) -> None:
    st.download_button(
        f"Download {name}",
        content,
        name,
        kind,
        icon=":material/download:",
        on_click="ignore",
        key=f"features.{key}",
    )


def _file_name(looking: Looking, part: str, suffix: str) -> str:
    """Return a name that every file system takes."""
    model = looking.subject.name.partition("/")[2]
    return re.sub(r"[^\w.-]+", "-", f"{model}-{part}") + suffix


def _command(looking: Looking, layer: str, name: str) -> None:
    if looking.subject.weights == "random":
        st.caption(
            ":material/casino: Random weights: another process, such as the command line, draws "
            "others. Take these along under Code."
        )
        return
    st.caption("On the command line, with the picture as a file:")
    st.code(_words(looking, layer, name), language="bash", wrap_lines=True)


def _words(looking: Looking, layer: str, name: str) -> str:
    subject = looking.subject
    parts = [subject.name, "photo.png", "--weights", subject.weights, "--layer", layer]
    return shlex.join(["python", "-m", "cvexplore", "features", *parts, "--out", name])


_WAYS: dict[str, tuple[str, Callable[[Looking], None]]] = {
    "This layer's numbers": (
        "A .npz file for NumPy: the layer's maps, and what they are of.",
        _one_layer,
    ),
    "All layers' numbers": (
        "A .npz file for NumPy: what every module returned, by its path; a second call of a module "
        "is path#2, tokens that stand for no place are path:extra.",
        _all_layers,
    ),
    "Sheet of channels": ("All channels in one picture.", _sheet),
    "Code": ("The lines that compute the same numbers in a notebook.", _code),
}
