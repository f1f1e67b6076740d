"""Two networks called EfficientViT: from MIT, and from Microsoft Research Asia."""

from cvexplore.architectures import Card, Paper

EFFICIENTVIT_MIT = Card(
    name="EfficientViT (MIT)",
    year=2022,
    kind="hybrid",
    paper=Paper(
        "EfficientViT: Multi-Scale Linear Attention for High-Resolution Dense Prediction",
        "Cai, Li, Hu, Gan, Han",
        arxiv="2205.14756",
    ),
    idea=(
        "Replace softmax by ReLU, so that attention costs only linear time, with small "
        "convolutions to keep it local as well."
    ),
    builds_on=("MobileNetV2", "ViT"),
    models=("timm/efficientvit_[bl]*",),
)

EFFICIENTVIT_MSRA = Card(
    name="EfficientViT (MSRA)",
    year=2023,
    kind="hybrid",
    paper=Paper(
        "EfficientViT: Memory Efficient Vision Transformer with Cascaded Group Attention",
        "Liu, Peng, Zheng, Yang, Hu, Yuan",
        arxiv="2305.07027",
    ),
    idea=(
        "Put one attention layer among many cheap ones, and give each head its own channels and "
        "its predecessor's output."
    ),
    builds_on=("LeViT", "MobileNetV2"),
    models=("timm/efficientvit_m*",),
)
