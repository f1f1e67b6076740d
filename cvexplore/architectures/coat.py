"""CoaT: attention at several scales, helped by convolution."""

from cvexplore.architectures import Card, Paper

COAT = Card(
    name="CoaT",
    year=2021,
    kind="hybrid",
    paper=Paper(
        "Co-Scale Conv-Attentional Image Transformers", "Xu, Xu, Chang, Tu", arxiv="2104.06399"
    ),
    idea=(
        "Attend at several scales that exchange features, with depthwise convolutions to tell "
        "where patches lie."
    ),
    builds_on=("DeiT",),
    models=("timm/coat_*",),
)
