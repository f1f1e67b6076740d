"""SSD: all boxes in a single pass."""

from cvexplore.architectures import Card, Paper

SSD = Card(
    name="SSD",
    year=2015,
    kind="CNN",
    paper=Paper(
        "SSD: Single Shot MultiBox Detector",
        "Liu, Anguelov, Erhan, Szegedy, Reed, Fu, Berg",
        arxiv="1512.02325",
    ),
    idea=(
        "Predict all boxes in one pass, from feature maps of several sizes, each for objects of "
        "its own scale."
    ),
    builds_on=("VGG", "Faster R-CNN"),
    models=("torchvision/ssd300_*",),
    formula=r"s_k = s_{min} + \frac{s_{max} - s_{min}}{m - 1}\,(k - 1)",
    strengths="Detects objects in real time with one pass and no separate proposals.",
    weaknesses=(
        "It misses many small objects, as the fine maps it uses for them come from early layers "
        "that understand little."
    ),
)

SSDLITE = Card(
    name="SSDLite",
    year=2018,
    kind="CNN",
    paper=Paper(
        "MobileNetV2: Inverted Residuals and Linear Bottlenecks",
        "Sandler, Howard, Zhu, Zhmoginov, Chen",
        arxiv="1801.04381",
    ),
    idea="Use depthwise separable convolutions in SSD's predictions too, for detection on a phone.",
    builds_on=("SSD", "MobileNetV2"),
    models=("torchvision/ssdlite320_*",),
    formula=r"p = P_{1\times1} * (D_{3\times3} * f)",
    strengths="Detection on phones with a few million weights and little computation.",
    weaknesses=(
        "Small objects are often missed at its 320×320 pixels, and the light heads locate boxes "
        "less exactly."
    ),
)
