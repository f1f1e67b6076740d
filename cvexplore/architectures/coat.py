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
    formula=r"y = \frac{Q}{\sqrt d}\,(\mathrm{softmax}(K)^\top V)+Q\odot\mathrm{DWConv}(V)",
    strengths=(
        "Attention costs only linear time in patches, and its scales provide features for "
        "detection and segmentation."
    ),
    weaknesses=(
        "Parallel scales and many small operations make it complex, and slower on GPUs than its "
        "operation count suggests."
    ),
)
