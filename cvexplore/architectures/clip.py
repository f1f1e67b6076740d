"""CLIP and its successors: image encoders that learn from captions."""

from cvexplore.architectures import Card, Paper

CLIP = Card(
    name="CLIP",
    year=2021,
    kind="transformer",
    learning="image-text",
    paper=Paper(
        "Learning Transferable Visual Models From Natural Language Supervision",
        "Radford, Kim, Hallacy, et al.",
        arxiv="2103.00020",
    ),
    idea=(
        "Learn from 400 million images with captions: make those that belong together alike, and "
        "all others different."
    ),
    builds_on=("ViT",),
    models=("timm/vit_*_clip_*",),
)

CLIP_RESNET = Card(
    name="CLIP ResNet",
    year=2021,
    kind="CNN",
    learning="image-text",
    paper=Paper(
        "Learning Transferable Visual Models From Natural Language Supervision",
        "Radford, Kim, Hallacy, et al.",
        arxiv="2103.00020",
    ),
    idea=(
        "CLIP's convolutional encoder: a ResNet-D with blurred downsampling, whose last pooling "
        "attends."
    ),
    builds_on=("CLIP", "ResNet-D", "BlurPool"),
    models=("timm/resnet*_clip*", "timm/resnet50_mlp"),
)

SIGLIP = Card(
    name="SigLIP",
    year=2023,
    kind="transformer",
    learning="image-text",
    paper=Paper(
        "Sigmoid Loss for Language Image Pre-Training",
        "Zhai, Mustafa, Kolesnikov, Beyer",
        arxiv="2303.15343",
    ),
    idea=(
        "Judge every pair of image and caption by itself with a sigmoid, so that the loss needs "
        "no view of all pairs."
    ),
    builds_on=("CLIP",),
    models=("timm/vit_*_siglip_*",),
)

AIMV2 = Card(
    name="AIMv2",
    year=2024,
    kind="transformer",
    learning="image-text",
    paper=Paper(
        "Multimodal Autoregressive Pre-training of Large Vision Encoders",
        "Fini, Shukor, Li, et al.",
        arxiv="2411.14402",
    ),
    idea=(
        "Learn to continue: predict the patches of an image and then the words of its caption, "
        "one after another."
    ),
    builds_on=("ViT", "CLIP"),
    models=("timm/aimv2_*",),
)

PERCEPTION_ENCODER = Card(
    name="Perception Encoder",
    year=2025,
    kind="transformer",
    learning="image-text",
    paper=Paper(
        "Perception Encoder: The best visual embeddings are not at the output of the network",
        "Bolya, Huang, Sun, et al.",
        arxiv="2504.13181",
    ),
    idea=(
        "Find the best features inside the layers of a CLIP-like encoder, and bring them out by "
        "a further alignment."
    ),
    builds_on=("CLIP", "RoPE-ViT"),
    models=("timm/vit_pe_*",),
)

TIPSV2 = Card(
    name="TIPSv2",
    year=2026,
    kind="transformer",
    learning="image-text",
    paper=Paper(
        "TIPSv2: Advancing Vision-Language Pretraining with Enhanced Patch-Text Alignment",
        "Cao, Chen, Maninis, et al.",
        arxiv="2604.12012",
    ),
    idea=(
        "Align single patches with words: distil patch by patch, and let visible patches count "
        "as well as hidden ones."
    ),
    builds_on=("DINOv2", "CLIP", "ViT with registers"),
    models=("timm/vit_*_reg1_tipsv2",),
)
