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
)
