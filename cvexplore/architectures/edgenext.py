"""EdgeNeXt: ConvNeXt with attention, for small devices."""

from cvexplore.architectures import Card, Paper

EDGENEXT = Card(
    name="EdgeNeXt",
    year=2022,
    kind="hybrid",
    paper=Paper(
        "EdgeNeXt: Efficiently Amalgamated CNN-Transformer Architecture for Mobile Vision "
        "Applications",
        "Maaz, Shaker, Cholakkal, Khan, Zamir, Anwer, Khan",
        arxiv="2206.10589",
    ),
    idea=(
        "Mix ConvNeXt blocks with attention between channels, whose groups are first filtered "
        "one after another."
    ),
    builds_on=("ConvNeXt", "XCiT", "Res2Net"),
    models=("timm/edgenext_*",),
)
