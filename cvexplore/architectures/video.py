"""Convolutional networks for videos: R(2+1)D and S3D."""

from cvexplore.architectures import Card, Paper

R2PLUS1D = Card(
    name="R(2+1)D",
    year=2017,
    kind="CNN",
    paper=Paper(
        "A Closer Look at Spatiotemporal Convolutions for Action Recognition",
        "Tran, Wang, Torresani, Ray, LeCun, Paluri",
        arxiv="1711.11248",
    ),
    idea=(
        "Convolve over space and then over time, which does better than both at once (R3D) or "
        "both in early layers only (MC3)."
    ),
    builds_on=("ResNet",),
    models=("torchvision/r2plus1d_18", "torchvision/r3d_18", "torchvision/mc3_18"),
    formula=r"M = \left\lfloor \frac{t\,d^2\,N\,N'}{d^2 N + t\,N'} \right\rfloor",
    strengths=(
        "Recognizes actions in short clips with ResNet's layout, and is easier to train than full "
        "3D convolutions."
    ),
    weaknesses=(
        "It sees only a short clip at a time, and the maps of all frames take much memory and "
        "computation."
    ),
)

S3D = Card(
    name="S3D",
    year=2017,
    kind="CNN",
    paper=Paper(
        "Rethinking Spatiotemporal Feature Learning: Speed-Accuracy Trade-offs in Video "
        "Classification",
        "Xie, Sun, Huang, Tu, Murphy",
        arxiv="1712.04851",
    ),
    idea="Give GoogLeNet a third dimension, time, but filter space and time one after the other.",
    builds_on=("GoogLeNet",),
    models=("torchvision/s3d",),
    formula=r"y = K_{t \times 1 \times 1} * (K_{1 \times k \times k} * x)",
    strengths=(
        "Cheaper than inflating every filter to three dimensions, and a light backbone for short "
        "clips."
    ),
    weaknesses=(
        "Its many small branches run below a GPU's peak speed, and long events do not fit into its "
        "clip."
    ),
)
