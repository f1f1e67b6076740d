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
    formula=r"y = x + \sum_{i=1}^{C} T_i(x)",
    strengths=(
        "More accurate than ResNet for the same number of weights, with just one more number to "
        "choose."
    ),
    weaknesses=(
        "Grouped convolutions reach a smaller share of a GPU's peak speed than full ones, so saved "
        "operations do not all save time."
    ),
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
    formula=r"r' = r + F_r(h),\quad d' = [\,d,\; F_d(h)\,]",
    strengths=(
        "Joins the reuse of features with the finding of new ones, at a moderate number of weights."
    ),
    weaknesses=(
        "Concatenation makes memory traffic heavy, and two paths make the network harder to build "
        "on or prune."
    ),
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
    formula=r"y_i = K_i * (x_i + y_{i-1})",
    strengths=(
        "Sees several scales within one block, which helps where objects vary in size, as in "
        "detection."
    ),
    weaknesses=(
        "The groups must be computed one after another, so it runs slower on a GPU than its "
        "operations suggest."
    ),
)
