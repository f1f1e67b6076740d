"""Normalizer-free networks: deep residual networks without batch normalization."""

from cvexplore.architectures import Card, Paper

NF_RESNET = Card(
    name="NF-ResNet",
    year=2021,
    kind="CNN",
    paper=Paper(
        "Characterizing signal propagation to close the performance gap in unnormalized ResNets",
        "Brock, De, Smith",
        arxiv="2101.08692",
    ),
    idea=(
        "Do without batch normalization: scale each residual branch by a known factor and "
        "standardize the weights."
    ),
    builds_on=("ResNet V2", "RegNet"),
    models=("timm/nf_*",),
    formula=r"x_{l+1} = x_l + \alpha\, f(x_l / \beta_l),\quad \hat{W} = (W - \mu)/\sigma",
    strengths=(
        "Works with any batch size and treats training and testing alike, since no batch "
        "statistics are needed."
    ),
    weaknesses=(
        "The scales must be worked out for each design, and it grows unstable at large batch sizes "
        "without clipping."
    ),
)

NFNET = Card(
    name="NFNet",
    year=2021,
    kind="CNN",
    paper=Paper(
        "High-Performance Large-Scale Image Recognition Without Normalization",
        "Brock, De, Smith, Simonyan",
        arxiv="2102.06171",
    ),
    idea=(
        "Clip each gradient relative to the size of its weight, so that even large networks "
        "train without normalization."
    ),
    builds_on=("NF-ResNet", "SENet"),
    models=("timm/nfnet_*", "timm/dm_nfnet_*", "timm/eca_nfnet_*", "timm/test_nfnet"),
    formula=(
        r"\lVert G \rVert / \lVert W \rVert > \lambda:\quad G \to \lambda\,\frac{\lVert W "
        r"\rVert}{\lVert G \rVert}\,G"
    ),
    strengths=(
        "Trains large networks with large batches and strong augmentation, without the memory cost "
        "of batch normalization."
    ),
    weaknesses=(
        "The clipping threshold must be tuned with batch size and learning rate, and the larger "
        "models need much memory."
    ),
)
