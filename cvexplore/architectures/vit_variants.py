"""Plain ViTs with one thing changed."""

from cvexplore.architectures import Card, Paper

HYBRID_VIT = Card(
    name="Hybrid ViT",
    year=2020,
    kind="hybrid",
    paper=Paper(
        "An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale",
        "Dosovitskiy, Beyer, Kolesnikov, et al.",
        arxiv="2010.11929",
    ),
    idea=(
        "Let a ResNet see first, and cut the transformer's patches out of its feature map "
        "instead of out of the image."
    ),
    builds_on=("ViT", "BiT", "ResNet-D"),
    models=(
        "timm/vit_*_r26_s32_*",
        "timm/vit_*_r50_s*",
        "timm/vit_tiny_r_s16_*",
        "timm/vit_*_resnet*",
    ),
)

RELATIVE_VIT = Card(
    name="Relative Position ViT",
    year=2022,
    kind="transformer",
    paper=Paper(
        "Relative Position Vision Transformer (ViT) in timm",
        "Wightman",
        url="https://github.com/huggingface/pytorch-image-models/blob/main/timm/models/vision_transformer_relpos.py",
    ),
    idea=(
        "Tell attention how far apart two patches lie, as Swin does, instead of where each of "
        "them is."
    ),
    builds_on=("ViT", "Swin V2"),
    # Experiments of timm's author, without a paper.
    models=("timm/vit_*relpos_*", "timm/test_vit_relpos"),
)

FLEXIVIT = Card(
    name="FlexiViT",
    year=2022,
    kind="transformer",
    learning="distillation",
    paper=Paper(
        "FlexiViT: One Model for All Patch Sizes",
        "Beyer, Izmailov, Kolesnikov, et al.",
        arxiv="2212.08013",
    ),
    idea="Train with patches of random size, so that one model can later trade speed for accuracy.",
    builds_on=("ViT",),
    models=("timm/flexivit_*",),
)

VIT_22B = Card(
    name="ViT-22B",
    year=2023,
    kind="transformer",
    paper=Paper(
        "Scaling Vision Transformers to 22 Billion Parameters",
        "Dehghani, Djolonga, Mustafa, et al.",
        arxiv="2302.05442",
    ),
    idea=(
        "Run attention and dense layers side by side and normalize queries and keys, so that "
        "huge models train calmly."
    ),
    builds_on=("ViT",),
    models=("timm/vit_*_xp_*", "timm/vit_pwee_*_reg1_*"),
)

SOVIT = Card(
    name="SoViT",
    year=2023,
    kind="transformer",
    paper=Paper(
        "Getting ViT in Shape: Scaling Laws for Compute-Optimal Model Design",
        "Alabdulmohsin, Zhai, Kolesnikov, Beyer",
        arxiv="2305.13035",
    ),
    idea=(
        "Fit laws that tell the best width and depth for a given amount of computation, and "
        "build the ViT they tell."
    ),
    builds_on=("ViT",),
    models=("timm/vit_so150m*_reg[14]_*",),
)

ROPE_VIT = Card(
    name="RoPE-ViT",
    year=2024,
    kind="transformer",
    paper=Paper(
        "Rotary Position Embedding for Vision Transformer",
        "Heo, Park, Han, Yun",
        arxiv="2403.13298",
    ),
    idea=(
        "Rotate queries and keys by angles that tell the patch's place, which carries over to "
        "larger images."
    ),
    builds_on=("ViT",),
    models=("timm/vit_*_rope_*", "timm/vit_*_rope_reg[14]_*"),
)

DIFF_VIT = Card(
    name="Differential ViT",
    year=2024,
    kind="transformer",
    paper=Paper(
        "Differential Transformer", "Ye, Dong, Xia, Sun, Zhu, Huang, Wei", arxiv="2410.05258"
    ),
    idea="Subtract one attention map from another, so that the noise they share cancels out.",
    builds_on=("ViT with registers",),
    # The paper is about language; timm's author built small ViTs of it.
    models=("timm/vit_dwee_*_reg1_*", "timm/vit_dpwee_*_reg1_*", "timm/vit_dlittle_*_reg1_*"),
)

NAFLEXVIT = Card(
    name="NaFlexViT",
    year=2025,
    kind="transformer",
    learning="image-text",
    paper=Paper(
        "SigLIP 2: Multilingual Vision-Language Encoders with Improved Semantic "
        "Understanding, Localization, and Dense Features",
        "Tschannen, Gritsenko, Wang, et al.",
        arxiv="2502.14786",
    ),
    idea=(
        "Read images of any size and shape undistorted, as a list of patches up to a chosen length."
    ),
    builds_on=("SigLIP", "FlexiViT"),
    models=("timm/naflexvit_*",),
)
