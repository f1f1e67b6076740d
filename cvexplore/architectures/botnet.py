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
)
