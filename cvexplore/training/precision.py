"""Computing with numbers of half the size: twice as many go through a processor that has them."""

import contextlib
from contextlib import AbstractContextManager

import torch

from cvexplore.errors import OptionError

DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


def available(device: str) -> tuple[str, ...]:
    """Return the precisions that this device computes with and need not imitate."""
    if device.startswith("cuda"):
        return ("fp32", *(("bf16",) if torch.cuda.is_bf16_supported() else ()), "fp16")
    if device != "cpu":
        return ("fp32",)
    bf16 = ("bf16",) if torch.ops.mkldnn._is_mkldnn_bf16_supported() else ()
    fp16 = ("fp16",) if torch.ops.mkldnn._is_mkldnn_fp16_supported() else ()
    return ("fp32", *bf16, *fp16)


def check(precision: str, device: str) -> None:
    """Refuse a precision that would only be imitated, many times slower than fp32.

    Raises:
        OptionError: the device does not have it; the message says what it has.
    """
    have = available(device)
    if precision not in have:
        what = "processor" if device == "cpu" else f"device ({device})"
        raise OptionError(
            f"This {what} does not compute in {precision} and would be slower than in fp32: "
            f"choose precision {' or '.join(have)}."
        )


def computing_in(precision: str, device: str) -> AbstractContextManager[object]:
    """Return a context in which matrix products and convolutions use this precision."""
    if precision == "fp32":
        return contextlib.nullcontext()
    return torch.autocast(torch.device(device).type, DTYPES[precision])
