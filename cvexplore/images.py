"""Images: hostile bytes to an RGB picture, sample photos, and a picture to what a network takes.

Everything that opens an image goes through ``load_image``. It reads the header first and refuses
what would not fit, lets only plain raster formats in, and gives back pixels and nothing else:
upright, opaque, eight bits a colour, without the place and time a camera wrote into the file.
"""

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cvexplore.errors import ImageError, UnknownName

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image
    from torch import Tensor

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF")
SUFFIXES = ("jpg", "jpeg", "png", "webp", "bmp", "tif", "tiff", "gif", "avif")
MOST_BYTES = 20 << 20
MOST_PIXELS = 40_000_000
MOST_SIDE = 4096

SAMPLES = (
    "coffee",
    "chelsea",
    "astronaut",
    "rocket",
    "motorcycle_left",
    "camera",
    "coins",
    "brick",
)


@dataclass(frozen=True)
class Preparation:
    """What is done to a picture before a network sees it.

    The short side is resized to ``image_size / crop`` pixels, the middle ``image_size`` square is
    cut out, colours become 0..1, and ``mean`` and ``std`` shift and scale each channel.
    """

    image_size: int = 224
    channels: int = 3
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)
    crop: float = 0.875
    interpolation: str = "bicubic"


def load_image(data: bytes) -> "Image":
    """Return the picture in these bytes as RGB, no side longer than 4,096 pixels.

    The first frame of an animation, the brightest and darkest pixel of a 16-bit image stretched to
    0..255, transparent pixels on white, turned upright as its EXIF says.

    Raises:
        ImageError: not an image we read, damaged, or too large; the message says which.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    if not data:
        raise ImageError("The file is empty.")
    if len(data) > MOST_BYTES:
        raise ImageError(f"The file is larger than {MOST_BYTES >> 20} MB.")
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
        if image.width * image.height > MOST_PIXELS:
            raise ImageError(
                f"The image has {image.width:,} × {image.height:,} pixels; "
                f"at most {MOST_PIXELS // 1_000_000} million are read."
            )
        mode = image.mode
        if image.format == "JPEG":
            image.draft("RGB", (MOST_SIDE, MOST_SIDE))  # decode a large photo at reduced size
        image.load()
        upright = ImageOps.exif_transpose(image)
    except ImageError:
        raise
    except Image.DecompressionBombError:  # Pillow's own limit, which lies above ours
        raise ImageError(
            f"The image has too many pixels; at most {MOST_PIXELS // 1_000_000} million are read."
        ) from None
    except UnidentifiedImageError:
        raise ImageError(f"This is not an image in a format we read ({_format_names()}).") from None
    except MemoryError:
        raise ImageError("The image needs more memory than there is.") from None
    except Exception:  # Pillow's decoders raise almost anything on damaged files
        raise ImageError("The image is damaged: it cannot be read to its end.") from None
    return _opaque_rgb(_eight_bits(upright, mode))


def _format_names() -> str:
    return ", ".join(FORMATS[:-1]) + f" or {FORMATS[-1]}"


def _eight_bits(image: "Image", mode: str) -> "Image":
    if not (mode.startswith("I") or mode == "F"):
        return image
    import numpy as np
    from PIL import Image

    values = np.asarray(image, np.float64)
    known = values[np.isfinite(values)]  # what is no number, or infinite, does not set the scale
    low, high = (known.min(), known.max()) if known.size else (0.0, 0.0)
    values = np.nan_to_num(values, nan=low, posinf=high, neginf=low)
    return Image.fromarray(((values - low) / max(high - low, 1e-9) * 255).astype(np.uint8))


def _opaque_rgb(image: "Image") -> "Image":
    from PIL import Image

    if "A" in image.getbands() or "transparency" in image.info:
        layered = image.convert("RGBA")
        white = Image.new("RGBA", layered.size, "white")
        image = Image.alpha_composite(white, layered)
    image = image.convert("RGB")
    image.thumbnail((MOST_SIDE, MOST_SIDE))
    image.info.clear()
    return image


def sample_image(name: str) -> "Image":
    """Return one of scikit-image's photos, named in ``SAMPLES``.

    Raises:
        UnknownName: no such photo.
    """
    if name not in SAMPLES:
        raise UnknownName("sample photo", name, SAMPLES)
    from pathlib import Path

    import skimage.data

    folder = Path(skimage.data.__file__).parent
    file = next(path for path in folder.iterdir() if path.stem == name)
    return load_image(file.read_bytes())


def from_array(pixels: "np.ndarray") -> "Image":
    """Return a data set's picture as RGB.

    Shape: (C, H, W) uint8, C being 1 or 3
    """
    from PIL import Image

    array = pixels.transpose(1, 2, 0)
    return Image.fromarray(array.squeeze(-1) if array.shape[-1] == 1 else array).convert("RGB")


def crop(image: "Image", preparation: Preparation) -> "Image":
    """Return the square of the picture that the network sees, before its values are scaled."""
    from PIL import Image

    wanted = preparation.image_size
    filters = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}
    how = filters.get(preparation.interpolation, Image.Resampling.BICUBIC)
    short = max(wanted, int(wanted / preparation.crop))
    most = 4 * min(image.size)  # of a strip only the middle is seen; all of it may be gigabytes
    strip = _middle(image, min(image.width, most), min(image.height, most))
    width, height = (side * short // min(strip.size) for side in strip.size)
    square = _middle(strip.resize((width, height), how), wanted, wanted)
    return square.convert("L" if preparation.channels == 1 else "RGB")


def _middle(image: "Image", width: int, height: int) -> "Image":
    left, top = round((image.width - width) / 2), round((image.height - height) / 2)
    return image.crop((left, top, left + width, top + height))


def prepare(image: "Image", preparation: Preparation) -> "Tensor":
    """Return the picture as a network takes it.

    Shape: an RGB picture -> (1, C, H, W), float32
    """
    import numpy as np
    import torch

    square = crop(image, preparation)
    pixels = torch.from_numpy(np.array(square, np.float32) / 255)  # (H, W) or (H, W, 3)
    pixels = pixels.reshape(*pixels.shape[:2], -1).permute(2, 0, 1)
    mean, std = torch.tensor(preparation.mean), torch.tensor(preparation.std)
    return ((pixels - mean[:, None, None]) / std[:, None, None])[None]


def thumbnail(name: str, side: int = 160) -> "Image":
    """Return a sample photo as a small square."""
    return crop(sample_image(name), Preparation(image_size=side, crop=1.0))
