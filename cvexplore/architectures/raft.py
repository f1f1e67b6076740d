"""RAFT: how every pixel moves from one frame to the next."""

from cvexplore.architectures import Card, Paper

RAFT = Card(
    name="RAFT",
    year=2020,
    kind="CNN",
    paper=Paper(
        "RAFT: Recurrent All Pairs Field Transforms for Optical Flow",
        "Teed, Deng",
        arxiv="2003.12039",
    ),
    idea=(
        "Compare all pairs of pixels once, then refine the flow again and again with a recurrent "
        "unit that looks them up."
    ),
    builds_on=("ResNet",),
    models=("torchvision/raft_*",),
)
