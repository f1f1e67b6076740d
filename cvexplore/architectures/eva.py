"""EVA: masked patches, explained by CLIP."""

from cvexplore.architectures import Card, Paper

EVA = Card(
    name="EVA",
    year=2022,
    kind="transformer",
    learning="self-supervised",
    paper=Paper(
        "EVA: Exploring the Limits of Masked Visual Representation Learning at Scale",
        "Fang, Wang, Xie, et al.",
        arxiv="2211.07636",
    ),
    idea=(
        "Scale a plain ViT to a billion parameters by predicting CLIP's features of the patches "
        "that were hidden."
    ),
    builds_on=("BEiT", "CLIP"),
    models=("timm/eva_*",),
    formula=r"\mathcal{L} = -\sum_{i\in M}\cos(f_i,\ f_i^{\mathrm{CLIP}})",
    strengths=(
        "Scales a plain ViT to a billion parameters with public data, and transfers well to "
        "detection, segmentation and video."
    ),
    weaknesses=(
        "Needs CLIP's features as targets and much compute, and a billion parameters are slow "
        "and heavy to run."
    ),
)

EVA_02 = Card(
    name="EVA-02",
    year=2023,
    kind="transformer",
    learning="self-supervised",
    paper=Paper(
        "EVA-02: A Visual Representation for Neon Genesis",
        "Fang, Sun, Wang, Huang, Wang, Cao",
        arxiv="2303.11331",
    ),
    idea=(
        "Give EVA rotary positions and gated dense layers, so that small models match much "
        "larger ones."
    ),
    builds_on=("EVA",),
    models=("timm/eva02_*",),
    formula=r"y = W_3(\mathrm{SiLU}(W_1x)\odot W_2x),\quad q_m^\top k_n = q^\top R_{n-m}k",
    strengths=(
        "Transfers strongly at moderate size, and its rotary positions adapt to other image sizes."
    ),
    weaknesses=(
        "Needs a large EVA-CLIP teacher for pre-training, and attention stays quadratic in the "
        "number of patches."
    ),
)
