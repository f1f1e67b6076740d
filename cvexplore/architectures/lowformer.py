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
)
