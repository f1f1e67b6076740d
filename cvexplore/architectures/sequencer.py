"""Sequencer: recurrent networks that read an image."""

from cvexplore.architectures import Card, Paper

SEQUENCER = Card(
    name="Sequencer",
    year=2022,
    kind="MLP",
    paper=Paper(
        "Sequencer: Deep LSTM for Image Classification", "Tatsunami, Taki", arxiv="2205.01972"
    ),
    idea=(
        "Mix patches by LSTMs along rows and columns: recurrent, so neither of our kinds, but "
        "nearest to the MLP mixers."
    ),
    builds_on=("ViT", "MLP-Mixer"),
    models=("timm/sequencer2d_*",),
)
