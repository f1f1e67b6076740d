"""SENet and its successors: convolutional networks that weigh their own features."""

from cvexplore.architectures import Card, Paper

SENET = Card(
    name="SENet",
    year=2017,
    kind="CNN",
    paper=Paper(
        "Squeeze-and-Excitation Networks", "Hu, Shen, Albanie, Sun, Wu", arxiv="1709.01507"
    ),
    idea=(
        "Average each channel over the image, and let a tiny network compute from that how much "
        "each channel should count."
    ),
    builds_on=("ResNet", "ResNeXt"),
    models=(
        "timm/senet154",
        "timm/seresnet*",
        "timm/seresnext*",
        "timm/legacy_se*",
        "timm/test_byobnet",
    ),
    formula=r"y = x \odot \sigma(W_2\,\delta(W_1\,\mathrm{avg}(x)))",
    strengths="Adds a view of the whole image to any convolutional block for few extra operations.",
    weaknesses=(
        "Every block must wait for a global average, which costs more time than the operations "
        "suggest, and places are ignored."
    ),
)

SKNET = Card(
    name="SKNet",
    year=2019,
    kind="CNN",
    paper=Paper("Selective Kernel Networks", "Li, Wang, Hu, Yang", arxiv="1903.06586"),
    idea=(
        "Run branches with different kernel sizes, and let the features decide channel by "
        "channel which branch counts."
    ),
    builds_on=("SENet", "ResNeXt"),
    models=("timm/skresne*",),
    formula=r"y = a \odot (K_3 * x) + (1 - a) \odot (K_5 * x)",
    strengths=(
        "Adapts how far it sees to the image, which helps when objects come in very different "
        "sizes."
    ),
    weaknesses="Two branches and their fusion take more memory and time than a single kernel.",
)

GCNET = Card(
    name="GCNet",
    year=2019,
    kind="CNN",
    paper=Paper(
        "GCNet: Non-local Networks Meet Squeeze-Excitation Networks and Beyond",
        "Cao, Xu, Lin, Wei, Hu",
        arxiv="1904.11492",
    ),
    idea=(
        "Pool the image with one learned attention map, shared by all positions, and feed the "
        "result back everywhere."
    ),
    builds_on=("SENet",),
    models=("timm/gcresne*",),
    formula=r"y_i = x_i + W_2\,\delta(\mathrm{LN}(W_1 \sum_j \mathrm{softmax}_j(w^\top x_j)\,x_j))",
    strengths=(
        "Gives convolutional networks a global context at almost the price of channel attention."
    ),
    weaknesses=(
        "Every position gets the same context, so it cannot relate particular pairs of positions."
    ),
)

ECA_NET = Card(
    name="ECA-Net",
    year=2019,
    kind="CNN",
    paper=Paper(
        "ECA-Net: Efficient Channel Attention for Deep Convolutional Neural Networks",
        "Wang, Wu, Zhu, Li, Zuo, Hu",
        arxiv="1910.03151",
    ),
    idea=(
        "Weigh the channels by a tiny one-dimensional convolution along them instead of by two "
        "dense layers."
    ),
    builds_on=("SENet",),
    models=("timm/ecaresne*", "timm/eca_resne*"),
    formula=r"y = x \odot \sigma(\mathrm{Conv1D}_k(\mathrm{avg}(x)))",
    strengths=(
        "Channel attention for a handful of weights a layer, with no narrowing of the channels."
    ),
    weaknesses=(
        "Each weight sees only channels with nearby numbers, although the order of channels has no "
        "meaning of its own."
    ),
)

BAT = Card(
    name="BAT",
    year=2020,
    kind="CNN",
    paper=Paper(
        "Non-Local Neural Networks With Grouped Bilinear Attentional Transforms",
        "Chi, Yuan, Mu, Wang",
        url="https://openaccess.thecvf.com/content_CVPR_2020/html/Chi_Non-Local_Neural_Networks_"
        "With_Grouped_Bilinear_Attentional_Transforms_CVPR_2020_paper.html",
    ),
    idea=(
        "Let distant positions exchange features by small matrices, computed from the image for "
        "each group of channels."
    ),
    builds_on=("ResNeXt",),
    models=("timm/bat_resnext*",),
    formula=r"Y = P\,X\,Q",
    strengths=(
        "Lets far positions exchange features by two small matrices instead of one large attention "
        "map."
    ),
    weaknesses=(
        "The height and width of the map must be multiples of its block size, and rows and columns "
        "move only as wholes."
    ),
)

RESNEST = Card(
    name="ResNeSt",
    year=2020,
    kind="CNN",
    paper=Paper(
        "ResNeSt: Split-Attention Networks", "Zhang, Wu, Zhang, et al.", arxiv="2004.08955"
    ),
    idea=(
        "Split every group of a ResNeXt block again, and let channel attention decide how to mix "
        "the splits."
    ),
    builds_on=("ResNeXt", "SKNet", "ResNet-D"),
    models=("timm/resnest*",),
    formula=r"y = \sum_{r=1}^{R} a_r \odot U_r",
    strengths=(
        "A strong drop-in replacement for ResNet as the backbone of detection and segmentation."
    ),
    weaknesses=(
        "Split attention adds many small steps, so it is slower and harder to deploy than a ResNet "
        "of equal operations."
    ),
)
