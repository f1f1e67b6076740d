"""LeViT: a ViT built for speed."""

from cvexplore.architectures import Card, Paper

LEVIT = Card(
    name="LeViT",
    year=2021,
    kind="hybrid",
    learning="distillation",
    paper=Paper(
        "LeViT: a Vision Transformer in ConvNet's Clothing for Faster Inference",
        "Graham, El-Nouby, Touvron, Stock, Joulin, Jégou, Douze",
        arxiv="2104.01136",
    ),
    idea=(
        "Convolve first, then attend at shrinking resolution with small cheap keys: a ViT built "
        "for speed."
    ),
    builds_on=("DeiT", "ResNet"),
    models=("timm/levit_*",),
    formula=r"\mathrm{softmax}(QK^\top/\sqrt{d} + B_{|\Delta x|,|\Delta y|})\,V",
    strengths=(
        "Classifies many images a second on a CPU or a GPU, since attention only sees small maps "
        "and uses short keys."
    ),
    weaknesses=(
        "Its learned position biases fix the image size, and it was trained for 1,000 epochs with "
        "the help of a teacher."
    ),
)
