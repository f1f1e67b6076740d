"""Taking the network along: as code, as an ONNX file, as weights, as a design."""

import shlex
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

import streamlit as st

from cvexplore import export
from cvexplore.errors import ExportError
from cvexplore.ui import cached
from cvexplore.ui.anatomy import Built
from cvexplore.ui.cached import Subject
from cvexplore.ui.pickers import pick_weights
from cvexplore.ui.words import compact

if TYPE_CHECKING:
    from cvexplore.catalog.weights import Origin

_MOST_BYTES = 600_000_000  # of weights that pass through a browser: VGG-19 does, ViT-H does not
_MADE = "taking.onnx"  # one file a session


@dataclass(frozen=True)
class _Made:
    """An ONNX file made for this session: it lies on disk without a name, and goes with it."""

    subject: Subject
    file: IO[bytes]
    about: export.OnnxFile

    def read(self) -> bytes:
        """Return the whole file."""
        self.file.seek(0)
        return self.file.read()


def show(built: Built) -> None:
    """Let a person choose what to take along, and hand it out."""
    offered = [way for way in _WAYS if way != "Design" or export.has_design(built.name)]
    way = st.segmented_control(
        "Take it along as", offered, default=offered[0], required=True, wrap=True, key="taking.as"
    )
    about, hand_out = _WAYS[way]
    st.caption(about)
    hand_out(built)


# ------------------------------------------------------------------ text


def _code(built: Built) -> None:
    text = export.code(built.name, dict(built.options))
    _hand_out_text(built, text, "code", ".py", "text/x-python", "python")


def _design(built: Built) -> None:
    text = export.design(built.name, dict(built.options))
    _hand_out_text(built, text, "design", ".json", "application/json", "json")


def _hand_out_text(built: Built, text: str, to: str, suffix: str, kind: str, language: str) -> None:
    st.download_button(
        f"Download {_file_name(built.name, suffix)}",
        text,
        _file_name(built.name, suffix),
        kind,
        icon=":material/download:",
        on_click="ignore",
        key=f"taking.{to}",
    )
    st.code(text, language=language, height=min(560, 40 + 24 * text.count("\n")))
    _command(Subject(built.name, "random", built.options), to, suffix)


# ------------------------------------------------------------------ with weights


def _safetensors(built: Built) -> None:
    subject, size = _weighed(built, "safetensors", ".safetensors")
    name = _file_name(subject.name, ".safetensors")
    st.download_button(
        f"Download {name}, {compact(size, 'B')}",
        lambda: _bytes_of(subject),
        name,
        "application/octet-stream",
        icon=":material/download:",
        on_click="ignore",
        key=f"taking.safetensors.{subject}",
    )
    st.code(
        f'model.load_state_dict(safetensors.torch.load_file("{name}"))',
        language="python",
    )
    _command(subject, "safetensors", ".safetensors")


def _onnx(built: Built) -> None:
    subject, size = _weighed(built, "onnx", ".onnx")
    if known := export.obstacle_to_onnx(subject.name, size):
        raise ExportError(known)
    made = st.session_state.get(_MADE)
    if made is not None and made.subject == subject:
        _hand_out(made)
    elif st.button(
        f"Make the ONNX file, about {compact(size, 'B')}",
        icon=":material/build:",
        key=f"taking.make.{subject}",
        help="Takes from ten seconds to a few minutes",
    ):
        st.session_state[_MADE] = _exported(subject)
        st.rerun()
    _command(subject, "onnx", ".onnx")


def _hand_out(made: _Made) -> None:
    batch = "batches of any size" if made.about.any_batch else "one image at a time"
    st.markdown(f"It needs ONNX operator set **{made.about.opset}** and takes {batch}.")
    name = _file_name(made.subject.name, ".onnx")
    st.download_button(
        f"Download {name}",
        made.read,
        name,
        "application/octet-stream",
        icon=":material/download:",
        on_click="ignore",
        key=f"taking.onnx.{made.subject}",
    )


def _weighed(built: Built, to: str, suffix: str) -> tuple[Subject, int]:
    """Let a person choose weights, and return them with the bytes they take.

    Raises:
        ExportError: they are too large for a browser; the message says how to have them.
    """
    subject = pick_weights(built.name, key="weights")
    if subject.weights == "random":
        subject = replace(subject, options=built.options)
        st.caption(":material/casino: Random weights, as the builder draws them: nothing learned.")
    elif subject.options != built.options:
        st.caption(":material/info: The network these weights belong to has other options.")
    size = 4 * cached.traced(subject.name, subject.options).parameters
    if size > _MOST_BYTES:
        raise ExportError(
            f"Its weights take {compact(size, 'B')}, and {compact(_MOST_BYTES, 'B')} is the most "
            f"to pass through a browser; this command writes them: "
            f"`{_words(subject, to, suffix)}`"
        )
    return subject, size


def _bytes_of(subject: Subject) -> bytes:
    with tempfile.TemporaryDirectory(prefix="cvexplore-") as folder:
        path = Path(folder, "weights.safetensors")
        export.save_safetensors(cached.network(subject), _origin(subject), path)
        return path.read_bytes()


def _exported(subject: Subject) -> _Made:
    told = st.empty()
    st.button("Cancel", key="taking.cancel")  # whatever is clicked ends this run of the page

    def show(stage: str, seconds: float) -> None:
        told.markdown(f":material/hourglass_top: {stage.capitalize()}, {seconds:.0f} s")

    with tempfile.TemporaryDirectory(prefix="cvexplore-") as folder:
        path = Path(folder, "network.onnx")
        about = export.save_onnx(cached.network(subject), _origin(subject), path, on_progress=show)
        file = tempfile.TemporaryFile()  # noqa: SIM115 (it stays while the session does)
        with path.open("rb") as source:
            shutil.copyfileobj(source, file)
        return _Made(subject, file, about)


def _origin(subject: Subject) -> "Origin":
    return export.origin(subject.name, subject.weights, dict(subject.options))


# ------------------------------------------------------------------ words


def _command(subject: Subject, to: str, suffix: str) -> None:
    st.caption("On the command line:")
    st.code(_words(subject, to, suffix), language="bash", wrap_lines=True)


def _words(subject: Subject, to: str, suffix: str) -> str:
    """Return the command that writes the same file."""
    parts = ["python -m cvexplore export", subject.name, "--to", to]
    if subject.weights != "random":
        parts += ["--weights", subject.weights]
    for name, value in subject.options if subject.weights == "random" else ():
        parts += ["--option", shlex.quote(f"{name}={value}")]
    return " ".join([*parts, "--out", _file_name(subject.name, suffix)])


def _file_name(name: str, suffix: str) -> str:
    return name.partition("/")[2] + suffix


_WAYS: dict[str, tuple[str, Callable[[Built], None]]] = {
    "PyTorch code": ("One file that builds the same network, to read and to change.", _code),
    "Weights": (
        "All its numbers, by the names they have in the code: the safetensors format holds numbers "
        "only and nothing that runs.",
        _safetensors,
    ),
    "ONNX": (
        "Network and weights in one file that runs without PyTorch: in ONNX Runtime, in browsers, "
        "on phones. It predicts and cannot be trained.",
        _onnx,
    ),
    "Design": ("Its layers as a list in JSON, to change on the Design page.", _design),
}
