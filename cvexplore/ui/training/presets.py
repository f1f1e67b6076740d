"""Ready-made recipes, each worth a look; a click fills the form with it."""

from dataclasses import dataclass, field

import streamlit as st

from cvexplore.plugins import Choice
from cvexplore.training.config import RunConfig
from cvexplore.ui.training.beginning import Beginning, begin
from cvexplore.ui.words import plain


@dataclass(frozen=True)
class Preset:
    """A recipe with a name.

    Args:
        title: a few words.
        about: what to watch.
        config: the recipe.
    """

    title: str
    about: str
    config: RunConfig = field(default_factory=RunConfig)


PRESETS = (
    Preset(
        "MNIST in ten seconds",
        "A small convolutional network reads digits after three passes over 4,000 of them. The "
        "one-cycle schedule is what makes three enough: try it beside a constant one.",
        RunConfig(schedule=Choice("one_cycle"), learning_rate=3e-3, epochs=3),
    ),
    Preset(
        "Fine-tune a network that knows photos",
        "EfficientNet-Lite0 comes with weights from ImageNet. All layers but the last keep them: "
        "only a new last layer is learned. Choose pictures of your own under Data.",
        RunConfig(
            architecture="timm/tf_efficientnet_lite0",
            weights="bundled",
            frozen=1.0,
            dataset=Choice("shapes", {"count": 400, "image_size": 96}),
            learning_rate=1e-2,
            batch_size=32,
            epochs=5,
        ),
    ),
    Preset(
        "A transformer on digits",
        "A vision transformer with a stem of small convolutions. It has to learn from pictures "
        "what a convolution knows by its shape, so it takes longer than the network above.",
        RunConfig(
            architecture="cvexplore/vit",
            options={
                **{"patch_size": 8, "width": 64, "depth": 4, "heads": 4},
                **{"mlp_ratio": 2.0, "stem": "convolutions"},
            },
            dataset=Choice("mnist_5k", {"image_size": 32}),
            weight_decay=0.05,
            epochs=12,
        ),
    ),
    Preset(
        "See it overfit",
        "200 pictures, no dropout, no augmentation, no weight decay: the training loss goes to "
        "nothing while the validation loss turns and rises. Then try what helps.",
        RunConfig(
            options={"dropout": 0.0},
            dataset=Choice("shapes", {"count": 400, "noise": 0.3}),
            validation=0.5,
            weight_decay=0.0,
            batch_size=32,
            epochs=60,
        ),
    ),
    Preset(
        "A learning rate too high",
        "Plain SGD whose steps overshoot: after a few of them the loss is no number any more, and "
        "the run says where that began. Divide the learning rate by ten, and it learns.",
        RunConfig(
            optimizer=Choice("sgd", {"momentum": 0.0, "nesterov": False}),
            schedule=Choice("constant"),
            learning_rate=2.0,
            epochs=3,
        ),
    ),
)
_BY_TITLE = {each.title: each for each in PRESETS}


def show(start: Beginning) -> None:
    """Draw the ready-made recipes, and say where the form's values come from."""
    key = start.key("preset")
    st.session_state.setdefault(key, start.preset or None)
    chosen = st.pills(
        "Start with", list(_BY_TITLE), key=key, on_change=_fill, args=(key,), wrap=True
    )
    if chosen:
        st.caption(_BY_TITLE[chosen].about)
    elif start.trouble:
        st.warning(
            f"{plain(start.trouble)} The form shows its defaults.", icon=":material/link_off:"
        )
    elif start.run:
        st.caption(f":material/content_copy: The recipe of run {plain(start.run)}, to change.")


def _fill(key: str) -> None:
    title = st.session_state[key] or ""
    begin(_BY_TITLE[title].config if title else RunConfig(), title)
