"""NASNet and PNASNet: cells found by search, stacked into networks."""

from cvexplore.architectures import Card, Paper

NASNET = Card(
    name="NASNet",
    year=2017,
    kind="CNN",
    paper=Paper(
        "Learning Transferable Architectures for Scalable Image Recognition",
        "Zoph, Vasudevan, Shlens, Le",
        arxiv="1707.07012",
    ),
    idea=(
        "Let a search design one small cell on small images, then stack copies of it into a "
        "network for large ones."
    ),
    builds_on=("GoogLeNet", "Xception"),
    models=("timm/nasnetalarge",),
)

PNASNET = Card(
    name="PNASNet",
    year=2017,
    kind="CNN",
    paper=Paper(
        "Progressive Neural Architecture Search", "Liu, Zoph, Neumann, et al.", arxiv="1712.00559"
    ),
    idea=(
        "Search cells from simple to complex, guided by a model that predicts how good each "
        "candidate will be."
    ),
    builds_on=("NASNet",),
    models=("timm/pnasnet5large",),
)
