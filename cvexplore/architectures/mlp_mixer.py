"""MLP-Mixer and its relatives: neither convolution nor attention."""

from cvexplore.architectures import Card, Paper

MLP_MIXER = Card(
    name="MLP-Mixer",
    year=2021,
    kind="MLP",
    paper=Paper(
        "MLP-Mixer: An all-MLP Architecture for Vision",
        "Tolstikhin, Houlsby, Kolesnikov, et al.",
        arxiv="2105.01601",
    ),
    idea=(
        "Use dense layers only: one small network mixes the patches, the next mixes the "
        "channels, in turn."
    ),
    builds_on=("ViT",),
    models=("timm/mixer_*", "timm/gmixer_*"),
)

RESMLP = Card(
    name="ResMLP",
    year=2021,
    kind="MLP",
    paper=Paper(
        "ResMLP: Feedforward networks for image classification with data-efficient training",
        "Touvron, Bojanowski, Caron, et al.",
        arxiv="2105.03404",
    ),
    idea=(
        "Mix the patches with a single linear layer, and replace normalization by a learned "
        "scale and shift."
    ),
    builds_on=("ViT", "DeiT"),
    models=("timm/resmlp_*",),
)

GMLP = Card(
    name="gMLP",
    year=2021,
    kind="MLP",
    paper=Paper("Pay Attention to MLPs", "Liu, Dai, So, Le", arxiv="2105.08050"),
    idea=(
        "Mix one half of the channels across patches, and let it gate the other half by "
        "multiplication."
    ),
    builds_on=("ViT",),
    models=("timm/gmlp_*",),
)
