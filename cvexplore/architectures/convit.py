"""ConViT: attention that starts out as convolution."""

from cvexplore.architectures import Card, Paper

CONVIT = Card(
    name="ConViT",
    year=2021,
    kind="transformer",
    paper=Paper(
        "ConViT: Improving Vision Transformers with Soft Convolutional Inductive Biases",
        "d'Ascoli, Touvron, Leavitt, Morcos, Biroli, Sagun",
        arxiv="2103.10697",
    ),
    idea=(
        "Start attention heads as soft convolutions, and let a gate in each head learn how far "
        "to leave locality behind."
    ),
    builds_on=("DeiT",),
    models=("timm/convit_*",),
    formula=(
        r"A = (1-\sigma(\lambda))\,\mathrm{softmax}(QK^\top)+\sigma(\lambda)\,\mathrm{softmax}(v^"
        r"\top r)"
    ),
    strengths="Learns from fewer images than a plain ViT, since its heads begin as local filters.",
    weaknesses=(
        "Mixing two attention maps rules out fast fused attention, and the cost stays quadratic "
        "in the number of patches."
    ),
)
