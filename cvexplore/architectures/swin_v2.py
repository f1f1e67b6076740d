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
    formula=r"\mathrm{softmax}(QK^\top/\sqrt{d} + B)\,V,\quad Q \in \mathbb{R}^{P M^2 \times d}",
    strengths="Recognizes actions with attention at a cost linear in the length of the clip.",
    weaknesses=(
        "It needs much memory even for short clips, and events far apart in time meet only after "
        "many layers."
    ),
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
    formula=r"\cos(q, k)/\tau + B(\operatorname{sign}(\Delta) \log(1 + |\Delta|))",
    strengths=(
        "Trains stably with billions of weights, and can move to larger windows and images than it "
        "was trained on."
    ),
    weaknesses=(
        "Cosine attention and the small network for positions cost extra time, and large models "
        "need huge data."
    ),
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
    formula=r"Q(A) = \frac{1}{2}\,(Q_{\text{expected}}(A) + Q_{\text{top}}(A))",
    strengths=(
        "Finds good sizes for each stage of a Swin-like network without a person setting the "
        "limits of the search."
    ),
    weaknesses=(
        "A large shared network must be trained for every new space, so the search costs much "
        "before any model is used."
    ),
)
