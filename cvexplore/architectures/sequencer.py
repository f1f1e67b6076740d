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
    formula=r"y = W\,[\,\mathrm{BiLSTM}_{\text{rows}}(x),\; \mathrm{BiLSTM}_{\text{cols}}(x)\,]",
    strengths=(
        "Mixes far patches along rows and columns with few weights, and carries over well to other "
        "resolutions."
    ),
    weaknesses=(
        "LSTMs work step by step, so a GPU cannot run a row in parallel, and training and use are "
        "slow."
    ),
)
