"""HRNet: high resolution kept from start to end."""

from cvexplore.architectures import Card, Paper

HRNET = Card(
    name="HRNet",
    year=2019,
    kind="CNN",
    paper=Paper(
        "Deep High-Resolution Representation Learning for Visual Recognition",
        "Wang, Sun, Cheng, et al.",
        arxiv="1908.07919",
    ),
    idea=(
        "Keep a stream of high resolution from start to end, and exchange features with parallel "
        "streams of lower ones."
    ),
    builds_on=("ResNet",),
    models=("timm/hrnet_*",),
    formula=r"y_s = \sum_r f_{r\to s}(x_r)",
    strengths="Keeps positions precise, which suits poses, key points and segmentation.",
    weaknesses=(
        "Streams of high resolution cost much memory and time, and exchange between many "
        "branches is slow on GPUs."
    ),
)
