"""EdgeNeXt: ConvNeXt with attention, for small devices."""

from cvexplore.architectures import Card, Paper

EDGENEXT = Card(
    name="EdgeNeXt",
    year=2022,
    kind="hybrid",
    paper=Paper(
        "EdgeNeXt: Efficiently Amalgamated CNN-Transformer Architecture for Mobile Vision "
        "Applications",
        "Maaz, Shaker, Cholakkal, Khan, Zamir, Anwer, Khan",
        arxiv="2206.10589",
    ),
    idea=(
        "Mix ConvNeXt blocks with attention between channels, whose groups are first filtered "
        "one after another."
    ),
    builds_on=("ConvNeXt", "XCiT", "Res2Net"),
    models=("timm/edgenext_*",),
    formula=(
        r"s_i = D_{3\times3}*(x_i+s_{i-1}),\quad Y^\top = \mathrm{softmax}(\tau\hat Q^\top\hat "
        r"K)\,V^\top"
    ),
    strengths=(
        "Sees the whole image at a cost linear in pixels and with few parameters, made for "
        "mobile devices."
    ),
    weaknesses=(
        "Depthwise kernels of up to 9×9 run slowly on many chips, and channel attention mixes "
        "all positions alike."
    ),
)
