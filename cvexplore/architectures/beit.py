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
    formula=r"\mathcal{L} = -\sum_{i\in M}\log p(z_i\mid x_{\setminus M})",
    strengths=(
        "Learns from images without labels, and gives a good start for fine-tuning on "
        "classification or segmentation."
    ),
    weaknesses=(
        "Needs a tokenizer trained beforehand, and its raw features must be fine-tuned before "
        "they classify well."
    ),
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
    formula=r"z_i = \arg\min_j\lVert\bar h_i-\bar v_j\rVert,\quad\max\sum_i\cos(o_i,t_i)",
    strengths=(
        "Its features carry more meaning than BEiT's, so that even a linear classifier on top "
        "works well."
    ),
    weaknesses=(
        "Depends on a large teacher such as CLIP to train the tokenizer, so pre-training takes "
        "two stages."
    ),
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
    formula=(
        r"y = \mathrm{FFN}_m(\mathrm{SA}(x)),\quad m\in\{\mathrm{image},\mathrm{text},"
        r"\mathrm{both}\}"
    ),
    strengths=(
        "One network serves images, texts and both together, as in captions, image search by "
        "words and visual questions."
    ),
    weaknesses=(
        "Needs huge collections of images, texts and pairs, and its attention cost grows with "
        "the square of the token count."
    ),
)
