"""MAE: hide most of a picture and learn to draw it from the rest."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Protocol, cast

import torch
from torch import Tensor, nn

from cvexplore import catalog
from cvexplore.plugins import Choice, Range
from cvexplore.training import masking
from cvexplore.training.approaches import APPROACHES, Batch, cannot_classify
from cvexplore.training.cards import Card
from cvexplore.training.config import RunConfig
from cvexplore.training.datasets import Dataset
from cvexplore.training.masking import Mask
from cvexplore.training.precision import computing_in
from cvexplore.training.self_supervised import SelfSupervised
from cvexplore.training.starting import network_options

_NETWORK = "cvexplore/vit"
_HEAD_WIDTH = 16  # numbers a head of the decoder works on
_GREY = 0.5  # of what is hidden, when it is shown to a person


class _Transformer(Protocol):
    """What is used of a transformer over patches."""

    class_token: Tensor
    position_embedding: Tensor
    patch_embedding: nn.Module
    dropout: nn.Module
    blocks: nn.Module
    norm: nn.Module


@dataclass(frozen=True, kw_only=True)
class Masked(Batch):
    """Pictures, and which of their patches are hidden."""

    mask: Mask


@dataclass(frozen=True)
class Reconstruction:
    """What a network drew of what it did not see, on a scale of 0 to 1.

    Args:
        masked: the pictures, grey where they were hidden. Shape: (B, C, H, W)
        drawn: the pictures, with what the network drew where they were hidden. Shape: the same
        hidden: where they were hidden. Shape: (B, 1, H, W), bool
        error: mean squared error of the hidden pixels, of each picture. Shape: (B,)
    """

    masked: Tensor
    drawn: Tensor
    hidden: Tensor
    error: Tensor


@APPROACHES.register("mae")
class MAE(SelfSupervised):
    """Hide most patches of a picture from a transformer, and let it draw them from the others.

    The encoder reads the visible patches alone, which makes it quick. A small decoder gets what it
    made of them, with the same blank token in each hidden place, and draws all patches. The loss is
    the mean squared error of the hidden ones.

    Options:
        ratio: share of the patches that are hidden
        decoder_width: features of a token in the decoder, a multiple of 16
        decoder_depth: blocks of the decoder
        normalised: whether each patch is drawn without its own brightness and contrast

    Source: He, Chen, Xie, Li, Dollár, Girshick, "Masked Autoencoders Are Scalable Vision Learners",
    2021, arXiv 2111.06377.
    """

    card = Card(
        title="MAE",
        family="Self-supervised",
        year=2021,
        idea="Hide three quarters of a picture and let a transformer draw what is hidden. To draw "
        "it, the network must know what such pictures show.",
        formula=r"L = \frac{1}{|M|} \sum_{i \in M} \lVert \hat{x}_i - x_i \rVert^2 / D",
        source="He, Chen, Xie, Li, Dollár, Girshick, Masked Autoencoders Are Scalable Vision "
        "Learners, 2021, arXiv 2111.06377",
        data="many pictures without labels; no augmentation is needed",
        annotation="none",
        helps="before a transformer learns from few labels: from random weights it does so badly",
        fails="drawing pixels is not naming things: asked by a linear map, its features say less "
        "than those of a contrastive approach; and with ten labels a class a small CNN that saw "
        "nothing else is still better than the transformer",
        applications="satellite pictures, medical scans, video: a first school for transformers",
    )
    shows = ("reconstruction", "embedding")
    standard: ClassVar[Mapping[str, Any]] = {
        "architecture": _NETWORK,
        "options": {"patch_size": 4, "width": 64, "depth": 4, "heads": 4},
        "schedule": Choice("cosine", {"warm_up": 0.1}),
        "weight_decay": 0.05,
        "batch_size": 128,
        "epochs": 25,
        "labels": 10,
        "every": 5,
    }

    def __init__(
        self,
        config: RunConfig,
        dataset: Dataset,
        *,
        ratio: Annotated[float, Range(0.05, 0.95, step=0.05)] = 0.75,
        decoder_width: Annotated[int, Range(16, 512, step=16, unit="features")] = 48,
        decoder_depth: Annotated[int, Range(1, 8, unit="blocks")] = 2,
        normalised: bool = False,
    ) -> None:
        super().__init__(config, dataset)
        self.ratio, self.normalised = ratio, normalised
        network = self._transformer
        self._patch_size = _patch_size(config, dataset)
        count, width = network.position_embedding.shape[1] - 1, network.class_token.shape[2]
        self.patch_count = count
        numbers = self.example().shape[1] * self._patch_size**2
        self.into_decoder = nn.Linear(width, decoder_width)
        self.blank = nn.Parameter(torch.randn(decoder_width) * 0.02)
        self.positions = nn.Parameter(torch.randn(1, 1 + count, decoder_width) * 0.02)
        self.decoder = nn.Sequential(
            *[_block(decoder_width) for _ in range(decoder_depth)], nn.LayerNorm(decoder_width)
        )
        self.pixels = nn.Linear(decoder_width, numbers)

    @staticmethod
    def not_applicable(config: RunConfig, dataset: Dataset) -> str | None:
        """Return why no patches can be left out of this network, or None if they can."""
        if reason := cannot_classify(config, dataset):
            return reason
        if config.architecture != _NETWORK:
            return (
                "Patches can only be left out where each is a token of its own: choose "
                f"{_NETWORK}, for {config.architecture} reads the picture in another way."
            )
        if network_options(config, dataset).get("stem", "patches") != "patches":
            return (
                "A stem of convolutions lets each token see its neighbours' patches, so hidden "
                "ones would not be hidden: choose the stem patches."
            )
        width = config.approach.options.get("decoder_width", _HEAD_WIDTH)
        if width % _HEAD_WIDTH:
            return f"The decoder's width has to be a multiple of {_HEAD_WIDTH}, one head's share."
        if _patch_size(config, dataset) == dataset.image_size:
            return "The whole picture is one patch, so none is left to draw it from."
        return None

    @property
    def _transformer(self) -> _Transformer:
        return cast(_Transformer, self.network)

    # ------------------------------------------------------------------ encoder and decoder

    def encode(self, images: Tensor, mask: Mask) -> Tensor:
        """Return what the network makes of the visible patches, the class token first.

        Shape: (B, C, H, W) -> (B, 1 + V, D)
        """
        network = self._transformer
        first, places = network.position_embedding.split([1, self.patch_count], dim=1)
        seen = mask.seen(network.patch_embedding(images) + places)
        front = (network.class_token + first).expand(len(images), -1, -1)
        tokens = torch.cat([front, seen], dim=1)
        return network.norm(network.blocks(network.dropout(tokens)))

    def decode(self, tokens: Tensor, mask: Mask) -> Tensor:
        """Return all patches as the decoder draws them. Shape: (B, 1 + V, D) -> (B, N, pixels)"""
        front, seen = self.into_decoder(tokens).split([1, tokens.shape[1] - 1], dim=1)
        whole = torch.cat([front, mask.filled(seen, self.blank)], dim=1) + self.positions
        return self.pixels(self.decoder(whole)[:, 1:])

    def _draw(self, images: Tensor, mask: Mask) -> Tensor:
        with self._computing(images):
            return self.decode(self.encode(images, mask), mask).float()

    def _computing(self, images: Tensor) -> contextlib.AbstractContextManager[Any]:
        return computing_in(self._precision, str(images.device))

    # ------------------------------------------------------------------ learning

    def batches(self, order: Tensor, size: int, first: int = 0) -> Iterator[Masked]:
        """Yield batches with a mask for each picture; when it is measured, always the same."""
        for number, batch in enumerate(super().batches(order, size, first), start=first):
            random = self.random(number, "mask")
            mask = masking.draw(len(batch.images), self.patch_count, self.ratio, random)
            yield Masked(batch.images, batch.labels, mask=mask)

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Return the mean squared error of the hidden patches."""
        assert isinstance(batch, Masked)
        wanted = masking.patches(batch.images, self._patch_size)
        if self.normalised:
            wanted = masking.standardised(wanted)
        drawn = self._draw(batch.images, batch.mask)
        return {"loss": masking.hidden_error(drawn, wanted, batch.mask.hidden)}

    def score(self, batch: Batch) -> dict[str, Tensor]:
        """Return the same, and the features of the whole pictures."""
        return {**self.loss(batch), "features": self.features(batch.images)}

    # ------------------------------------------------------------------ to look at

    @torch.no_grad()
    def reconstruct(
        self, images: Tensor, random: torch.Generator, ratio: float | None = None
    ) -> Reconstruction:
        """Hide patches of pictures on a scale of 0 to 1, and return what is drawn in their place.

        Where patches are drawn without brightness and contrast, those of the picture are lent.

        Args:
            images: of the data set's size and channels. Shape: (B, C, H, W)
            random: decides which patches are hidden.
            ratio: share of the patches that are hidden; by default the recipe's.
        """
        size = self._patch_size
        share = self.ratio if ratio is None else ratio
        mask = masking.draw(len(images), self.patch_count, share, random)
        inputs = self.prepared(images)
        drawn = self._draw(inputs, mask)
        if self.normalised:
            mean, spread = masking.level_and_contrast(masking.patches(inputs, size))
            drawn = drawn * spread + mean
        whole = masking.pictures(drawn, size, inputs.shape[1])
        whole = self.pictured(whole).clamp(0, 1)
        spots = mask.hidden[:, :, None].expand(-1, -1, size**2)
        hidden = masking.pictures(spots, size, 1)
        shown = torch.where(hidden, whole, images)
        error = (shown - images).square().sum((1, 2, 3)) / hidden.sum((1, 2, 3)) / images.shape[1]
        return Reconstruction(images.masked_fill(hidden, _GREY), shown, hidden, error)


def _patch_size(config: RunConfig, dataset: Dataset) -> int:
    standard = {option.name: option.default for option in catalog.options(config.architecture)}
    return (standard | network_options(config, dataset))["patch_size"]


def _block(width: int) -> nn.Module:
    return nn.TransformerEncoderLayer(
        *(width, width // _HEAD_WIDTH, 4 * width),
        dropout=0.0,
        activation="gelu",
        batch_first=True,
        norm_first=True,
    )
