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
    formula=r"C_{ijkl} = \langle g_{ij}(I_1),\, g_{kl}(I_2) \rangle,\quad f_{n+1} = f_n + \Delta f",
    strengths=(
        "Accurate optical flow for large and small motions, and the number of refinements can be "
        "chosen after training."
    ),
    weaknesses=(
        "Memory grows with the square of the pixels, since all pairs are kept, and refinements "
        "must run one after another."
    ),
)
