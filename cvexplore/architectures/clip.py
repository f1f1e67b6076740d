"""CLIP and its successors: image encoders that learn from captions."""

from cvexplore.architectures import Card, Paper

CLIP = Card(
    name="CLIP",
    year=2021,
    kind="transformer",
    learning="image-text",
    paper=Paper(
        "Learning Transferable Visual Models From Natural Language Supervision",
        "Radford, Kim, Hallacy, et al.",
        arxiv="2103.00020",
    ),
    idea=(
        "Learn from 400 million images with captions: make those that belong together alike, and "
        "all others different."
    ),
    builds_on=("ViT",),
    models=("timm/vit_*_clip_*",),
    formula=(
        r"\mathcal{L}_u = -\frac{1}{N}\sum_i\log\frac{e^{u_i^\top v_i/\tau}}{\sum_j e^{u_i^\top "
        r"v_j/\tau}},\quad\mathcal{L} = \tfrac12(\mathcal{L}_u+\mathcal{L}_v)"
    ),
    strengths=(
        "Sorts images into any classes that one can name in words, without further training, and "
        "its features transfer widely."
    ),
    weaknesses=(
        "Needs hundreds of millions of captioned images and very large batches, and is weak at "
        "counting and at fine differences."
    ),
)

CLIP_RESNET = Card(
    name="CLIP ResNet",
    year=2021,
    kind="CNN",
    learning="image-text",
    paper=Paper(
        "Learning Transferable Visual Models From Natural Language Supervision",
        "Radford, Kim, Hallacy, et al.",
        arxiv="2103.00020",
    ),
    idea=(
        "CLIP's convolutional encoder: a ResNet-D with blurred downsampling, whose last pooling "
        "attends."
    ),
    builds_on=("CLIP", "ResNet-D", "BlurPool"),
    models=("timm/resnet*_clip*", "timm/resnet50_mlp"),
    formula=(
        r"y = \mathrm{softmax}(q(\bar x)K^\top/\sqrt d)\,V,\quad K,V\ \text{from}\ [\bar x,x_1,"
        r"\dots,x_N]"
    ),
    strengths=(
        "Matches images with words like CLIP, and has the feature maps of several sizes that "
        "detectors and segmenters expect."
    ),
    weaknesses=(
        "Needs more compute than CLIP's ViTs for the same accuracy, and its last pooling has "
        "positions for one image size."
    ),
)

SIGLIP = Card(
    name="SigLIP",
    year=2023,
    kind="transformer",
    learning="image-text",
    paper=Paper(
        "Sigmoid Loss for Language Image Pre-Training",
        "Zhai, Mustafa, Kolesnikov, Beyer",
        arxiv="2303.15343",
    ),
    idea=(
        "Judge every pair of image and caption by itself with a sigmoid, so that the loss needs "
        "no view of all pairs."
    ),
    builds_on=("CLIP",),
    models=("timm/vit_*_siglip_*",),
    formula=(
        r"\mathcal{L} = -\frac{1}{N}\sum_i\sum_j\log\sigma(z_{ij}(t\,u_i^\top v_j+b)),\quad "
        r"z_{ij}=\pm1"
    ),
    strengths=(
        "Trains well with small and large batches alike, since each pair is judged alone and no "
        "sum over the batch is needed."
    ),
    weaknesses=(
        "Still needs huge collections of captioned images, and like CLIP it describes whole "
        "images better than their parts."
    ),
)

AIMV2 = Card(
    name="AIMv2",
    year=2024,
    kind="transformer",
    learning="image-text",
    paper=Paper(
        "Multimodal Autoregressive Pre-training of Large Vision Encoders",
        "Fini, Shukor, Li, et al.",
        arxiv="2411.14402",
    ),
    idea=(
        "Learn to continue: predict the patches of an image and then the words of its caption, "
        "one after another."
    ),
    builds_on=("ViT", "CLIP"),
    models=("timm/aimv2_*",),
    formula=(
        r"P(s) = \prod_j P(s_j\mid s_{<j}),\quad\mathcal{L} = \mathcal{L}_{\mathrm{text}}+\alpha"
        r"\mathcal{L}_{\mathrm{image}}"
    ),
    strengths=(
        "Simple to train at scale, without large batches of pairs, and its features serve models "
        "that answer questions on images."
    ),
    weaknesses=(
        "Needs very many images with captions, and trains a decoder that the finished "
        "encoder no longer uses."
    ),
)

PERCEPTION_ENCODER = Card(
    name="Perception Encoder",
    year=2025,
    kind="transformer",
    learning="image-text",
    paper=Paper(
        "Perception Encoder: The best visual embeddings are not at the output of the network",
        "Bolya, Huang, Sun, et al.",
        arxiv="2504.13181",
    ),
    idea=(
        "Find the best features inside the layers of a CLIP-like encoder, and bring them out by "
        "a further alignment."
    ),
    builds_on=("CLIP", "RoPE-ViT"),
    models=("timm/vit_pe_*",),
    formula=r"x_\ell = F_\ell(x_{\ell-1}),\quad z = x_{\ell^\star},\ \ell^\star<L",
    strengths=(
        "One pre-trained encoder yields versions for image search, for language models and for "
        "spatial tasks."
    ),
    weaknesses=(
        "The best layer depends on the task, so that extra alignment training is needed, and "
        "attention is quadratic in patches."
    ),
)

TIPSV2 = Card(
    name="TIPSv2",
    year=2026,
    kind="transformer",
    learning="image-text",
    paper=Paper(
        "TIPSv2: Advancing Vision-Language Pretraining with Enhanced Patch-Text Alignment",
        "Cao, Chen, Maninis, et al.",
        arxiv="2604.12012",
    ),
    idea=(
        "Align single patches with words: distil patch by patch, and let visible patches count "
        "as well as hidden ones."
    ),
    builds_on=("DINOv2", "CLIP", "ViT with registers"),
    models=("timm/vit_*_reg1_tipsv2",),
    formula=(
        r"\mathcal{L}_{\mathrm{iBOT++}} = -\sum_{i=1}^{N}t_i^\top\log s_i\quad\text{(hidden and "
        r"visible)}"
    ),
    strengths=(
        "Relates single patches to words, so that it can outline things that one names without "
        "training on masks."
    ),
    weaknesses=(
        "Training joins image-text, self-distillation and patch losses with a slow copy as "
        "teacher, which is costly and complex."
    ),
)
