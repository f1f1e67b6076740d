"""DETR: object detection as a set of questions that a transformer answers, all at once."""

import math
from collections import OrderedDict
from typing import Annotated, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cvexplore.architectures import BUILDERS, Card, Paper
from cvexplore.architectures.frozen_batch_norm import FrozenBatchNorm
from cvexplore.architectures.resnet import ResNet
from cvexplore.errors import BuildError
from cvexplore.plugins import Range

DETR_CARD = Card(
    name="DETR",
    year=2020,
    kind="hybrid",
    paper=Paper(
        "End-to-End Object Detection with Transformers",
        "Carion, Massa, Synnaeve, Usunier, Kirillov, Zagoruyko",
        arxiv="2005.12872",
    ),
    idea="Let a fixed set of learned queries look at the image; each names one object and its box.",
    builds_on=("ResNet",),
    models=("cvexplore/detr",),
    formula=(
        r"\hat\sigma = \arg\min_\sigma\sum_{i=1}^{N}\mathcal{L}_{\mathrm{match}}(y_i,\hat y_{"
        r"\sigma(i)})"
    ),
    strengths=(
        "Finds objects in one pass without anchor boxes or removal of duplicates, so the whole "
        "detector trains end to end."
    ),
    weaknesses=(
        "Trains for hundreds of epochs, and finds small objects poorly because it sees a single "
        "coarse feature map."
    ),
)


class MultiHeadAttention(nn.Module):
    """Every query gathers from all keys' values, in several heads.

    Shape: query (B, Q, D), key and value (B, N, D) -> (B, Q, D)
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.projection = nn.Linear(width, width)

    def forward(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Return, for each query, the values whose keys fit it."""
        query = self.by_head(self.query(query))  # (B, heads, Q, D/heads)
        key = self.by_head(self.key(key))  # (B, heads, N, D/heads)
        value = self.by_head(self.value(value))  # (B, heads, N, D/heads)
        # softmax(query @ key.T / sqrt(D/heads)) @ value
        gathered = F.scaled_dot_product_attention(query, key, value)  # (B, heads, Q, D/heads)
        return self.projection(gathered.transpose(1, 2).flatten(2))  # (B, Q, D)

    def by_head(self, x: Tensor) -> Tensor:
        """Return the features dealt out to the heads."""
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)


def feed_forward(width: int, mlp_ratio: float, dropout: float) -> nn.Sequential:
    """Return the two dense layers that work on each token alone: (B, N, D) -> (B, N, D)."""
    hidden = int(mlp_ratio * width)
    return nn.Sequential(
        nn.Linear(width, hidden),  # (B, N, 2048)
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(hidden, width),  # (B, N, 256)
    )


class EncoderLayer(nn.Module):
    """The places of the image talk with each other: which of them are one object?

    Shape: (B, N, D) -> (B, N, D)
    """

    def __init__(self, width: int, heads: int, mlp_ratio: float, dropout: float) -> None:
        super().__init__()
        self.self_attention = MultiHeadAttention(width, heads)
        self.norm1 = nn.LayerNorm(width)
        self.feed_forward = feed_forward(width, mlp_ratio, dropout)
        self.norm2 = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, image: Tensor, positions: Tensor) -> Tensor:
        """Return the places with what they learned from each other."""
        # Where a place is helps to find it, but is no part of what it says: not in the value.
        place = image + positions
        image = self.norm1(image + self.dropout(self.self_attention(place, place, image)))
        return self.norm2(image + self.dropout(self.feed_forward(image)))


class DecoderLayer(nn.Module):
    """The objects talk with each other, so that no two are the same, then look at the image.

    Shape: objects (B, Q, D), image (B, N, D) -> (B, Q, D)
    """

    def __init__(self, width: int, heads: int, mlp_ratio: float, dropout: float) -> None:
        super().__init__()
        self.self_attention = MultiHeadAttention(width, heads)
        self.norm1 = nn.LayerNorm(width)
        self.cross_attention = MultiHeadAttention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.feed_forward = feed_forward(width, mlp_ratio, dropout)
        self.norm3 = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, objects: Tensor, image: Tensor, queries: Tensor, positions: Tensor) -> Tensor:
        """Return the objects with what they learned from each other and from the image."""
        asking = objects + queries
        objects = self.norm1(objects + self.dropout(self.self_attention(asking, asking, objects)))
        found = self.cross_attention(objects + queries, image + positions, image)
        objects = self.norm2(objects + self.dropout(found))
        return self.norm3(objects + self.dropout(self.feed_forward(objects)))


def sine_positions(height: int, width: int, features: int) -> Tensor:
    """Return each place's row and column as sines and cosines of many wavelengths.

    Shape: -> (N, D), N = height width, D = features; half of D tells the row, half the column
    """
    wavelengths = 10_000 ** (torch.arange(0, features // 2, 2) / (features // 2))  # (D/4,)

    def waves(side: int) -> Tensor:
        places = 2 * math.pi * torch.arange(1, side + 1) / side  # one turn over the whole side
        angles = places[:, None] / wavelengths  # (side, D/4)
        return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)  # (side, D/2)

    rows = waves(height)[:, None].expand(-1, width, -1)  # (H, W, D/2)
    columns = waves(width)[None, :].expand(height, -1, -1)  # (H, W, D/2)
    return torch.cat([rows, columns], dim=-1).flatten(0, 1)


class DetectionTransformer(nn.Module):
    """DETR's encoder, which relates the places, and decoder, which answers the queries.

    In training mode, the answer also holds under "auxiliary" what the decoder's earlier layers
    would have answered, for they are taught as well (section 3.2 of the paper).

    Shape: (B, D, H, W) -> logits (B, Q, classes + 1), the last for "no object", and boxes
        (B, Q, 4): centre x, centre y, width and height as shares of the image.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        encoder_layers: int,
        decoder_layers: int,
        queries: int,
        dropout: float,
        classes: int,
        mlp_ratio: float = 8.0,
    ) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.empty(queries, width))
        self.encoder = nn.ModuleList(
            EncoderLayer(width, heads, mlp_ratio, dropout) for _ in range(encoder_layers)
        )
        self.decoder = nn.ModuleList(
            DecoderLayer(width, heads, mlp_ratio, dropout) for _ in range(decoder_layers)
        )
        self.norm = nn.LayerNorm(width)
        self.class_head = nn.Linear(width, classes + 1)
        self.box_head = nn.Sequential(
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Linear(width, 4),
        )
        nn.init.normal_(self.queries)
        for parameter in [*self.encoder.parameters(), *self.decoder.parameters()]:
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)

    def forward(self, maps: Tensor) -> dict:
        """Return class scores and a box for each query; most queries answer "no object"."""
        features, height, width = maps.shape[1:]
        positions = sine_positions(height, width, features).to(maps)  # (N, D)
        image = maps.flatten(2).transpose(1, 2)  # (B, N, D)
        for layer in self.encoder:
            image = layer(image, positions)
        objects = torch.zeros_like(self.queries).expand(len(maps), -1, -1)  # (B, Q, D)
        earlier = []
        for layer in self.decoder:
            earlier.append(objects)
            objects = layer(objects, image, self.queries, positions)
        answer = self.answer(objects)
        if self.training:
            answer["auxiliary"] = [self.answer(each) for each in earlier[1:]]
        return answer

    def answer(self, objects: Tensor) -> dict:
        """Return what the queries say after a layer: a score a class, and a box."""
        objects = self.norm(objects)
        return {
            "logits": self.class_head(objects),  # (B, Q, classes + 1)
            "boxes": self.box_head(objects).sigmoid(),  # (B, Q, 4)
        }


class DETR(nn.Module):
    """A CNN makes maps, an encoder relates their places, a decoder answers the queries.

    Shape: (B, channels, H, W) -> logits (B, Q, classes + 1), the last for "no object", and boxes
        (B, Q, 4): centre x, centre y, width and height as shares of the image.
    """

    def __init__(
        self,
        resnet: ResNet,
        stages: int,
        width: int,
        heads: int,
        encoder_layers: int,
        decoder_layers: int,
        queries: int,
        dropout: float,
        classes: int,
        mlp_ratio: float,
    ) -> None:
        super().__init__()
        kept = resnet.stages[:stages]
        features = resnet.head.in_features // 2 ** (4 - stages)  # each stage doubles them
        self.backbone = nn.Sequential(OrderedDict(stem=resnet.stem, stages=kept))
        self.projection = nn.Conv2d(features, width, kernel_size=1)
        self.transformer = DetectionTransformer(
            width, heads, encoder_layers, decoder_layers, queries, dropout, classes, mlp_ratio
        )

    def forward(self, images: Tensor) -> dict:
        """Return class scores and a box for each query; most queries answer "no object"."""
        return self.transformer(self.projection(self.backbone(images)))  # of (B, D, H/32, W/32)


@BUILDERS.register("detr")
def detr(
    *,
    backbone_depth: Literal[18, 34, 50, 101, 152] = 50,
    width: Annotated[int, Range(16, 1024, step=16, unit="features")] = 256,
    heads: Annotated[int, Range(1, 64)] = 8,
    encoder_layers: Annotated[int, Range(0, 12)] = 6,
    decoder_layers: Annotated[int, Range(1, 12)] = 6,
    queries: Annotated[int, Range(1, 1000)] = 100,
    dropout: Annotated[float, Range(0.0, 0.9, step=0.05)] = 0.1,
    classes: Annotated[int, Range(1, 10_000)] = 91,
    channels: Annotated[int, Range(1, 16)] = 3,
    backbone_width: Annotated[int, Range(8, 256, step=8, unit="channels")] = 64,
    stages: Literal[1, 2, 3, 4] = 4,
    norm: Literal["frozen", "batch"] = "frozen",
    mlp_ratio: Annotated[float, Range(0.5, 16.0, step=0.5)] = 8.0,
) -> DETR:
    """A ResNet and a transformer that find all objects of an image at once, each with its box.

    Options:
        backbone_depth: layers of the ResNet that turns the image into maps
        width: features of a token, D
        heads: attention maps a layer; each works on width / heads features
        encoder_layers: layers in which the places of the image look at each other
        decoder_layers: layers in which the queries look at each other and at the image
        queries: how many objects an image can have at most
        dropout: share of the features that each training step switches off
        classes: kinds of object; COCO's numbers go to 90. One more output means "no object"
        channels: colour channels of the image, 1 for grey and 3 for colour
        backbone_width: channels of the ResNet's first stage; each later stage doubles them
        stages: stages of the ResNet; with 4 a token stands for 32 × 32 pixels, with 2 for 8 × 8
        norm: whether the ResNet's batch norms keep their numbers, as trained ones do, or learn them
        mlp_ratio: hidden features of the feed-forward layers, in widths

    Source: Carion, Massa, Synnaeve, Usunier, Kirillov, Zagoruyko, "End-to-End Object Detection with
        Transformers", 2020, arXiv 2005.12872.
    """
    if width % 4:
        step = math.lcm(4, heads)
        lower = max(width // step, 1) * step
        raise BuildError(
            f"Width {width} is not a multiple of 4, the sines and cosines of a row and a column; "
            f"{lower} and {lower + step} are."
        )
    if width % heads:
        fit = [number for number in range(1, 65) if width % number == 0]
        nearest = [n for n in fit if n < heads][-1:] + [n for n in fit if n > heads][:1]
        raise BuildError(
            f"Width {width} is not a multiple of {heads} heads; "
            f"it is a multiple of {' and '.join(map(str, nearest))}."
        )
    batch_norm = FrozenBatchNorm if norm == "frozen" else nn.BatchNorm2d
    resnet = ResNet(
        backbone_depth, backbone_width, True, classes=1, channels=channels, norm=batch_norm
    )
    return DETR(
        resnet,
        stages,
        width,
        heads,
        encoder_layers,
        decoder_layers,
        queries,
        dropout,
        classes,
        mlp_ratio,
    )
