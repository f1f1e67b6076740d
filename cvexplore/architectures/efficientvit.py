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
    formula=(
        r"O_i = \frac{\phi(Q_i)\sum_j\phi(K_j)^\top V_j}{\phi(Q_i)\sum_j\phi(K_j)^\top},\quad"
        r"\phi=\mathrm{ReLU}"
    ),
    strengths=(
        "Linear attention keeps large images affordable, which suits segmentation and mobile "
        "devices."
    ),
    weaknesses=(
        "Attention without softmax is less sharp, so it needs convolutions for local detail, and "
        "its sums are kept in 32-bit numbers."
    ),
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
    formula=(
        r"\tilde x_j = \mathrm{Attn}_j(x_j+\tilde x_{j-1}),\quad y = W[\tilde x_1,\dots,\tilde "
        r"x_h]"
    ),
    strengths=(
        "Many images a second on GPUs and CPUs for a small network, since few of its steps wait "
        "for memory."
    ),
    weaknesses=(
        "Heads run one after another and not at once, and the attention biases are bound to one "
        "image size."
    ),
)
