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
    formula=r"U = X + W_2\,\sigma(W_1\,\mathrm{LN}(X)),\quad Y = U + \mathrm{MLP}(U)",
    strengths=(
        "Very simple and easy to run fast, as it consists of matrix products only and mixes "
        "globally in every layer."
    ),
    weaknesses=(
        "Its token weights fix the image size, and without pre-training on very large data it "
        "overfits."
    ),
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
    formula=r"Z = X + \gamma \odot (A\,\mathrm{Aff}(X)),\quad Y = Z + \mathrm{MLP}(Z)",
    strengths=(
        "Its single linear mixing layer can be looked at directly as a picture of which patches "
        "are combined."
    ),
    weaknesses=(
        "The mixing is the same for every image and is tied to one image size, and training needs "
        "strong augmentation."
    ),
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
    formula=r"s(Z) = Z_1 \odot (W Z_2 + b)",
    strengths=(
        "Shows that one multiplying gate in each block can stand in for attention, with no softmax "
        "and no comparing of pairs."
    ),
    weaknesses=(
        "The spatial matrix has one weight for each pair of patches, so it only fits the image "
        "size of its training."
    ),
)
