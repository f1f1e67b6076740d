"""Eyes of language models: vision encoders of multimodal models."""

from cvexplore.architectures import Card, Paper

INTERNVIT = Card(
    name="InternViT",
    year=2024,
    kind="transformer",
    learning="distillation",
    paper=Paper(
        "Mini-InternVL: A Flexible-Transfer Pocket Multimodal Model with 5% Parameters and "
        "90% Performance",
        "Gao, Chen, Cui, et al.",
        arxiv="2410.16261",
    ),
    idea=(
        "Distil an encoder of 6 billion parameters into one of 300 million, for a language model "
        "that fits a pocket."
    ),
    builds_on=("ViT", "CLIP"),
    models=("timm/vit_intern300m_*",),
    formula=r"\mathcal{L} = -\cos(h_{\text{student}},\, h_{\text{teacher}})",
    strengths=(
        "Brings the visual knowledge of a very large encoder to small multimodal models, including "
        "text in images."
    ),
    weaknesses=(
        "It needs the large teacher for training, and at 300 million parameters it is still heavy "
        "for edge devices."
    ),
)

QWEN3_VL = Card(
    name="Qwen3-VL",
    year=2025,
    kind="transformer",
    learning="image-text",
    paper=Paper("Qwen3-VL Technical Report", "Qwen Team", arxiv="2511.21631"),
    idea=(
        "Tell patches their place twice, by a learned grid and by rotation, so that images of "
        "any size can be read."
    ),
    builds_on=("SigLIP", "RoPE-ViT"),
    models=("timm/qwen3_vit_*",),
    formula=r"z = E x + \mathrm{resize}(P),\quad q \to R_{h,w}\,q",
    strengths=(
        "Reads documents and photos of any size and shape at their own resolution, for a language "
        "model to use."
    ),
    weaknesses=(
        "Global attention grows quadratically with the image area, and the encoder was tuned for "
        "its language model."
    ),
)

GEMMA_4 = Card(
    name="Gemma 4",
    year=2026,
    kind="transformer",
    learning="image-text",
    paper=Paper("Gemma 4 Technical Report", "Gemma Team", arxiv="2607.02770"),
    idea=(
        "Normalize before and after every layer, rotate by position along both axes, and gate "
        "the dense layers."
    ),
    builds_on=("ViT", "RoPE-ViT"),
    models=("timm/gemma4_vit_*",),
    formula=r"y = x + N_2(F(N_1(x)))",
    strengths=(
        "Keeps activations in a safe range in every layer and reads images of varied shape, as "
        "input to a language model."
    ),
    weaknesses=(
        "Four normalizations a block cost memory traffic, and global attention grows quadratically "
        "with the patches."
    ),
)

DEEPSEEK_VIT = Card(
    name="DeepSeek ViT",
    year=2026,
    kind="transformer",
    learning="image-text",
    paper=Paper(
        "DeepSeek-V4.1-Flash: Pushing the Limits of KV Cache Compression",
        "DeepSeek-AI",
        arxiv="2609.19969",
    ),
    idea=(
        "Tell positions by rotation alone, so that any grid of patches fits, and join 3×3 "
        "patches for the language model."
    ),
    builds_on=("ViT", "RoPE-ViT"),
    models=("timm/deepseek_vit_*",),
    formula=r"q \to R_{h,w}\,q,\quad t = \mathrm{MLP}([\,z_{11}; \dots; z_{33}\,])",
    strengths=(
        "Accepts any grid of patches without resizing a position table, and hands a language model "
        "nine times fewer tokens."
    ),
    weaknesses=(
        "Before the patches are joined, attention compares all of them, so large images cost time "
        "that grows quadratically."
    ),
)
