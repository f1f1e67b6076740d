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
    formula=r"y = x+D*\mathrm{BN}(x) = \hat D*x+\hat b",
    strengths=(
        "Short delay on phones and GPUs, as its training branches fold into single convolutions "
        "for use."
    ),
    weaknesses=(
        "Must be folded before use to be fast, and training with the extra branches costs more "
        "time and memory."
    ),
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
    formula=(
        r"\mathcal{L} = (1-\lambda)\,\mathcal{L}_{\mathrm{CLIP}}+\lambda\,\mathcal{L}_{"
        r"\mathrm{distil}}"
    ),
    strengths=(
        "Brings CLIP's choice of classes by words to phones, with far fewer parameters and less "
        "delay."
    ),
    weaknesses=(
        "Needs a dataset with stored outputs of large teachers, which takes much compute and "
        "storage to prepare."
    ),
)
