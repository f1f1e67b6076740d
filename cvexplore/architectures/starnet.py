"""StarNet: what a simple multiplication can do."""

from cvexplore.architectures import Card, Paper

STARNET = Card(
    name="StarNet",
    year=2024,
    kind="CNN",
    paper=Paper("Rewrite the Stars", "Ma, Dai, Bai, Wang, Fu", arxiv="2403.19967"),
    idea="Multiply two linear branches element by element, which acts like a far wider network.",
    builds_on=("MobileNetV2", "ConvNeXt"),
    models=("timm/starnet_*",),
    formula=r"y = (W_1 x) \odot (W_2 x)",
    strengths=(
        "Compact networks with low delay, as a product of two branches makes rich features without "
        "many channels."
    ),
    weaknesses=(
        "Its authors see the gain over adding shrink as networks widen, and products spread the "
        "range of values."
    ),
)
