"""LowFormer and CPUBone: hybrids designed by the clock, not by operation counts."""

from cvexplore.architectures import Card, Paper

LOWFORMER = Card(
    name="LowFormer",
    year=2024,
    kind="hybrid",
    paper=Paper(
        "LowFormer: Hardware Efficient Design for Convolutional Transformer Backbones",
        "Nottebaum, Dunnhofer, Micheloni",
        arxiv="2409.03460",
    ),
    idea=(
        "Measure time instead of counting operations: fuse convolutions, and attend at low "
        "resolution with few channels."
    ),
    builds_on=("EfficientViT (MIT)", "EfficientNetV2"),
    models=("timm/lowformer_*",),
    formula=r"y = \mathrm{up}(\mathrm{Attn}(D_{s} * x)) + x",
    strengths=(
        "Fast in measured time on GPUs, because attention runs on a shrunken map and fused "
        "convolutions use the hardware well."
    ),
    weaknesses=(
        "Its fused convolutions need more multiplications than depthwise ones, which a weak CPU "
        "without much parallelism pays for."
    ),
)

CPUBONE = Card(
    name="CPUBone",
    year=2026,
    kind="hybrid",
    paper=Paper(
        "CPUBone: Efficient Vision Backbone Design for Devices with Low Parallelization "
        "Capabilities",
        "Nottebaum, Dunnhofer, Micheloni",
        arxiv="2603.26425",
    ),
    idea=(
        "Group the convolutions and shrink their kernels, which saves real time on a CPU that "
        "does little in parallel."
    ),
    builds_on=("LowFormer",),
    models=("timm/cpubone_*",),
    formula=r"\text{MACs} = k^2\,H W\,C_{in}\,C_{out}\,/\,g",
    strengths=(
        "Fast on CPUs with few parallel units, since grouped convolutions and small kernels cut "
        "the multiplications."
    ),
    weaknesses=(
        "A GPU gains little from it, because small groups give each processor too little work for "
        "the data it has to load."
    ),
)
