"""TinyViT: a small transformer taught by a large one."""

from cvexplore.architectures import Card, Paper

TINY_VIT = Card(
    name="TinyViT",
    year=2022,
    kind="hybrid",
    learning="distillation",
    paper=Paper(
        "TinyViT: Fast Pretraining Distillation for Small Vision Transformers",
        "Wu, Zhang, Peng, Liu, Xiao, Fu, Yuan",
        arxiv="2207.10666",
    ),
    idea=(
        "Pre-train a small Swin with a convolutional first stage on a large teacher's answers, "
        "stored once on disk."
    ),
    builds_on=("Swin", "MobileNetV2", "DeiT"),
    models=("timm/tiny_vit_*",),
    formula=(
        r"\mathcal{L} = -\sum_c \hat{y}_c \log p_c,\quad \hat{y} = \mathrm{top}_K(\text{teacher})"
    ),
    strengths=(
        "A small model that gains from large pre-training data, at no teacher cost during training."
    ),
    weaknesses=(
        "The stored answers take disk space, must match each augmented image exactly, and first "
        "need a large teacher."
    ),
)
