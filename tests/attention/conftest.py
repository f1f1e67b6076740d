"""Networks whose attention is worth checking: theirs is far from uniform."""

import torch
from torch import nn

from cvexplore import catalog


def sharpened(name: str, **options: object) -> nn.Module:
    """Return a network of random weights whose dense layers are large enough to make choices."""
    torch.manual_seed(0)
    model = catalog.build(name, **options).eval().requires_grad_(False)
    with torch.no_grad():
        for path, parameter in model.named_parameters():
            if parameter.dim() == 2 and any(word in path for word in ("qkv", "in_proj", "query")):
                parameter.normal_(std=1.5 * parameter.shape[1] ** -0.5)
            elif "position_bias" in path or "relative_position_bias_table" in path:
                parameter.normal_()
    return model


def noise(*shape: int) -> torch.Tensor:
    """Return the same random image each time."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))
