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
)
