"""Twins: near and far attention in turn."""

from cvexplore.architectures import Card, Paper

TWINS = Card(
    name="Twins",
    year=2021,
    kind="transformer",
    paper=Paper(
        "Twins: Revisiting the Design of Spatial Attention in Vision Transformers",
        "Chu, Tian, Wang, Zhang, Ren, Wei, Xia, Shen",
        arxiv="2104.13840",
    ),
    idea=(
        "Alternate attention within windows and attention to one summary of each window, to see "
        "near and far in turn."
    ),
    builds_on=("DeiT", "Swin"),
    models=("timm/twins_*",),
    formula=r"\mathrm{Attn}(Q_w, K_w, V_w)\ \text{then}\ \mathrm{Attn}(Q, \bar{K}, \bar{V})",
    strengths=(
        "Simple to deploy for detection and segmentation: no shifted windows, and only standard "
        "matrix operations."
    ),
    weaknesses=(
        "One summary for each window loses detail in the far view, and global cost still grows "
        "faster than the area."
    ),
)
