"""EfficientNet: one rule to scale a network, and what grew out of it."""

from cvexplore.architectures import Card, Paper

EFFICIENTNET = Card(
    name="EfficientNet",
    year=2019,
    kind="CNN",
    paper=Paper(
        "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks",
        "Tan, Le",
        arxiv="1905.11946",
    ),
    idea=(
        "Scale depth, width and resolution together at one fixed ratio, starting from a small "
        "network found by search."
    ),
    builds_on=("MnasNet", "SENet"),
    models=("torchvision/efficientnet_b?", "timm/efficientnet_*", "timm/tf_efficientnet_*"),
    formula=r"d=\alpha^\phi,\ w=\beta^\phi,\ r=\gamma^\phi,\quad\alpha\,\beta^2\gamma^2\approx2",
    strengths=(
        "High accuracy for few parameters and operations, and one simple rule gives a whole "
        "range of sizes."
    ),
    weaknesses=(
        "Depthwise convolutions and large inputs make training slow and hungry for memory, and "
        "swish and channel attention are hard to quantise."
    ),
)

CONDCONV = Card(
    name="CondConv",
    year=2019,
    kind="CNN",
    paper=Paper(
        "CondConv: Conditionally Parameterized Convolutions for Efficient Inference",
        "Yang, Bender, Le, Ngiam",
        arxiv="1904.04971",
    ),
    idea=(
        "Mix several expert kernels into one before convolving, in shares computed from the "
        "image itself."
    ),
    builds_on=("EfficientNet",),
    models=("timm/*efficientnet_cc_*",),
    formula=(
        r"y = \sigma((\alpha_1W_1+\dots+\alpha_nW_n)*x),\quad\alpha = \mathrm{sigmoid}(R\,\bar x)"
    ),
    strengths=(
        "Adds capacity with little extra compute, since the kernels are mixed before a single "
        "convolution."
    ),
    weaknesses=(
        "Multiplies the parameters by the number of experts, and each image needs its own "
        "kernel, which makes batches awkward."
    ),
)

EFFICIENTNET_EDGETPU = Card(
    name="EfficientNet-EdgeTPU",
    year=2019,
    kind="CNN",
    paper=Paper(
        "EfficientNet-EdgeTPU: Creating Accelerator-Optimized Neural Networks with AutoML",
        "Gupta, Tan",
        url="https://ai.googleblog.com/2019/08/efficientnet-edgetpu-creating.html",
    ),
    idea=(
        "Search again for an accelerator chip: full convolutions early, and neither swish nor "
        "channel attention."
    ),
    builds_on=("EfficientNet",),
    models=("timm/*efficientnet_e[sml]*",),
    formula=r"y = x+W_{1\times1}*\mathrm{ReLU}(W_{3\times3}*x)",
    strengths=(
        "Runs fast on chips that prefer full convolutions, such as the Edge TPU, and is easy to "
        "quantise to 8 bits."
    ),
    weaknesses=(
        "Full convolutions need more operations and parameters, so it gains little on CPUs that "
        "favour depthwise ones."
    ),
)

EFFICIENTNET_LITE = Card(
    name="EfficientNet-Lite",
    year=2020,
    kind="CNN",
    paper=Paper(
        "EfficientNet-Lite",
        "Google",
        url="https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite",
    ),
    idea=(
        "Remove channel attention and replace swish by a clipped ReLU, so that 8-bit numbers "
        "suffice on phones."
    ),
    builds_on=("EfficientNet",),
    models=("timm/*efficientnet_lite?",),
    formula=r"\mathrm{ReLU6}(x) = \min(\max(0,x),6)",
    strengths="Easy to quantise to 8 bits, and runs on phone CPUs, GPUs and accelerators alike.",
    weaknesses=(
        "Gives up some accuracy beside EfficientNet of the same size, since channel attention "
        "and swish are gone."
    ),
)

TINYNET = Card(
    name="TinyNet",
    year=2020,
    kind="CNN",
    paper=Paper(
        "Model Rubik's Cube: Twisting Resolution, Depth and Width for TinyNets",
        "Han, Wang, Zhang, Zhang, Xu, Zhang",
        arxiv="2010.14819",
    ),
    idea=(
        "Shrink EfficientNet by a fitted formula that spends a small budget on resolution and "
        "depth rather than on width."
    ),
    builds_on=("EfficientNet",),
    models=("timm/tinynet_*",),
    formula=r"w = \sqrt{c/(r^2d)},\quad 0<c<1",
    strengths=(
        "Good accuracy at very small budgets, where shrinking EfficientNet by its own rule works "
        "less well."
    ),
    weaknesses=(
        "Covers only sizes below EfficientNet-B0, and its depthwise convolutions use GPUs poorly."
    ),
)

EFFICIENTNET_X = Card(
    name="EfficientNet-X",
    year=2021,
    kind="CNN",
    paper=Paper(
        "Searching for Fast Model Families on Datacenter Accelerators",
        "Li, Tan, Pang, Li, Cheng, Le, Jouppi",
        arxiv="2102.05610",
    ),
    idea=(
        "Search again for the chips of data centres, and put the measured time into the search "
        "and the scaling rule."
    ),
    builds_on=("EfficientNet", "EfficientNet-EdgeTPU"),
    models=("timm/efficientnet_[xh]_*",),
    formula=r"(d,w,r) = \arg\max\,O(\mathrm{latency},\mathrm{accuracy})",
    strengths=(
        "Fast on the TPUs and GPUs of data centres, since measured time and not only operations "
        "decided its shape."
    ),
    weaknesses=(
        "Fitted to particular chips, so the gain may shrink elsewhere, and search and scaling "
        "are costly to repeat."
    ),
)

EFFICIENTNET_V2 = Card(
    name="EfficientNetV2",
    year=2021,
    kind="CNN",
    paper=Paper(
        "EfficientNetV2: Smaller Models and Faster Training", "Tan, Le", arxiv="2104.00298"
    ),
    idea=(
        "Fuse the early depthwise blocks into full convolutions, and train on images and with "
        "noise that grow together."
    ),
    builds_on=("EfficientNet", "EfficientNet-EdgeTPU"),
    models=("torchvision/efficientnet_v2_*", "timm/*efficientnetv2_*", "timm/test_efficientnet*"),
    formula=(
        r"y = x+W_{1\times1}*\mathrm{SiLU}(W_{3\times3}*x),\quad S_i = S_0+(S_e-S_0)"
        r"\tfrac{i}{M-1}"
    ),
    strengths=(
        "Trains much faster than EfficientNet, and its fused early blocks use GPUs and TPUs well."
    ),
    weaknesses=(
        "Later stages still use depthwise convolutions and channel attention, which are slow on "
        "some chips and hard to quantise."
    ),
)
