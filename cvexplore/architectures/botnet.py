"""ResNets whose late blocks attend: BoTNet, LambdaNetworks and HaloNet."""

from cvexplore.architectures import Card, Paper

BOTNET = Card(
    name="BoTNet",
    year=2021,
    kind="hybrid",
    paper=Paper(
        "Bottleneck Transformers for Visual Recognition",
        "Srinivas, Lin, Parmar, Shlens, Abbeel, Vaswani",
        arxiv="2101.11605",
    ),
    idea=(
        "Replace the 3×3 convolutions in ResNet's last blocks by self-attention over all positions."
    ),
    builds_on=("ResNet",),
    models=("timm/botnet*", "timm/sebotnet*", "timm/eca_botnext*"),
    formula=r"y = \mathrm{softmax}(qk^\top+qr^\top)\,v",
    strengths=(
        "Sees the whole image in its last blocks, which helps detection and segmentation, with "
        "few changes to a ResNet."
    ),
    weaknesses=(
        "Attention is quadratic in the number of positions, and its learned relative positions "
        "tie it to one image size."
    ),
)

LAMBDA_NETWORKS = Card(
    name="LambdaNetworks",
    year=2021,
    kind="hybrid",
    paper=Paper(
        "LambdaNetworks: Modeling Long-Range Interactions Without Attention",
        "Bello",
        arxiv="2102.08602",
    ),
    idea=(
        "Turn the surroundings of a position into a small linear function and apply it there: "
        "long range without attention maps."
    ),
    builds_on=("ResNet",),
    # timm's lamhalobotnet uses lambda, halo and bottleneck attention, in one stage each.
    models=("timm/lambda_resnet*", "timm/lamhalobotnet*"),
    formula=(
        r"y_n = (\lambda^c+\lambda^p_n)^\top q_n,\quad\lambda^c=\bar K^\top V,\ \lambda^p_n=E_n^"
        r"\top V"
    ),
    strengths=(
        "Sees long range without storing an attention map for each image, so memory stays low on "
        "large inputs."
    ),
    weaknesses=(
        "Its positional part costs time quadratic in the number of pixels, unless it is cut down "
        "to a local window."
    ),
)

HALONET = Card(
    name="HaloNet",
    year=2021,
    kind="hybrid",
    paper=Paper(
        "Scaling Local Self-Attention for Parameter Efficient Visual Backbones",
        "Vaswani, Ramachandran, Srinivas, Parmar, Hechtman, Shlens",
        arxiv="2103.12731",
    ),
    idea=(
        "Let every block of pixels attend to itself and a halo around it: local self-attention "
        "that runs fast."
    ),
    builds_on=("ResNet", "BoTNet"),
    models=("timm/*halonet*", "timm/*halonext*", "timm/haloregnetz_*", "timm/halo2botnet*"),
    formula=(
        r"y_i = \sum_{j\in B(i)\cup H(i)}\mathrm{softmax}_j(q_i^\top k_j+q_i^\top r_{j-i})\,v_j"
    ),
    strengths=(
        "Attention whose cost grows only linearly with image area, so that it fits even into "
        "high-resolution stages."
    ),
    weaknesses=(
        "Gathering overlapping windows copies memory and is slow, and feature maps must divide "
        "evenly into blocks."
    ),
)
