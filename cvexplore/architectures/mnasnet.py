"""MnasNet and its relatives: phone networks found by search."""

from cvexplore.architectures import Card, Paper

MNASNET = Card(
    name="MnasNet",
    year=2018,
    kind="CNN",
    paper=Paper(
        "MnasNet: Platform-Aware Neural Architecture Search for Mobile",
        "Tan, Chen, Pang, Vasudevan, Sandler, Howard, Le",
        arxiv="1807.11626",
    ),
    idea=(
        "Put the delay measured on a real phone into the goal of the search, and let every stage "
        "have its own kind of block."
    ),
    builds_on=("MobileNetV2", "NASNet", "SENet"),
    models=("torchvision/mnasnet*", "timm/mnasnet_*", "timm/semnasnet_*"),
    formula=r"\max_m\; \mathrm{ACC}(m)\,(\mathrm{LAT}(m)/T)^{w}",
    strengths=(
        "Runs fast on the phone it was measured on, since the search saw real delay instead of a "
        "count of operations."
    ),
    weaknesses=(
        "The search trains thousands of sampled models, and its result is tuned to one device and "
        "may be slow on another."
    ),
)

FBNET = Card(
    name="FBNet",
    year=2018,
    kind="CNN",
    paper=Paper(
        "FBNet: Hardware-Aware Efficient ConvNet Design via Differentiable Neural "
        "Architecture Search",
        "Wu, Dai, Zhang, et al.",
        arxiv="1812.03443",
    ),
    idea=(
        "Search by gradient descent: train all candidate blocks at once, with weights that learn "
        "which one to keep."
    ),
    builds_on=("MobileNetV2", "MnasNet"),
    models=("timm/fbnetc_*",),
    formula=r"\min_{w,\theta}\; \mathrm{CE}(w,\theta)\;\alpha\,\log(\mathrm{LAT}(\theta))^{\beta}",
    strengths=(
        "Finds a network for a given phone by gradient descent, without training many candidates "
        "one by one."
    ),
    weaknesses=(
        "All candidate blocks sit in memory during the search, and delays are read from a table "
        "made for one device."
    ),
)

SINGLE_PATH_NAS = Card(
    name="Single-Path NAS",
    year=2019,
    kind="CNN",
    paper=Paper(
        "Single-Path NAS: Designing Hardware-Efficient ConvNets in less than 4 Hours",
        "Stamoulis, Ding, Wang, Lymberopoulos, Priyantha, Liu, Marculescu",
        arxiv="1904.02877",
    ),
    idea=(
        "Hold all candidate kernels inside one large shared kernel, which cuts the search to "
        "less than four hours."
    ),
    builds_on=("MnasNet", "FBNet"),
    models=("timm/spnasnet_*",),
    formula=r"w_k = w_{3} + \mathbb{1}(\lVert w_{5\setminus3}\rVert^2 > t)\; w_{5\setminus3}",
    strengths=(
        "Searches in a few hours on one accelerator, because all kernel sizes share the weights of "
        "the largest kernel."
    ),
    weaknesses=(
        "It can only choose among sizes that nest in one kernel, so quite different kinds of layer "
        "are out of reach."
    ),
)

MIXNET = Card(
    name="MixNet",
    year=2019,
    kind="CNN",
    paper=Paper("MixConv: Mixed Depthwise Convolutional Kernels", "Tan, Le", arxiv="1907.09595"),
    idea=(
        "Mix several kernel sizes in one depthwise convolution, each on its own group of channels."
    ),
    builds_on=("MnasNet", "MobileNetV3"),
    models=("timm/mixnet_*", "timm/tf_mixnet_*"),
    formula=r"y = [\,D_{3} * x_1,\; D_{5} * x_2,\; D_{7} * x_3,\; \dots\,]",
    strengths=(
        "Sees fine and coarse patterns in one layer for few weights, which suits small models on "
        "phones."
    ),
    weaknesses=(
        "Many small depthwise convolutions of different sizes run one after another, which is slow "
        "on GPUs."
    ),
)

FBNET_V3 = Card(
    name="FBNetV3",
    year=2020,
    kind="CNN",
    paper=Paper(
        "FBNetV3: Joint Architecture-Recipe Search using Predictor Pretraining",
        "Dai, Wan, Zhang, et al.",
        arxiv="2006.02049",
    ),
    idea=(
        "Search for the network and its training recipe together, with a predictor that ranks "
        "pairs of the two."
    ),
    builds_on=("FBNet", "MobileNetV3"),
    models=("timm/fbnetv3_*",),
    formula=(
        r"\max_{A,\,h}\; \widehat{\mathrm{acc}}(A, h)\quad \text{s.t. } \mathrm{FLOPs}(A) \le C"
    ),
    strengths=(
        "Picks training settings that suit the network, which a search over architectures alone "
        "would miss."
    ),
    weaknesses=(
        "The predictor first needs many trained pairs of network and recipe, and operations "
        "counted are not time measured."
    ),
)

HARDCORE_NAS = Card(
    name="HardCoRe-NAS",
    year=2021,
    kind="CNN",
    paper=Paper(
        "HardCoRe-NAS: Hard Constrained diffeRentiable Neural Architecture Search",
        "Nayman, Aflalo, Noy, Zelnik-Manor",
        arxiv="2102.11646",
    ),
    idea=(
        "Make the allowed delay a hard constraint of the search by gradient, so that the found "
        "network always keeps it."
    ),
    builds_on=("MobileNetV3", "FBNet"),
    models=("timm/hardcorenas_*",),
    formula=(
        r"\min_{\zeta}\; \mathbb{E}\,\mathcal{L}(x \mid w^*, \zeta)\quad \text{s.t. } "
        r"\mathrm{LAT}(\zeta) \le T"
    ),
    strengths=(
        "Keeps a given time limit by design, with no weight to tune between accuracy and delay."
    ),
    weaknesses=(
        "The limit only holds on the device whose blocks were timed, and the search space is close "
        "to MobileNetV3's."
    ),
)
