"""What grew out of Swin: in size, by search, and in time."""

from cvexplore.architectures import Card, Paper

VIDEO_SWIN = Card(
    name="Video Swin",
    year=2021,
    kind="transformer",
    paper=Paper("Video Swin Transformer", "Liu, Ning, Cao, et al.", arxiv="2106.13230"),
    idea=(
        "Give the shifted windows a third dimension, time, so that attention to a video stays "
        "local and cheap."
    ),
    builds_on=("Swin",),
    models=("torchvision/swin3d_*",),
)

SWIN_V2 = Card(
    name="Swin V2",
    year=2021,
    kind="transformer",
    paper=Paper(
        "Swin Transformer V2: Scaling Up Capacity and Resolution",
        "Liu, Hu, Lin, et al.",
        arxiv="2111.09883",
    ),
    idea=(
        "Compare by cosine and tell positions on a log scale, so that models and windows can "
        "grow without breaking."
    ),
    builds_on=("Swin",),
    models=("torchvision/swin_v2_*", "timm/swinv2_*"),
)

S3 = Card(
    name="S3",
    year=2021,
    kind="transformer",
    paper=Paper(
        "Searching the Search Space of Vision Transformer",
        "Chen, Wu, Ni, et al.",
        arxiv="2111.14725",
    ),
    idea=(
        "Search the search space itself: improve the allowed sizes and windows stage by stage, "
        "then pick a network."
    ),
    builds_on=("Swin",),
    models=("timm/swin_s3_*",),
)
