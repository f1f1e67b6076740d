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
)
