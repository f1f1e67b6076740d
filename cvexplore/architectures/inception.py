"""GoogLeNet and the Inception networks: several filter sizes side by side in one block."""

from cvexplore.architectures import Card, Paper

GOOGLENET = Card(
    name="GoogLeNet",
    year=2014,
    kind="CNN",
    paper=Paper("Going Deeper with Convolutions", "Szegedy, Liu, Jia, et al.", arxiv="1409.4842"),
    idea=(
        "Run 1×1, 3×3 and 5×5 convolutions side by side in each block, with 1×1 convolutions in "
        "front to keep them cheap."
    ),
    builds_on=("AlexNet",),
    models=("torchvision/googlenet", "torchvision/quantized_googlenet"),
    formula=r"y = [W_1x,\ W_3(V_3x),\ W_5(V_5x),\ V_p\,\mathrm{pool}(x)]",
    strengths="Sees several scales in each block, with far fewer parameters than AlexNet or VGG.",
    weaknesses=(
        "Many small branches run slowly on GPUs for their operation count, and all their widths "
        "were set by hand."
    ),
)

INCEPTION_V3 = Card(
    name="Inception-v3",
    year=2015,
    kind="CNN",
    paper=Paper(
        "Rethinking the Inception Architecture for Computer Vision",
        "Szegedy, Vanhoucke, Ioffe, Shlens, Wojna",
        arxiv="1512.00567",
    ),
    idea=(
        "Replace each large filter by a stack of small or one-dimensional ones, and smooth the "
        "labels in training."
    ),
    builds_on=("GoogLeNet", "VGG"),
    models=("torchvision/inception_v3", "torchvision/quantized_inception_v3", "timm/inception_v3"),
    formula=(
        r"W_{n\times n}*x\to W_{n\times1}*(W_{1\times n}*x),\quad q_k = (1-\epsilon)\,\delta_{k,"
        r"y}+\epsilon/K"
    ),
    strengths=(
        "Covers large views with fewer operations and parameters, by splitting each large filter "
        "into small ones."
    ),
    weaknesses=(
        "Its different hand-made blocks are hard to change, and many small branches leave GPUs "
        "underused."
    ),
)

INCEPTION_V4 = Card(
    name="Inception-v4",
    year=2016,
    kind="CNN",
    paper=Paper(
        "Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning",
        "Szegedy, Ioffe, Vanhoucke, Alemi",
        arxiv="1602.07261",
    ),
    idea=(
        "Give Inception a deeper stem and more blocks, made to one simple plan for each resolution."
    ),
    builds_on=("Inception-v3",),
    models=("timm/inception_v4",),
    formula=r"y = C^3(R_B(B^7(R_A(A^4(\mathrm{stem}(x))))))",
    strengths=(
        "More accurate than Inception-v3 by a deeper and more uniform plan, without any shortcuts."
    ),
    weaknesses=(
        "Has about 43 million parameters in many hand-set branches, which are slow on GPUs and "
        "hard to adapt."
    ),
)

INCEPTION_RESNET = Card(
    name="Inception-ResNet",
    year=2016,
    kind="CNN",
    paper=Paper(
        "Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning",
        "Szegedy, Ioffe, Vanhoucke, Alemi",
        arxiv="1602.07261",
    ),
    idea=(
        "Add a residual shortcut around every Inception block, which makes the network train "
        "much faster."
    ),
    builds_on=("Inception-v3", "ResNet"),
    models=("timm/inception_resnet_v2",),
    formula=r"y = \mathrm{ReLU}(x+\alpha F(x)),\quad 0.1\le\alpha\le0.3",
    strengths="Trains much faster than an Inception network of similar cost without shortcuts.",
    weaknesses=(
        "Wide versions become unstable unless residuals are scaled down, and 56 million "
        "parameters in many branches run slowly."
    ),
)
