"""SAM: cut out anything that a person points at."""

from cvexplore.architectures import Card, Paper

SAM = Card(
    name="SAM",
    year=2023,
    kind="transformer",
    paper=Paper("Segment Anything", "Kirillov, Mintun, Ravi, et al.", arxiv="2304.02643"),
    idea=(
        "Encode the image once with a ViT, mostly within windows; any click or box then selects "
        "an object's mask at once."
    ),
    builds_on=("ViT", "MViTv2"),
    models=("timm/samvit_*",),
    formula=r"m = D(E_{\text{image}}(x),\, E_{\text{prompt}}(p))",
    strengths=(
        "Cuts out objects of kinds it never saw by name, and one encoding of the image serves many "
        "clicks."
    ),
    weaknesses="The encoder is heavy at its 1024×1024 pixels, and masks carry no class names.",
)

SAM_2 = Card(
    name="SAM 2",
    year=2024,
    kind="transformer",
    paper=Paper(
        "SAM 2: Segment Anything in Images and Videos",
        "Ravi, Gabeur, Hu, et al.",
        arxiv="2408.00714",
    ),
    idea=(
        "Follow objects through a video with a memory of past frames, and encode each frame with "
        "Hiera."
    ),
    builds_on=("SAM", "Hiera"),
    models=("timm/sam2_hiera_*", "timm/hieradet_*"),
    formula=r"y_t = \mathrm{CrossAttn}(E(I_t),\, M_{<t})",
    strengths=(
        "Follows a clicked object through a video, also when it is hidden for a while, faster than "
        "encoding with SAM."
    ),
    weaknesses=(
        "It can lose or swap objects after long gaps or among look-alikes, and each object is "
        "tracked separately."
    ),
)
