"""SelecSLS: the fast backbone of XNect, which finds people's poses in real time."""

from cvexplore.architectures import Card, Paper

SELECSLS = Card(
    name="SelecSLS",
    year=2019,
    kind="CNN",
    paper=Paper(
        "XNect: Real-time Multi-Person 3D Motion Capture with a Single RGB Camera",
        "Mehta, Sotnychenko, Mueller, et al.",
        arxiv="1907.00837",
    ),
    idea=(
        "Choose a few short and long skip connections instead of all of DenseNet's, and join "
        "them by concatenation."
    ),
    builds_on=("DenseNet", "ResNet"),
    models=("timm/selecsls*",),
    formula=r"y = W\,[\,d_1,\; d_2,\; d_3,\; x_0\,]",
    strengths=(
        "Made for real-time body pose from one camera: it is faster than a ResNet of like accuracy "
        "there."
    ),
    weaknesses=(
        "Joined maps must be kept in memory until the end of a block, and few pre-trained sizes "
        "exist."
    ),
)
