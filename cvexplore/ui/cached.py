"""What pages compute once and share.

Networks and traces are shared by all sessions, for nothing about them is anybody's. What was made
of a person's image stays in that person's session.
"""

import ctypes
import gc
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from cvexplore import catalog
from cvexplore.checkpoints import checkpoint
from cvexplore.runs import RunStore
from cvexplore.training.config import RunConfig

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image
    from torch import nn

    from cvexplore.architectures import Card
    from cvexplore.interpret.dense import Answer
    from cvexplore.interpret.predictions import Prediction
    from cvexplore.trace import Trace
    from cvexplore.trace.memory import Memory
    from cvexplore.training.datasets import Dataset

Options = tuple[tuple[str, Any], ...]

one_draws = threading.Lock()  # random numbers have one generator for all threads
two_at_once = threading.Semaphore(2)  # more forward passes at once only wait for each other


@dataclass(frozen=True)
class Subject:
    """A network to look into: what it is called, its weights, and its options."""

    name: str
    weights: str
    options: Options = ()

    @property
    def key(self) -> str:
        """A name for widgets that belong to this network, at whichever moment of its run."""
        return f"{self.name}.{self.weights.partition('@')[0]}"


@dataclass(frozen=True)
class Seen:
    """What a network made of one image: one layer's maps, and its answer.

    Args:
        maps: one map a channel. Shape: (C, H, W)
        extra: tokens that stand for no place of the image. Shape: (P, C)
        note: how tokens or windows were laid out.
        calls: how often the layer was called.
        answer: classes, boxes, or the class of each pixel.
    """

    maps: "np.ndarray"
    extra: "np.ndarray"
    note: str
    calls: int
    answer: "Answer"

    @property
    def predictions(self) -> "tuple[Prediction, ...]":
        """The likeliest classes; none of a network that does not classify."""
        return self.answer if isinstance(self.answer, tuple) else ()


@st.cache_resource(max_entries=64, show_spinner="Building the network…")
def traced(name: str, options: Options = ()) -> "Trace":
    """Return the trace of an architecture with these options."""
    return catalog.traced(name, **dict(options))


@st.cache_resource(max_entries=8, show_spinner="Building the network…")
def skeleton(name: str, options: Options = ()) -> "nn.Module":
    """Return an architecture without its numbers, for questions about its modules."""
    return catalog.build(name, device="meta", **dict(options))


@st.cache_resource(max_entries=64, show_spinner="Following its memory…")
def memory(name: str, options: Options, training: bool, precision: str) -> "Memory":
    """Return how much memory an architecture needs."""
    from cvexplore.trace.memory import memory

    example = catalog.example(name, **dict(options))
    return memory(skeleton(name, options), example, training=training, precision=precision)


@st.cache_resource(max_entries=3, show_spinner="Loading the network…")
def network(subject: Subject) -> "nn.Module":
    """Return a network in evaluation mode; the same one for everybody who looks into it.

    Random weights are drawn from one seed, so that they are the same when they are built anew.
    """
    import torch

    with one_draws, torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = catalog.build(subject.name, weights=subject.weights, **dict(subject.options))
    _give_memory_back()
    return model.eval().requires_grad_(False)


@st.cache_data(max_entries=16, scope="session", show_spinner="Asking the network…")
def answered(subject: Subject, _image: "Image", fingerprint: str) -> "Answer":
    """Return what a network says of an image: classes, boxes, or the class of each pixel."""
    from cvexplore import images
    from cvexplore.interpret.activations import capture

    prepared = images.prepare(_image, preparation(subject))
    with two_at_once:
        output = capture(network(subject), prepared, []).output
    return _decoded(subject, output, (prepared.shape[2], prepared.shape[3]))


@st.cache_data(max_entries=8, scope="session", show_spinner="Looking through the layer…")
def look(subject: Subject, _image: "Image", fingerprint: str, layer: str, call: int = 0) -> Seen:
    """Return what a network makes of an image at one layer.

    Args:
        subject: the network.
        _image: the picture; ``fingerprint`` stands for it in the cache.
        fingerprint: a hash of its bytes.
        layer: the layer's path.
        call: which call of the layer, where it is called several times.
    """
    from cvexplore import images
    from cvexplore.interpret.activations import as_maps, capture

    model = network(subject)
    prepared = images.prepare(_image, preparation(subject))
    with two_at_once:
        seen = capture(model, prepared, [layer])
    found = as_maps(seen, layer, model, call)
    answer = _decoded(subject, seen.output, (prepared.shape[2], prepared.shape[3]))
    calls = len(seen.layers[layer])
    return Seen(found.maps.numpy(), found.extra.numpy(), found.note, calls, answer)


def _decoded(subject: Subject, output: Any, sides: tuple[int, int]) -> "Answer":
    from cvexplore.interpret.dense import decode

    labels = catalog.labels(subject.name, subject.weights)
    return decode(output, labels, catalog.find(subject.name).task, sides)


@st.cache_data(max_entries=8, scope="session", show_spinner=False)
def square(subject: Subject, _image: "Image", fingerprint: str) -> "Image":
    """Return the part of an image that a network sees; a large photo takes a tenth of a second."""
    from cvexplore import images

    return images.crop(_image, preparation(subject))


def preparation(subject: Subject) -> Any:
    """Return what is done to a picture before this network sees it."""
    return catalog.preparation(subject.name, subject.weights, **dict(subject.options))


@st.cache_resource(max_entries=8, show_spinner="Loading the data set…")
def dataset(name: str, options: Options = ()) -> "Dataset":
    """Return a data set; all are public pictures or drawn by us."""
    from cvexplore.plugins import Choice
    from cvexplore.training.datasets import DATASETS

    return DATASETS.bind(Choice(name, dict(options)))()


def trained_on(subject: Subject) -> "Dataset | None":
    """Return the data set that this project's own weights learned from; None for other weights."""
    found = learned_from(subject)
    return dataset(found[0], frozen(dict(found[1]))) if found else None


def learned_from(subject: Subject) -> tuple[str, Mapping[str, Any]] | None:
    """Return the name of that data set, and its options."""
    config = recipe(subject)
    return (config.dataset.name, config.dataset.options) if config else None


def recipe(subject: Subject) -> RunConfig | None:
    """Return how these weights were trained, if it was by this project."""
    if subject.weights.startswith("run:"):
        return RunStore().run(subject.weights.removeprefix("run:").partition("@")[0]).config
    ours = checkpoint(subject.name) if subject.weights == "bundled" else None
    return RunConfig.from_json(json.dumps(ours.recipe)) if ours else None


@st.cache_resource
def card(name: str) -> "Card | None":
    """Return the card of the family an architecture belongs to."""
    from cvexplore.architectures import family

    return family(name)


def frozen(options: dict[str, Any]) -> Options:
    """Return options as a value that caches can tell apart."""
    return tuple(sorted(options.items()))


def _give_memory_back() -> None:
    """Return the memory of networks that left the cache to the system; Linux keeps it otherwise."""
    gc.collect()
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    except (OSError, AttributeError):
        return
