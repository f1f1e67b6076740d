"""ResNet V2, which normalizes before it convolves, and BiT, the same at scale."""

from cvexplore.architectures import Card, Paper

RESNET_V2 = Card(
    name="ResNet V2",
    year=2016,
    kind="CNN",
    paper=Paper(
        "Identity Mappings in Deep Residual Networks", "He, Zhang, Ren, Sun", arxiv="1603.05027"
    ),
    idea=(
        "Normalize and activate before each convolution, so that the shortcut carries the signal "
        "unchanged."
    ),
    builds_on=("ResNet",),
    models=("timm/resnetv2_*",),
    formula=r"y = x + W_2\,\delta(\mathrm{BN}(W_1\,\delta(\mathrm{BN}(x))))",
    strengths=(
        "Lets networks of hundreds of layers train, as the shortcut passes the signal and its "
        "gradient on unchanged."
    ),
    weaknesses=(
        "The gain is small for networks of usual depth, and the first normalization of a block "
        "cannot be folded into a convolution."
    ),
)

BIT = Card(
    name="BiT",
    year=2019,
    kind="CNN",
    paper=Paper(
        "Big Transfer (BiT): General Visual Representation Learning",
        "Kolesnikov, Beyer, Zhai, Puigcerver, Yung, Gelly, Houlsby",
        arxiv="1912.11370",
    ),
    idea=(
        "Train a large ResNet V2 on a huge dataset, without batch normalization, then fine-tune "
        "it by one simple rule."
    ),
    builds_on=("ResNet V2",),
    models=("timm/resnetv2_*_bit",),
    formula=r"\hat{W} = (W - \mu_W)/\sigma_W,\quad \mathrm{GN}(\hat{W} * x)",
    strengths=(
        "Transfers well to new tasks, even from few examples, with hardly any settings to tune."
    ),
    weaknesses=(
        "Pre-training needs hundreds of millions of images for the largest model, and the wide "
        "variants are very heavy."
    ),
)
