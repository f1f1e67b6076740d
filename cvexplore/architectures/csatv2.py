"""CSATv2: an image read as frequencies."""

from cvexplore.architectures import Card, Paper

CSATV2 = Card(
    name="CSATv2",
    year=2025,
    kind="hybrid",
    paper=Paper(
        "CSATv2 in timm",
        "MLPA Lab",
        url="https://github.com/huggingface/pytorch-image-models/blob/main/timm/models/csatv2.py",
    ),
    idea=(
        "Read the image as frequencies (a discrete cosine transform), then use ConvNeXt blocks "
        "with attention."
    ),
    builds_on=("ConvNeXt V2", "ViT"),
    # Its paper is still to come, says timm.
    models=("timm/csatv2*",),
    formula=r"X = C\,B\,C^\top,\quad C_{uk}\propto\cos\frac{(2k+1)u\pi}{16}",
    strengths=(
        "Shrinks the image eightfold at once by a fixed transform, so that larger photos stay "
        "cheap."
    ),
    weaknesses=(
        "No paper documents it yet, and its transform expects colour photos whose sides divide "
        "into blocks of 8 pixels."
    ),
)
