"""MobileViT: small transformers between mobile convolutions."""

from cvexplore.architectures import Card, Paper

MOBILEVIT = Card(
    name="MobileViT",
    year=2021,
    kind="hybrid",
    paper=Paper(
        "MobileViT: Light-weight, General-purpose, and Mobile-friendly Vision Transformer",
        "Mehta, Rastegari",
        arxiv="2110.02178",
    ),
    idea=(
        "Insert small transformers between mobile convolutions: unfold the map, let its patches "
        "attend, and fold it back."
    ),
    builds_on=("MobileNetV2", "ViT"),
    models=("timm/mobilevit_*",),
    formula=r"y = \mathrm{fold}(\mathrm{Transformer}(\mathrm{unfold}(x)))",
    strengths=(
        "Gets a global view with few parameters, and trains with simple augmentation like a "
        "convolutional network."
    ),
    weaknesses=(
        "On phones it is slower than MobileNetV2 of like size, since attention and unfolding are "
        "poorly supported there."
    ),
)

MOBILEVIT_V2 = Card(
    name="MobileViTv2",
    year=2022,
    kind="hybrid",
    paper=Paper(
        "Separable Self-attention for Mobile Vision Transformers",
        "Mehta, Rastegari",
        arxiv="2206.02680",
    ),
    idea=(
        "Score every patch against one learned token instead of against all others, in linear time."
    ),
    builds_on=("MobileViT",),
    models=("timm/mobilevitv2_*",),
    formula=r"y = \mathrm{ReLU}(xW_V) \odot \sum_i \mathrm{softmax}_i(x w)\,(xW_K)_i",
    strengths=(
        "Mixes globally at a cost linear in the patches, with element-wise steps that phones "
        "handle well."
    ),
    weaknesses=(
        "One summary serves every patch, so it cannot say which patch should listen to which other "
        "one."
    ),
)
