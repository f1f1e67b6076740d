"""The modules of designs that torch does not have, in plain PyTorch: exported code repeats them."""

import torch
from torch import Tensor, nn

from cvexplore.architectures.swin import PatchMerging, ShiftedWindowAttention


def stochastic_depth(x: Tensor, rate: float, training: bool) -> Tensor:
    """In training, return zero for some images, so that they skip a layer by its shortcut.

    The other images grow to make up for it. Shape: (B, ...) -> (B, ...)
    """
    if not training or rate == 0:
        return x
    kept = x.new_empty(len(x), *[1] * (x.dim() - 1)).bernoulli_(1 - rate)  # 0 or 1 for each image
    return x * kept / (1 - rate)


class Residual(nn.Module):
    """The sum of what the branch F makes of x, and x itself: y = F(x) + x.

    Shape: (B, ...) -> what the branch returns
    """

    def __init__(
        self,
        branch: nn.Module,
        shortcut: nn.Module,
        scaled: int = 0,
        layer_scale: float = 1e-6,
        drop_rate: float = 0.0,
    ) -> None:
        super().__init__()
        # Each channel starts with next to no say, and learns how much it shall have.
        self.layer_scale = nn.Parameter(torch.full((scaled,), layer_scale)) if scaled else None
        self.branch = branch
        self.shortcut = shortcut
        self.drop_rate = drop_rate

    def forward(self, x: Tensor) -> Tensor:
        """Return F(x) + x."""
        y = self.branch(x)
        if self.layer_scale is not None:
            y = y * (self.layer_scale[:, None, None] if y.dim() == 4 else self.layer_scale)
        return stochastic_depth(y, self.drop_rate, self.training) + self.shortcut(x)


class Concatenation(nn.Module):
    """The input with what the branch makes of it behind it, on the axis of channels or features.

    Shape: (B, C, H, W) -> (B, C + new, H, W), and the like for tokens and features
    """

    def __init__(self, branch: nn.Module, axis: int) -> None:
        super().__init__()
        self.branch = branch
        self.axis = axis

    def forward(self, x: Tensor) -> Tensor:
        """Return x and F(x), side by side."""
        return torch.cat([x, self.branch(x)], dim=self.axis)


class MapsLayerNorm(nn.LayerNorm):
    """Normalise the channels of each place on its own, as a transformer does with each token.

    Shape: (B, C, H, W) -> (B, C, H, W)
    """

    def forward(self, input: Tensor) -> Tensor:
        """Return the maps, normalised; torch's layer norm works on the last axis only."""
        return super().forward(input.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class MLP(nn.Sequential):
    """Two dense layers that work on each token, or on each place of a map, alone.

    Shape: (B, N, D) -> (B, N, D), or (B, C, H, W) -> (B, C, H, W)
    """

    def __init__(self, width: int, hidden: int, activation: nn.Module, dropout: float) -> None:
        super().__init__(
            nn.Linear(width, hidden),
            activation,
            nn.Dropout(dropout),
            nn.Linear(hidden, width),
            nn.Dropout(dropout),
        )

    def forward(self, input: Tensor) -> Tensor:
        """Return each token, or each place, as the two layers see it."""
        if input.dim() == 4:
            return super().forward(input.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return super().forward(input)


class PatchEmbedding(nn.Module):
    """Each patch of the maps becomes one token; each token is told where it lies.

    Shape: (B, C, H, W) -> (B, N, D) with N = (H / patch_size) (W / patch_size) and, if there is a
        class token, one more in front
    """

    def __init__(
        self, channels: int, width: int, patch_size: int, places: int, class_token: bool = True
    ) -> None:
        super().__init__()
        self.class_token = nn.Parameter(torch.empty(1, 1, width)) if class_token else None
        self.positions = None
        if places:
            self.positions = nn.Parameter(torch.empty(1, places + class_token, width))
        self.projection = nn.Conv2d(channels, width, kernel_size=patch_size, stride=patch_size)
        for learned in self.parameters():
            if learned.dim() > 1:
                nn.init.trunc_normal_(learned, std=0.02)

    def forward(self, images: Tensor) -> Tensor:
        """Return the tokens, row by row of the image."""
        tokens = self.projection(images).flatten(2).transpose(1, 2)  # (B, D, h, w) -> (B, N, D)
        if self.class_token is not None:
            tokens = torch.cat([self.class_token.expand(len(images), -1, -1), tokens], dim=1)
        # Attention alone does not know where a token lies: its position is added to it.
        return tokens if self.positions is None else tokens + self.positions


class TokenPooling(nn.Module):
    """All tokens become one row of features: the first token's, or the mean of all.

    Shape: (B, N, D) -> (B, D)
    """

    def __init__(self, first: bool) -> None:
        super().__init__()
        self.first = first

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the first token, or the mean."""
        return tokens[:, 0] if self.first else tokens.mean(dim=1)


class WindowAttention(nn.Module):
    """Swin's attention within windows, on maps whose channels stand first.

    Shape: (B, C, H, W) -> (B, C, H, W)
    """

    def __init__(self, width: int, heads: int, window: int, shift: int) -> None:
        super().__init__()
        self.attention = ShiftedWindowAttention(width, heads, window, shift)
        nn.init.trunc_normal_(self.attention.position_bias, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        """Return, for each place, what it gathers from the places of its window."""
        return self.attention(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class MapsPatchMerging(nn.Module):
    """Swin's way to halve the sides: four neighbours become one place of twice the channels.

    Shape: (B, C, H, W) -> (B, 2 C, H/2, W/2)
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.merging = PatchMerging(width)

    def forward(self, x: Tensor) -> Tensor:
        """Return the smaller maps."""
        return self.merging(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
