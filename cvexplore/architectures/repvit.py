"""RepViT: a mobile CNN laid out like a light ViT."""

from cvexplore.architectures import Card, Paper

REPVIT = Card(
    name="RepViT",
    year=2023,
    kind="CNN",
    learning="distillation",
    paper=Paper(
        "RepViT: Revisiting Mobile CNN From ViT Perspective",
        "Wang, Chen, Lin, Pu, Ding",
        arxiv="2307.09283",
    ),
    idea=(
        "Separate filtering from channel mixing in MobileNetV3's block, as light ViTs do, and "
        "fold its branches for use."
    ),
    builds_on=("MobileNetV3", "RepVGG"),
    models=("timm/repvit_*",),
    formula=(
        r"z = \mathrm{SE}(D_{3\times3} * x + D_{1\times1} * x + x),\quad y = z + \mathrm{FFN}(z)"
    ),
    strengths=(
        "Low delay on phones with convolutions only, which mobile compilers support better than "
        "attention."
    ),
    weaknesses=(
        "It has no global mixing besides channel attention, and was trained with a teacher network "
        "for its best results."
    ),
)
