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
)
