"""ResNets refined: better stems, downsampling, speed and training."""

from cvexplore.architectures import Card, Paper

RESNET_D = Card(
    name="ResNet-D",
    year=2018,
    kind="CNN",
    paper=Paper(
        "Bag of Tricks for Image Classification with Convolutional Neural Networks",
        "He, Zhang, Zhang, Zhang, Xie, Li",
        arxiv="1812.01187",
    ),
    idea=(
        "Give ResNet a stem of three small convolutions and shortcuts that average before they "
        "skip pixels."
    ),
    builds_on=("ResNet", "Inception-v3"),
    # Those ending in c, s and ts take the stem alone, those in d and t the shortcuts too.
    models=("timm/resnet[0-9]*[cdst]", "timm/test_resnet"),
    formula=r"y = F(x) + P_{1\times1} * \mathrm{AvgPool}_{2\times2}(x)",
    strengths=(
        "Loses less information when it shrinks the map, for almost no extra cost over ResNet."
    ),
    weaknesses=(
        "The three-layer stem works at high resolution, so it slows the network a little, for a "
        "gain that is modest."
    ),
)

BLURPOOL = Card(
    name="BlurPool",
    year=2019,
    kind="CNN",
    paper=Paper("Making Convolutional Networks Shift-Invariant Again", "Zhang", arxiv="1904.11486"),
    idea=(
        "Blur before every downsampling, so that shifting the image by one pixel hardly changes "
        "the answer."
    ),
    builds_on=("ResNet", "DenseNet"),
    models=("timm/resnetblur*", "timm/resnetaa*", "timm/densenetblur*"),
    formula=r"y = (b * \delta(W * x)) \downarrow_2",
    strengths=(
        "Gives steadier answers when an object moves by a pixel or two, as between the frames of a "
        "video."
    ),
    weaknesses=(
        "Blurring costs extra computation at high resolution and can wipe out very fine detail."
    ),
)

TRESNET = Card(
    name="TResNet",
    year=2020,
    kind="CNN",
    paper=Paper(
        "TResNet: High Performance GPU-Dedicated Architecture",
        "Ridnik, Lawen, Noy, Ben Baruch, Sharir, Friedman",
        arxiv="2003.13630",
    ),
    idea=(
        "Rebuild ResNet for real GPU speed: fold pixels into channels at the stem, and use "
        "channel attention where it pays."
    ),
    builds_on=("ResNet-D", "SENet", "BlurPool"),
    models=("timm/tresnet_*",),
    formula=r"\mathbb{R}^{H \times W \times 3} \to \mathbb{R}^{H/4 \times W/4 \times 48}",
    strengths="High speed in training and use on GPUs, with ResNet's simple layout.",
    weaknesses=(
        "Its choices were tuned on GPUs and partly rely on special in-place layers, so other "
        "devices gain less."
    ),
)

GENET = Card(
    name="GENet",
    year=2020,
    kind="CNN",
    paper=Paper(
        "Neural Architecture Design for GPU-Efficient Networks",
        "Lin, Chen, Sun, Qian, Li, Jin",
        arxiv="2006.14090",
    ),
    idea=(
        "Fit the block to the stage for GPU speed: full convolutions early, bottleneck and "
        "depthwise ones late."
    ),
    builds_on=("ResNet", "MobileNetV2"),
    models=("timm/gernet_*",),
    formula=(
        r"F_{\text{early}} = K_{3\times3} K_{3\times3},\quad F_{\text{late}} = P_{1\times1} "
        r"D_{3\times3} P_{1\times1}"
    ),
    strengths=(
        "Fast on server GPUs, since each stage uses the kind of block that the GPU runs best at "
        "that size."
    ),
    weaknesses=(
        "The layout was fitted to server GPUs and has many parameters, so it suits phones less."
    ),
)

RESNET_RS = Card(
    name="ResNet-RS",
    year=2021,
    kind="CNN",
    paper=Paper(
        "Revisiting ResNets: Improved Training and Scaling Strategies",
        "Bello, Fedus, Du, et al.",
        arxiv="2103.07579",
    ),
    idea=(
        "Show that training and scaling rules can matter more than new blocks: a ResNet-D with "
        "channel attention, scaled well."
    ),
    builds_on=("ResNet-D", "SENet"),
    models=("timm/resnetrs*",),
    formula=(
        r"\text{many epochs} \Rightarrow \text{depth},\quad \text{few} \Rightarrow \text{width}"
    ),
    strengths=(
        "A strong and fast baseline on GPUs and TPUs, and a fair yardstick for new blocks trained "
        "by the same recipe."
    ),
    weaknesses=(
        "The gain needs long training with strong regularization, and the models have many "
        "parameters."
    ),
)
