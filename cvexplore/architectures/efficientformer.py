"""EfficientFormer: transformers at the speed of MobileNet."""

from cvexplore.architectures import Card, Paper

EFFICIENTFORMER = Card(
    name="EfficientFormer",
    year=2022,
    kind="hybrid",
    learning="distillation",
    paper=Paper(
        "EfficientFormer: Vision Transformers at MobileNet Speed",
        "Li, Yuan, Wen, et al.",
        arxiv="2206.01191",
    ),
    idea=(
        "Pool in the early blocks and attend in the last, with no reshaping in between, sized by "
        "the time on a phone."
    ),
    builds_on=("PoolFormer", "LeViT"),
    models=("timm/efficientformer_*",),
    formula=r"x' = x+\gamma\odot(\mathrm{Pool}(x)-x)",
    strengths=(
        "Fast on phones, because its operations need no reshaping and measured time decided "
        "which to keep."
    ),
    weaknesses=(
        "Attention in the last stage has position biases for one image size, and the shape is "
        "tuned to one kind of phone."
    ),
)

EFFICIENTFORMER_V2 = Card(
    name="EfficientFormerV2",
    year=2022,
    kind="hybrid",
    learning="distillation",
    paper=Paper(
        "Rethinking Vision Transformers for MobileNet Size and Speed",
        "Li, Hu, Wen, et al.",
        arxiv="2212.08059",
    ),
    idea=(
        "Search for size and speed together, with depthwise convolutions as local mixers and "
        "attention on a shrunken map."
    ),
    builds_on=("EfficientFormer", "MobileNetV2"),
    models=("timm/efficientformerv2_*",),
    formula=r"\mathrm{MES} = \mathrm{score}\cdot\prod_i(M_i/U_i)^{-\alpha_i}",
    strengths="Small in parameters and fast on phones at once, since the search weighs both.",
    weaknesses=(
        "Attention biases are bound to one image size, and the shape was searched for one phone, "
        "so other chips may gain less."
    ),
)
