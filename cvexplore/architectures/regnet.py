"""RegNet: a whole space of good networks instead of a single one."""

from cvexplore.architectures import Card, Paper

REGNET = Card(
    name="RegNet",
    year=2020,
    kind="CNN",
    paper=Paper(
        "Designing Network Design Spaces",
        "Radosavovic, Kosaraju, Girshick, He, Dollár",
        arxiv="2003.13678",
    ),
    idea=(
        "Shrink a huge space of networks to a simple rule: widths that grow along a straight "
        "line, rounded stage by stage."
    ),
    builds_on=("ResNeXt", "SENet"),
    models=("torchvision/regnet_[xy]_*", "timm/regnet[vxy]_*"),
    formula=r"u_j = w_0 + w_a\,j,\quad w_j = w_0\, w_m^{\lfloor s_j \rceil}",
    strengths="A regular family for every budget, given by a few numbers, that runs fast on GPUs.",
    weaknesses=(
        "Its wide groups suit GPUs more than phones, and as a pure CNN it gets a global view only "
        "through depth."
    ),
)

REGNET_Z = Card(
    name="RegNetZ",
    year=2021,
    kind="CNN",
    paper=Paper("Fast and Accurate Model Scaling", "Dollár, Singh, Girshick", arxiv="2103.06877"),
    idea=(
        "Scale mainly the width, so that the activations to be moved, and with them the time, "
        "grow slowly."
    ),
    builds_on=("RegNet", "MobileNetV2"),
    models=("timm/regnetz_*",),
    formula=r"w \to s^{\alpha/2} w,\quad d \to s^{(1-\alpha)/2} d,\quad r \to s^{(1-\alpha)/4} r",
    strengths=(
        "Stays fast when scaled up, since wide networks move fewer activations than deep or "
        "high-resolution ones."
    ),
    weaknesses="Parameters grow quickly with width, so large members need much storage.",
)
