"""Faster R-CNN and Mask R-CNN: propose regions, then look at each of them."""

from cvexplore.architectures import Card, Paper

FASTER_RCNN = Card(
    name="Faster R-CNN",
    year=2015,
    kind="CNN",
    paper=Paper(
        "Faster R-CNN: Towards Real-Time Object Detection with Region Proposal Networks",
        "Ren, He, Girshick, Sun",
        arxiv="1506.01497",
    ),
    idea=(
        "Let a small network on the shared feature map propose where objects are, then classify "
        "and refine each proposal."
    ),
    builds_on=("VGG",),
    models=("torchvision/fasterrcnn_*",),
    formula=(
        r"\mathcal{L} = \frac{1}{N} \sum_i L_{cls}(p_i) + \lambda\,\frac{1}{N'} \sum_i p_i^*\, "
        r"L_{reg}(t_i)"
    ),
    strengths=(
        "Accurate boxes for objects of varied size, and a sound base for adding masks or keypoints."
    ),
    weaknesses=(
        "Two stages make it slower than one-pass detectors, and anchors and duplicate removal need "
        "settings by hand."
    ),
)

MASK_RCNN = Card(
    name="Mask R-CNN",
    year=2017,
    kind="CNN",
    paper=Paper("Mask R-CNN", "He, Gkioxari, Dollár, Girshick", arxiv="1703.06870"),
    idea=(
        "Add a branch to Faster R-CNN that draws a mask in each box, from features sampled "
        "without rounding."
    ),
    builds_on=("Faster R-CNN", "FCN", "ResNet"),
    models=("torchvision/maskrcnn_*",),
    formula=r"\mathcal{L} = L_{cls} + L_{box} + L_{mask}",
    strengths=(
        "Separates touching objects of the same class by giving each its own mask inside its own "
        "box."
    ),
    weaknesses=(
        "Masks are predicted on a 28×28 grid, so large objects get coarse borders, and a missed "
        "box means no mask."
    ),
)

KEYPOINT_RCNN = Card(
    name="Keypoint R-CNN",
    year=2017,
    kind="CNN",
    paper=Paper("Mask R-CNN", "He, Gkioxari, Dollár, Girshick", arxiv="1703.06870"),
    idea=(
        "Find a person's joints as masks of a single pixel, one for each joint, in each box of "
        "Mask R-CNN."
    ),
    builds_on=("Mask R-CNN",),
    models=("torchvision/keypointrcnn_*",),
    formula=r"\mathcal{L} = -\sum_j \log\,\mathrm{softmax}(z_j)_{y_j}",
    strengths=(
        "Finds the joints of several people at once in one network, without a separate person "
        "detector."
    ),
    weaknesses=(
        "It needs every person to be boxed first, costs time for each box, and is unsure where "
        "people overlap."
    ),
)
