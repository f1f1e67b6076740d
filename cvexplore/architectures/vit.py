"""ViT: cut the image into patches and read them like the words of a sentence."""

from typing import Annotated, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cvexplore.architectures import BUILDERS, Card, Paper
from cvexplore.errors import BuildError
from cvexplore.plugins import Range

VIT = Card(
    name="ViT",
    year=2020,
    kind="transformer",
    paper=Paper(
        "An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale",
        "Dosovitskiy, Beyer, Kolesnikov, Weissenborn, Zhai, Unterthiner, Dehghani, Minderer, "
        "Heigold, Gelly, Uszkoreit, Houlsby",
        arxiv="2010.11929",
    ),
    idea="Treat 16×16 patches as words, and let attention find which of them belong together.",
    models=("cvexplore/vit", "torchvision/vit_*", "timm/vit_*", "timm/test_vit"),
    formula=r"z_0 = [\,x_{cls};\, x_1 E;\, \dots;\, x_N E\,] + E_{pos}",
    strengths=(
        "Scales well with data and size, sees the whole image in every layer, and shares its tools "
        "with language models."
    ),
    weaknesses=(
        "Cost grows quadratically with patches, and without large data or strong augmentation it "
        "learns worse than a CNN."
    ),
)


class PatchEmbedding(nn.Module):
    """Each patch of the image becomes one token.

    Shape: (B, channels, H, W) -> (B, N, D) with N = (H / patch_size) (W / patch_size)
    """

    def __init__(
        self, image_size: int, patch_size: int, width: int, channels: int, stem: str
    ) -> None:
        super().__init__()
        self.image_size = image_size
        if stem == "convolutions":
            self.projection = convolutional_stem(patch_size, width, channels)
        else:
            # A convolution that steps by its own size is one dense layer, shared by all patches.
            self.projection = nn.Conv2d(channels, width, kernel_size=patch_size, stride=patch_size)

    def forward(self, images: Tensor) -> Tensor:
        """Return the tokens, row by row of the image."""
        height, width = images.shape[-2:]
        if (height, width) != (self.image_size, self.image_size):
            raise BuildError(
                f"This network has one position for each patch of a {self.image_size} × "
                f"{self.image_size} image, so it cannot take {height} × {width}: "
                "resize the image, or build the network with another image_size."
            )
        return self.projection(images).flatten(2).transpose(1, 2)  # (B, D, h, w) -> (B, N, D)


def convolutional_stem(patch_size: int, width: int, channels: int) -> nn.Sequential:
    """Return convolutions that halve the sides until one token stands for a patch.

    It learns faster than one large step, for neighbouring patches share their edges.

    Shape: (B, channels, H, W) -> (B, width, H / patch_size, W / patch_size)

    Source: Xiao, Singh, Mintun, Darrell, Dollár, Girshick, "Early Convolutions Help Transformers
        See Better", 2021, arXiv 2106.14881.
    """
    halvings = patch_size.bit_length() - 1  # 4 for 16
    layers: list[nn.Module] = []
    for left in reversed(range(halvings)):
        wider = max(1, width >> left)  # twice as wide at each step: 96, 192, 384, 768
        convolution = nn.Conv2d(channels, wider, kernel_size=3, stride=2, padding=1, bias=False)
        layers += [convolution, nn.BatchNorm2d(wider), nn.ReLU()]
        channels = wider
    return nn.Sequential(*layers, nn.Conv2d(channels, width, kernel_size=1))


class MultiHeadAttention(nn.Module):
    """Every token gathers from all tokens, in several heads that each look for something else.

    Shape: (B, N, D) -> (B, N, D)
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.projection = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Return, for each token, the values of the tokens whose keys fit its query."""
        qkv = self.qkv(x).unflatten(-1, (3, self.heads, -1))  # (B, N, 3, heads, D/heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # three times (B, heads, N, D/heads)
        # softmax(query @ key.T / sqrt(D/heads)) @ value, without keeping the N x N weights
        gathered = F.scaled_dot_product_attention(query, key, value)  # (B, heads, N, D/heads)
        return self.projection(gathered.transpose(1, 2).flatten(2))  # (B, N, D)


class EncoderBlock(nn.Module):
    """Attention lets the tokens talk with each other; the MLP then thinks about each alone.

    Shape: (B, N, D) -> (B, N, D)
    """

    def __init__(self, width: int, heads: int, mlp_ratio: float, norm: str, dropout: float) -> None:
        super().__init__()
        hidden = int(width * mlp_ratio)
        self.pre_norm = norm == "pre"
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attention = MultiHeadAttention(width, heads)
        self.dropout = nn.Dropout(dropout)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = nn.Sequential(
            nn.Linear(width, hidden),  # (B, N, 4 D)
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, width),  # (B, N, D)
            nn.Dropout(dropout),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the tokens with what attention and MLP add to them."""
        if self.pre_norm:
            # The sum is never normalised: a straight road for the gradient, easy to train deep.
            x = x + self.dropout(self.attention(self.norm1(x)))
            return x + self.mlp(self.norm2(x))
        # As in the first Transformer of 2017, which needs a warm-up of the learning rate.
        x = self.norm1(x + self.dropout(self.attention(x)))
        return self.norm2(x + self.mlp(x))


class VisionTransformer(nn.Module):
    """Patches, a class token in front, positions, encoder blocks; the class token decides.

    Shape: (B, channels, H, W) -> (B, classes); the comments follow ViT-B/16 at 224 x 224.
    """

    def __init__(
        self,
        patch_size: int,
        width: int,
        depth: int,
        heads: int,
        mlp_ratio: float,
        norm: str,
        dropout: float,
        classes: int,
        channels: int,
        image_size: int,
        stem: str,
    ) -> None:
        super().__init__()
        self.num_prefix_tokens = 1  # the class token, which has no place in the image
        patches = (image_size // patch_size) ** 2  # 196
        self.class_token = nn.Parameter(torch.empty(1, 1, width))
        self.position_embedding = nn.Parameter(torch.empty(1, 1 + patches, width))
        self.patch_embedding = PatchEmbedding(image_size, patch_size, width, channels, stem)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.Sequential(
            *[EncoderBlock(width, heads, mlp_ratio, norm, dropout) for _ in range(depth)]
        )
        # A post-norm block already ends with one.
        self.norm = nn.LayerNorm(width, eps=1e-6) if norm == "pre" else nn.Identity()
        self.head = nn.Linear(width, classes)
        for name, parameter in self.named_parameters():
            if parameter.dim() > 1:
                nn.init.trunc_normal_(parameter, std=0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, images: Tensor) -> Tensor:
        """Return one score a class."""
        patches = self.patch_embedding(images)  # (B, 196, 768)
        class_tokens = self.class_token.expand(len(images), -1, -1)  # (B, 1, 768)
        # Attention alone does not know where a token lies: its position is added to it.
        tokens = torch.cat([class_tokens, patches], dim=1) + self.position_embedding
        tokens = self.norm(self.blocks(self.dropout(tokens)))  # (B, 197, 768)
        return self.head(tokens[:, 0])  # (B, classes)


@BUILDERS.register("vit")
def vit(
    *,
    patch_size: Annotated[int, Range(1, 64, unit="pixels")] = 16,
    width: Annotated[int, Range(16, 2048, step=16, unit="features")] = 768,
    depth: Annotated[int, Range(1, 48, unit="blocks")] = 12,
    heads: Annotated[int, Range(1, 64)] = 12,
    mlp_ratio: Annotated[float, Range(0.5, 8.0, step=0.5)] = 4.0,
    norm: Literal["pre", "post"] = "pre",
    stem: Literal["patches", "convolutions"] = "patches",
    dropout: Annotated[float, Range(0.0, 0.9, step=0.05)] = 0.0,
    classes: Annotated[int, Range(1, 10_000)] = 1000,
    channels: Annotated[int, Range(1, 16)] = 3,
    image_size: Annotated[int, Range(8, 1024, unit="pixels")] = 224,
) -> VisionTransformer:
    """A plain transformer over image patches: no convolution, no pooling, attention everywhere.

    Options:
        patch_size: pixels a side of the patch that becomes one token
        width: features of a token, D
        depth: encoder blocks, one behind the other
        heads: attention maps a block; each works on width / heads features
        mlp_ratio: how many times wider than a token the MLP's hidden layer is
        norm: whether tokens are normalised before attention and MLP, or after the sum
        stem: whether one dense layer makes a patch a token, or a few small convolutions do
        dropout: share of the features that each training step switches off
        classes: number of outputs
        channels: colour channels of the image, 1 for grey and 3 for colour
        image_size: pixels a side; the network has one learned position a patch

    Source: Dosovitskiy, Beyer, Kolesnikov, Weissenborn, Zhai, and others, "An Image is Worth 16x16
        Words: Transformers for Image Recognition at Scale", 2020, arXiv 2010.11929.
    """
    if image_size % patch_size:
        larger = (image_size // patch_size + 1) * patch_size
        raise BuildError(
            f"Patch size {patch_size} does not divide image size {image_size}; "
            f"{divisors_near(patch_size, image_size)} would, and image size {larger} would fit."
        )
    if width % heads:
        raise BuildError(
            f"Width {width} is not a multiple of {heads} heads; "
            f"it is a multiple of {divisors_near(heads, width)}."
        )
    if stem == "convolutions":
        must_halve(patch_size)
    size = (patch_size, width, depth, heads, mlp_ratio)
    return VisionTransformer(*size, norm, dropout, classes, channels, image_size, stem)


def must_halve(patch_size: int) -> None:
    """Refuse patches that a stem of convolutions cannot make.

    Raises:
        BuildError: halving never leads to a patch of this size.
    """
    if patch_size.bit_count() != 1:
        raise BuildError(
            f"A stem of convolutions halves the image again and again, so patch size {patch_size} "
            "does not go with it; 4, 8 and 16 do."
        )


def divisors_near(wanted: int, whole: int) -> str:
    """Return the divisors of ``whole`` next to ``wanted``, below and above, of at most 64."""
    fit = [number for number in range(1, 65) if whole % number == 0]
    below = [number for number in fit if number < wanted][-1:]
    above = [number for number in fit if number > wanted][:1]
    return " and ".join(map(str, below + above))
