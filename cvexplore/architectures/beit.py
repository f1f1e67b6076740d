"""BEiT: learning images as BERT learns texts."""

from cvexplore.architectures import Card, Paper

BEIT = Card(
    name="BEiT",
    year=2021,
    kind="transformer",
    learning="self-supervised",
    paper=Paper(
        "BEiT: BERT Pre-Training of Image Transformers", "Bao, Dong, Piao, Wei", arxiv="2106.08254"
    ),
    idea=(
        "Hide patches of an image and predict which visual words stood there, as BERT does with "
        "texts."
    ),
    builds_on=("ViT", "DeiT"),
    models=("timm/beit_*",),
)

BEIT_V2 = Card(
    name="BEiT v2",
    year=2022,
    kind="transformer",
    learning="self-supervised",
    paper=Paper(
        "BEiT v2: Masked Image Modeling with Vector-Quantized Visual Tokenizers",
        "Peng, Dong, Bao, Ye, Wei",
        arxiv="2208.06366",
    ),
    idea=(
        "Make the visual words carry meaning: learn them by rebuilding a teacher's features "
        "instead of pixels."
    ),
    builds_on=("BEiT", "CLIP"),
    models=("timm/beitv2_*",),
)

BEIT_3 = Card(
    name="BEiT-3",
    year=2022,
    kind="transformer",
    learning="image-text",
    paper=Paper(
        "Image as a Foreign Language: BEiT Pretraining for All Vision and Vision-Language Tasks",
        "Wang, Bao, Dong, et al.",
        arxiv="2208.10442",
    ),
    idea=(
        "Treat images as a foreign language: shared attention, an expert for each kind of input, "
        "and gaps to fill in all."
    ),
    builds_on=("BEiT v2",),
    models=("timm/beit3_*",),
)
