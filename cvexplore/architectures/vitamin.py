"""ViTamin: a hybrid designed for learning from captions."""

from cvexplore.architectures import Card, Paper

VITAMIN = Card(
    name="ViTamin",
    year=2024,
    kind="hybrid",
    learning="image-text",
    paper=Paper(
        "ViTamin: Designing Scalable Vision Models in the Vision-Language Era",
        "Chen, Yu, Shen, Yuille, Chen",
        arxiv="2404.02132",
    ),
    idea=(
        "Put two stages of inverted bottlenecks before a ViT, a design chosen for learning from "
        "images and captions."
    ),
    builds_on=("CoAtNet", "CLIP"),
    models=("timm/vitamin_*",),
    formula=r"y = T_3(\mathrm{MBConv}_2(\mathrm{MBConv}_1(x)))",
    strengths=(
        "A good image encoder to train with captions, for search by text and for multimodal models."
    ),
    weaknesses=(
        "It was tuned for learning from a very large set of image and caption pairs, and its last "
        "stage is quadratic in tokens."
    ),
)
