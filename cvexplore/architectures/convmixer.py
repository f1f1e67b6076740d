"""ConvMixer: a network of patches and convolutions only."""

from cvexplore.architectures import Card, Paper

CONVMIXER = Card(
    name="ConvMixer",
    year=2022,
    kind="CNN",
    paper=Paper("Patches Are All You Need?", "Trockman, Kolter", arxiv="2201.09792"),
    idea=(
        "Cut the image into patches, then only repeat a large depthwise and a 1×1 convolution at "
        "constant size."
    ),
    builds_on=("ViT", "MLP-Mixer"),
    models=("timm/convmixer_*",),
    formula=(
        r"x' = x+\mathrm{BN}(\sigma(D_{k\times k}*x)),\quad y = \mathrm{BN}(\sigma(W_{1"
        r"\times1}*x'))"
    ),
    strengths=(
        "Very simple: one block repeated at constant size, in a few lines of code and with few "
        "parameters."
    ),
    weaknesses=(
        "Slow for its size, because it keeps the full number of patches and uses large depthwise "
        "kernels in every block."
    ),
)
