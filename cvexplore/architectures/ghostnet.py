"""GhostNet: most feature maps are cheap copies of a few."""

from cvexplore.architectures import Card, Paper

GHOSTNET = Card(
    name="GhostNet",
    year=2019,
    kind="CNN",
    paper=Paper(
        "GhostNet: More Features from Cheap Operations",
        "Han, Wang, Tian, Guo, Xu, Xu",
        arxiv="1911.11907",
    ),
    idea=(
        "Compute only some feature maps by full convolution, and derive the others from them by "
        "cheap depthwise filters."
    ),
    builds_on=("MobileNetV3",),
    models=("timm/ghostnet_*",),
    formula=r"Y = [Y',\ \Phi(Y')],\quad Y' = W*X",
    strengths="Needs few operations, which suits phones and other small CPUs.",
    weaknesses=(
        "Depthwise filters and joins wait for memory, so it gains less on GPUs than its "
        "operation count suggests."
    ),
)

REPGHOST = Card(
    name="RepGhost",
    year=2022,
    kind="CNN",
    paper=Paper(
        "RepGhost: A Hardware-Efficient Ghost Module via Re-parameterization",
        "Chen, Guo, Zeng, Xiong, Dong",
        arxiv="2211.06088",
    ),
    idea=(
        "Add the cheap features instead of appending them, so that both branches fold into one "
        "for inference."
    ),
    builds_on=("GhostNet", "RepVGG"),
    models=("timm/repghostnet_*",),
    formula=r"Y = \mathrm{ReLU}(D*Y'+\mathrm{BN}(Y')) = \mathrm{ReLU}(\hat D*Y'+\hat b)",
    strengths=(
        "Short delay on phones, since adding instead of joining saves memory traffic and "
        "branches fold into one."
    ),
    weaknesses=(
        "Has to be folded after training to be fast, and the folded network lacks the batch "
        "norms for further training."
    ),
)

GHOSTNET_V2 = Card(
    name="GhostNetV2",
    year=2022,
    kind="CNN",
    paper=Paper(
        "GhostNetV2: Enhance Cheap Operation with Long-Range Attention",
        "Tang, Han, Guo, Xu, Xu, Wang",
        arxiv="2211.12905",
    ),
    idea=(
        "Weigh the features by a cheap look along rows and then columns, so that distant pixels "
        "count as well."
    ),
    builds_on=("GhostNet",),
    models=("timm/ghostnetv2_*",),
    formula=r"Y = \sigma(F_V(F_H(X)))\odot[Y',\ \Phi(Y')]",
    strengths=(
        "Adds a wide view along rows and columns at little cost, so that a small network relates "
        "distant pixels."
    ),
    weaknesses=(
        "The attention branch adds parameters and time, and joins and depthwise filters still "
        "use GPUs poorly."
    ),
)

GHOSTNET_V3 = Card(
    name="GhostNetV3",
    year=2024,
    kind="CNN",
    learning="distillation",
    paper=Paper(
        "GhostNetV3: Exploring the Training Strategies for Compact Models",
        "Liu, Hao, Han, Tang, Wang",
        arxiv="2404.11202",
    ),
    idea=(
        "Train with extra branches that fold away afterwards, and with a teacher: a better small "
        "network at no cost."
    ),
    builds_on=("GhostNetV2", "RepVGG"),
    models=("timm/ghostnetv3_*",),
    formula=r"\sum_k\mathrm{BN}_k(W_k*X) = \hat W*X+\hat b",
    strengths=(
        "Better trained than GhostNetV2 at the same cost in use, since the extra branches exist "
        "only in training."
    ),
    weaknesses=(
        "Training is slower and needs a teacher, and the branches have to be folded before use."
    ),
)
