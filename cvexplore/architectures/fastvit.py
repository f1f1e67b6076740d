"""FastViT, and MobileCLIP that grew from it: hybrids whose branches fold away."""

from cvexplore.architectures import Card, Paper

FASTVIT = Card(
    name="FastViT",
    year=2023,
    kind="hybrid",
    paper=Paper(
        "FastViT: A Fast Hybrid Vision Transformer using Structural Reparameterization",
        "Vasu, Gabriel, Zhu, Tuzel, Ranjan",
        arxiv="2303.14189",
    ),
    idea=(
        "Mix by convolutions whose shortcuts fold away for use, and attend, if at all, only in "
        "the last stage."
    ),
    builds_on=("MobileOne", "PoolFormer"),
    models=("timm/fastvit_*",),
)

MOBILECLIP = Card(
    name="MobileCLIP",
    year=2023,
    kind="hybrid",
    learning="image-text",
    paper=Paper(
        "MobileCLIP: Fast Image-Text Models through Multi-Modal Reinforced Training",
        "Vasu, Pouransari, Faghri, Vemulapalli, Tuzel",
        arxiv="2311.17049",
    ),
    idea=(
        "Train a small image and text model on a dataset that already stores the answers of "
        "several large ones."
    ),
    builds_on=("FastViT", "CLIP"),
    models=("timm/fastvit_mci*", "timm/vit_base_mci_*"),
)
