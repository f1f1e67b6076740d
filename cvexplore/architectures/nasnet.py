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
    formula=r"\max_\theta\; \mathbb{E}_{a \sim \pi_\theta}[R(a)],\quad y = o_1(h_i) + o_2(h_j)",
    strengths=(
        "Proved that a cell found on small images can be stacked into a strong network for large "
        "ones."
    ),
    weaknesses=(
        "The search kept hundreds of GPUs busy for days, and the irregular cells with many small "
        "branches run slowly."
    ),
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
    formula=r"S_{b+1} = \mathrm{top}_K\,\hat{\pi}(\mathrm{expand}(S_b))",
    strengths="Finds a cell as good as NASNet's while training far fewer candidate networks.",
    weaknesses=(
        "The search is still costly, and the found cell has many separate branches that use a GPU "
        "badly."
    ),
)
