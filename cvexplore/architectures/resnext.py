"""ResNeXt and its relatives: residual blocks of many paths."""

from cvexplore.architectures import Card, Paper

RESNEXT = Card(
    name="ResNeXt",
    year=2016,
    kind="CNN",
    paper=Paper(
        "Aggregated Residual Transformations for Deep Neural Networks",
        "Xie, Girshick, Dollár, Tu, He",
        arxiv="1611.05431",
    ),
    idea=(
        "Split each residual block into many equal paths, done as one grouped convolution: a "
        "third knob beside depth and width."
    ),
    builds_on=("ResNet", "GoogLeNet"),
    models=("torchvision/resnext*", "torchvision/quantized_resnext*", "timm/resnext*"),
)

DPN = Card(
    name="DPN",
    year=2017,
    kind="CNN",
    paper=Paper("Dual Path Networks", "Chen, Li, Xiao, Jin, Yan, Feng", arxiv="1707.01629"),
    idea=(
        "Give each block two paths: one adds to the features, as in ResNet, and one appends new "
        "ones, as in DenseNet."
    ),
    builds_on=("ResNeXt", "DenseNet"),
    models=("timm/dpn*",),
)

RES2NET = Card(
    name="Res2Net",
    year=2019,
    kind="CNN",
    paper=Paper(
        "Res2Net: A New Multi-scale Backbone Architecture",
        "Gao, Cheng, Zhao, Zhang, Yang, Torr",
        arxiv="1904.01169",
    ),
    idea=(
        "Within a block, send one group of channels after another through small filters, so that "
        "it sees many scales."
    ),
    builds_on=("ResNeXt", "DLA"),
    models=("timm/res2ne*", "timm/dla60_res2ne*"),
)
