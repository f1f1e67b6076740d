"""U-Net: down to see what is there, up again to see exactly where."""

from typing import Annotated

import torch
from torch import Tensor, nn

from cvexplore.architectures import BUILDERS, Card, Paper
from cvexplore.errors import BuildError
from cvexplore.plugins import Range

UNET = Card(
    name="U-Net",
    year=2015,
    kind="CNN",
    paper=Paper(
        "U-Net: Convolutional Networks for Biomedical Image Segmentation",
        "Ronneberger, Fischer, Brox",
        arxiv="1505.04597",
    ),
    idea=(
        "Shrink the image to see what is there, enlarge it again, and hand each size's maps "
        "across, so that edges stay sharp."
    ),
    builds_on=("FCN",),
    models=("cvexplore/unet",),
    formula=r"u_i = F_i([\mathrm{up}(u_{i+1}),\, d_i])",
    strengths="Learns sharp masks from some tens of pictures, and fits on small machines.",
    weaknesses=(
        "Keeps wide maps at full resolution, which takes memory, and sees only as far as its "
        "depth allows."
    ),
)


class DoubleConvolution(nn.Sequential):
    """Two 3×3 convolutions, each normalised and followed by a ReLU.

    Shape: (B, inputs, H, W) -> (B, outputs, H, W)
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
        )


class UNet(nn.Module):
    """A contracting path, an expanding path, and a bridge between them at every size.

    Shape: (B, channels, H, W) -> (B, classes + 1, H, W); the comments follow 32 pixels, width 16
    and depth 3.
    """

    def __init__(self, width: int, depth: int, classes: int, channels: int) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(depth + 1)]  # 16, 32, 64, 128
        inputs = [channels, *widths]
        self.down = nn.ModuleList(
            DoubleConvolution(inputs[level], widths[level]) for level in range(depth)
        )
        self.shrink = nn.MaxPool2d(2)
        self.bottom = DoubleConvolution(widths[-2], widths[-1])
        self.enlarge = nn.ModuleList(
            nn.ConvTranspose2d(widths[level + 1], widths[level], 2, stride=2)
            for level in reversed(range(depth))
        )
        self.up = nn.ModuleList(
            DoubleConvolution(2 * widths[level], widths[level]) for level in reversed(range(depth))
        )
        self.head = nn.Conv2d(width, classes + 1, 1)
        for module in self.modules():  # as the paper has it: a Gaussian of √(2 / inputs)
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.kaiming_normal_(module.weight)

    def forward(self, images: Tensor) -> Tensor:
        """Return one score for each class at each pixel; the first is that of the ground."""
        maps, bridges = images, []
        for block in self.down:
            maps = block(maps)  # (B, 16, 32, 32), (B, 32, 16, 16), (B, 64, 8, 8)
            bridges.append(maps)
            maps = self.shrink(maps)
        maps = self.bottom(maps)  # (B, 128, 4, 4)
        for enlarge, block in zip(self.enlarge, self.up, strict=True):
            maps = block(torch.cat([bridges.pop(), enlarge(maps)], dim=1))  # (B, 64, 8, 8), …
        return self.head(maps)


@BUILDERS.register("unet")
def unet(
    *,
    width: Annotated[int, Range(2, 128, unit="channels")] = 16,
    depth: Annotated[int, Range(1, 6)] = 3,
    classes: Annotated[int, Range(1, 10_000)] = 4,
    channels: Annotated[int, Range(1, 16)] = 3,
    image_size: Annotated[int, Range(8, 1024, unit="pixels")] = 32,
) -> UNet:
    """A small U-Net that says of each pixel what it shows.

    It differs from the paper in three ways that are usual today: convolutions are padded, so that
    the answer is as large as the image; they are normalised; and it is narrower.

    Options:
        width: channels at the image's own size; each halving of it doubles them
        depth: how often the image is halved, and doubled again
        classes: kinds of things a pixel can show. One more output means the ground
        channels: colour channels of the image, 1 for grey and 3 for colour
        image_size: pixels a side; it must be halved as often as the depth says

    Source: Ronneberger, Fischer, Brox, "U-Net: Convolutional Networks for Biomedical Image
        Segmentation", 2015, arXiv 1505.04597.
    """
    step = 2**depth
    if image_size % step:
        below = max(1, image_size // step) * step
        raise BuildError(
            f"An image of {image_size} pixels cannot be halved {depth} times; one of {below} or "
            f"{below + step} pixels can."
        )
    return UNet(width, depth, classes, channels)
