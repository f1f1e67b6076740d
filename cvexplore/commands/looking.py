"""What commands that look at a picture share: the picture, the weights, the wait for them."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cvexplore.errors import ImageError

if TYPE_CHECKING:
    from PIL.Image import Image


def takes_picture(parser: argparse.ArgumentParser) -> None:
    """Let a command take an IMAGE, and the weights that look at it."""
    parser.add_argument("image", help="a file, or the name of a sample photo such as coffee")
    parser.add_argument(
        "--weights", default="random", help="random, bundled, pretrained, run:ID or a file"
    )


def read_picture(path: str) -> "Image":
    """Return the picture of a file, or the sample photo of that name.

    Raises:
        ImageError: there is none, or it cannot be read.
    """
    from cvexplore import images

    if path in images.SAMPLES:
        return images.sample_image(path)
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ImageError(f"{path} cannot be read: {error.strerror}.") from None
    return images.load_image(data)


def show_download(done: int, whole: int) -> None:
    """Print how much of a download is done."""
    share = f"{done / whole:4.0%}" if whole else ""
    end = "\n" if done == whole else "\r"
    print(f"downloading {done / 1e6:,.1f} MB {share}", end=end, file=sys.stderr)
