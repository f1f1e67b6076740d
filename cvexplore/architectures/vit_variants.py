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
    formula=r"z_0 = [\,x_{cls};\, \phi(x)_1 E;\, \dots;\, \phi(x)_N E\,] + E_{pos}",
    strengths=(
        "Does better than a plain ViT at small budgets, since the ResNet already knows about "
        "neighbouring pixels."
    ),
    weaknesses=(
        "Two kinds of network must be built and tuned, and for large models the gain over a plain "
        "ViT vanishes."
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
    formula=r"\mathrm{softmax}(QK^\top/\sqrt{d} + B_{\Delta x, \Delta y})\,V",
    strengths="Treats a pattern alike wherever it lies, which helps with modest amounts of data.",
    weaknesses=(
        "Each layer adds a bias for every pair of patches, which costs memory and must be adapted "
        "for another image size."
    ),
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
    formula=r"\hat{w} = (B^\top)^{+}\, w",
    strengths=(
        "One set of weights serves many budgets: large patches for speed, small ones for accuracy."
    ),
    weaknesses=(
        "Training must sample many patch sizes, and small patches still pay attention's quadratic "
        "cost."
    ),
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
    formula=r"y = x + \mathrm{MLP}(\mathrm{LN}(x)) + \mathrm{Attn}(\mathrm{LN}(x))",
    strengths=(
        "Trains stably at great size, and its parallel branches share one large matrix product for "
        "speed."
    ),
    weaknesses=(
        "The full model needs a data centre to train and its weights are not public, so others can "
        "only reuse the block."
    ),
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
    formula=r"x_k \propto t^{s_k},\quad s_{mlp} > s_{depth} > s_{width}",
    strengths=(
        "Tells the shape of a ViT that uses a given compute budget best, so that a smaller model "
        "can match a larger one."
    ),
    weaknesses=(
        "The laws were fitted on one very large private data set, and need many training runs to "
        "be fitted anew."
    ),
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
    formula=r"A_{nm} = \mathrm{Re}[\,q_n k_m^*\, e^{i(\theta_x \Delta x + \theta_y \Delta y)}\,]",
    strengths=(
        "Works at resolutions larger than those of training, since only the distance between "
        "patches counts."
    ),
    weaknesses=(
        "Queries and keys are rotated in every layer, which costs a little time, and attention "
        "stays quadratic."
    ),
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
    formula=r"(\mathrm{softmax}(Q_1 K_1^\top) - \lambda\,\mathrm{softmax}(Q_2 K_2^\top))\,V",
    strengths="Puts less weight on patches that do not matter, as noise in both maps cancels.",
    weaknesses=(
        "Each head needs two softmax maps with half the width, so a fast attention kernel has to "
        "run twice."
    ),
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
    formula=r"h \cdot w \le N,\quad h/w \approx H/W",
    strengths=(
        "Reads wide documents and tall screenshots without squeezing them, with a length chosen to "
        "fit the budget."
    ),
    weaknesses=(
        "Batches need padding and masks, position tables are resized for each shape, and long "
        "sequences cost quadratically."
    ),
)
