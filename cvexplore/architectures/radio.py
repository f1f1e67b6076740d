"""RADIO: one student of many teachers."""

from cvexplore.architectures import Card, Paper

RADIO = Card(
    name="RADIO",
    year=2023,
    kind="transformer",
    learning="distillation",
    paper=Paper(
        "AM-RADIO: Agglomerative Vision Foundation Model -- Reduce All Domains Into One",
        "Ranzinger, Heinrich, Kautz, Molchanov",
        arxiv="2312.06709",
    ),
    idea=(
        "Teach one encoder to reproduce the features of several, such as CLIP, DINOv2 and SAM, "
        "and so replace them all."
    ),
    builds_on=("CLIP", "DINOv2", "SAM"),
    models=("timm/*vit_*_radio_*",),
    formula=r"\mathcal{L} = \sum_t \lambda_t\, d(h_t(f(x)),\, T_t(x))",
    strengths=(
        "One encoder whose features serve matching with text, segmentation and dense tasks alike."
    ),
    weaknesses=(
        "Training runs several large teachers at once, and their aims can conflict, so loss "
        "weights must be balanced."
    ),
)
