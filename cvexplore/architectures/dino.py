"""DINOv2 and its successors: features learned without labels."""

from cvexplore.architectures import Card, Paper

DINOV2 = Card(
    name="DINOv2",
    year=2023,
    kind="transformer",
    learning="self-supervised",
    paper=Paper(
        "DINOv2: Learning Robust Visual Features without Supervision",
        "Oquab, Darcet, Moutakanni, et al.",
        arxiv="2304.07193",
    ),
    idea=(
        "Train on selected photos without labels, by agreeing with a slow copy of oneself: "
        "features that serve any task."
    ),
    builds_on=("ViT", "BEiT"),
    models=("timm/vit_*_patch14*_dinov2",),
)

REGISTERS = Card(
    name="ViT with registers",
    year=2023,
    kind="transformer",
    learning="self-supervised",
    paper=Paper(
        "Vision Transformers Need Registers",
        "Darcet, Oquab, Mairal, Bojanowski",
        arxiv="2309.16588",
    ),
    idea=(
        "Give a ViT a few spare tokens to take notes on, which clears the noise from its "
        "attention maps."
    ),
    builds_on=("DINOv2", "DeiT III"),
    # Nearly all are small ViTs trained by timm's author, with one or four registers.
    models=("timm/vit_*_reg[14]_*", "timm/test_vit[234]"),
)

DINOV3 = Card(
    name="DINOv3",
    year=2025,
    kind="transformer",
    learning="self-supervised",
    paper=Paper("DINOv3", "Siméoni, Vo, Seitzer, et al.", arxiv="2508.10104"),
    idea=(
        "Scale training without labels to 7 billion parameters, and hold patch similarities "
        "steady so features stay sharp."
    ),
    builds_on=("DINOv2", "ViT with registers", "RoPE-ViT"),
    models=("timm/vit_*_dinov3*",),
)

SAPIENS2 = Card(
    name="Sapiens2",
    year=2026,
    kind="transformer",
    learning="self-supervised",
    paper=Paper("Sapiens2", "Khirodkar, Wen, Martinez, Dong, Su, Saito", arxiv="2604.21681"),
    idea=(
        "Learn from a billion photos of people, both by filling in hidden patches and by "
        "agreeing with a slow copy."
    ),
    builds_on=("DINOv3",),
    models=("timm/vit_*_sapiens2",),
)

LINGBOT_VISION = Card(
    name="LingBot-Vision",
    year=2026,
    kind="transformer",
    learning="self-supervised",
    paper=Paper(
        "Vision Pretraining for Dense Spatial Perception",
        "Fu, Tan, Sun, et al.",
        arxiv="2607.05247",
    ),
    idea=(
        "Pre-train a ViT of DINOv3's form for dense spatial perception, where every single patch "
        "matters."
    ),
    builds_on=("DINOv3",),
    models=("timm/vit_*_lingbot",),
)
