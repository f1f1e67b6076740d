"""DINOv2 and its successors: features learned without labels."""

from cvexplore.architectures import Card, Paper

DINOV2 = Card(
    name="DINOv2",
    year=2023,
    kind="transformer",
    learning="self-supervised",
    paper=Paper(
        "DINOv2: Learning Robust Visual Features without Supervision",
        "Oquab, Darcet, Moutakanni, et al.",
        arxiv="2304.07193",
    ),
    idea=(
        "Train on selected photos without labels, by agreeing with a slow copy of oneself: "
        "features that serve any task."
    ),
    builds_on=("ViT", "BEiT"),
    models=("timm/vit_*_patch14*_dinov2",),
    formula=r"\mathcal{L} = -p_t^\top\log p_s,\quad\theta_t\leftarrow m\,\theta_t+(1-m)\,\theta_s",
    strengths=(
        "Its frozen features serve classification, segmentation, depth and retrieval with only a "
        "small head on top."
    ),
    weaknesses=(
        "Pre-training needs over a hundred million selected images and huge compute, and large "
        "models show noisy patches."
    ),
)

REGISTERS = Card(
    name="ViT with registers",
    year=2023,
    kind="transformer",
    learning="self-supervised",
    paper=Paper(
        "Vision Transformers Need Registers",
        "Darcet, Oquab, Mairal, Bojanowski",
        arxiv="2309.16588",
    ),
    idea=(
        "Give a ViT a few spare tokens to take notes on, which clears the noise from its "
        "attention maps."
    ),
    builds_on=("DINOv2", "DeiT III"),
    # Nearly all are small ViTs trained by timm's author, with one or four registers.
    models=("timm/vit_*_reg[14]_*", "timm/test_vit[234]"),
    formula=r"z_0 = [x_{\mathrm{cls}};\ r_1,\dots,r_R;\ x_1,\dots,x_N]",
    strengths=(
        "Clean attention and feature maps at the cost of a few extra tokens, which helps to find "
        "and outline objects."
    ),
    weaknesses=(
        "Registers must be there during pre-training, change classification little, and leave "
        "attention quadratic in tokens."
    ),
)

DINOV3 = Card(
    name="DINOv3",
    year=2025,
    kind="transformer",
    learning="self-supervised",
    paper=Paper("DINOv3", "Siméoni, Vo, Seitzer, et al.", arxiv="2508.10104"),
    idea=(
        "Scale training without labels to 7 billion parameters, and hold patch similarities "
        "steady so features stay sharp."
    ),
    builds_on=("DINOv2", "ViT with registers", "RoPE-ViT"),
    models=("timm/vit_*_dinov3*",),
    formula=r"\mathcal{L}_{\mathrm{Gram}} = \lVert X_SX_S^\top-X_GX_G^\top\rVert_F^2",
    strengths=(
        "Sharp frozen patch features for segmentation, depth, tracking and matching, also on "
        "large images."
    ),
    weaknesses=(
        "Training the 7-billion-parameter teacher needs a huge cluster, and the smaller models "
        "depend on distillation from it."
    ),
)

SAPIENS2 = Card(
    name="Sapiens2",
    year=2026,
    kind="transformer",
    learning="self-supervised",
    paper=Paper("Sapiens2", "Khirodkar, Wen, Martinez, Dong, Su, Saito", arxiv="2604.21681"),
    idea=(
        "Learn from a billion photos of people, both by filling in hidden patches and by "
        "agreeing with a slow copy."
    ),
    builds_on=("DINOv3",),
    models=("timm/vit_*_sapiens2",),
    formula=(
        r"\mathcal{L} = \sum_{i\in M}\lVert\hat x_i-x_i\rVert^2+\lambda\,\mathcal{L}_{"
        r"\mathrm{contrast}}"
    ),
    strengths=(
        "A strong start for tasks on people, such as poses, body parts and surface normals, at "
        "high resolution."
    ),
    weaknesses=(
        "Made for photos of people, so other subjects are not its aim, and attention on such "
        "large images costs much."
    ),
)

LINGBOT_VISION = Card(
    name="LingBot-Vision",
    year=2026,
    kind="transformer",
    learning="self-supervised",
    paper=Paper(
        "Vision Pretraining for Dense Spatial Perception",
        "Fu, Tan, Sun, et al.",
        arxiv="2607.05247",
    ),
    idea=(
        "Always mask the patches on boundaries that a teacher finds, so that the student must "
        "learn to predict the borders of objects."
    ),
    builds_on=("DINOv3",),
    models=("timm/vit_*_lingbot",),
    formula=(
        r"\mathcal{L} = \mathcal{L}_{\mathrm{distil}}+\lambda\,\mathcal{L}_{\mathrm{boundary}},"
        r"\quad B\subseteq M"
    ),
    strengths=(
        "Keeps borders and shapes of objects in its patch features, which suits depth estimation "
        "and other dense tasks."
    ),
    weaknesses=(
        "Training needs a teacher that also finds boundaries, and the smaller models are "
        "distilled from the largest one."
    ),
)
