"""Images: hostile bytes to an RGB picture, sample photos, and a picture to what a network takes.

Everything that opens an image goes through ``load_image``. It reads the header first and refuses
what would not fit, lets only plain raster formats in, and gives back pixels and nothing else:
upright, opaque, eight bits a colour, without the place and time a camera wrote into the file.
"""

import io
import time
from collections.abc import Iterator
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
MOST_PIXELS = 36_000_000  # decoded and converted within 500 MB, whatever the mode
MOST_PIXELS_OF = {"WEBP": 24_000_000, "AVIF": 24_000_000}  # their decoders hold several copies
MOST_SIDE = 4096
MOST_SECONDS = 1.5  # of a processor, for reading a file; an honest one takes less than one

Box = tuple[int, int, int, int]  # left, top, right, bottom

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
    from PIL import Image, UnidentifiedImageError

    if not data:
        raise ImageError("The file is empty.")
    if len(data) > MOST_BYTES:
        raise ImageError(f"The file is larger than {MOST_BYTES >> 20} MB.")
    try:
        image, orientation = _decoded(_Hurried(data))
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
    return _upright(image, orientation)


class _Hurried(io.BytesIO):
    """A file in memory that stops being read when its reader has been busy for too long.

    Pillow walks through the blocks of a file in Python: 20 MB of empty ones take it half a minute.
    """

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._end = time.thread_time() + MOST_SECONDS

    def read(self, size: int | None = -1, /) -> bytes:
        if time.thread_time() > self._end:
            raise ImageError("The file takes too long to read: it is damaged, or made to do so.")
        return super().read(size)


def _decoded(file: io.BytesIO) -> tuple["Image", int]:
    """Return the picture as RGB, no side too long, and how it is turned as EXIF counts it."""
    from PIL import ExifTags, Image

    image = Image.open(file, formats=FORMATS)
    most = MOST_PIXELS_OF.get(image.format or "", MOST_PIXELS)
    if image.width * image.height > most:
        raise ImageError(
            f"The image has {image.width:,} × {image.height:,} pixels; "
            f"at most {most // 1_000_000} million are read."
        )
    if image.format == "JPEG":
        image.draft("RGB", (MOST_SIDE, MOST_SIDE))  # decode a large photo at reduced size
        image.decodermaxblock = 256  # of endless progressive scans, few before the time is checked
    image.load()
    orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    image = _opaque_rgb(image)  # what was decoded can be forgotten before more is made of it
    image.thumbnail((MOST_SIDE, MOST_SIDE))
    image.info.clear()
    return image, orientation


def _format_names() -> str:
    return ", ".join(FORMATS[:-1]) + f" or {FORMATS[-1]}"


def _opaque_rgb(image: "Image") -> "Image":
    """Return any picture as RGB on white, converted strip by strip to save memory."""
    from PIL import Image

    is_deep = image.mode.startswith("I") or image.mode == "F"
    low, high = _span(image) if is_deep else (0.0, 0.0)
    whole = Image.new("RGB", image.size)
    for box in _strips(image):
        strip = _eight_bits(image.crop(box), low, high) if is_deep else image.crop(box)
        if "A" in strip.getbands() or "transparency" in strip.info:
            layered = strip.convert("RGBA")
            strip = Image.alpha_composite(Image.new("RGBA", strip.size, "white"), layered)
        whole.paste(strip.convert("RGB"), box)
    return whole


def _strips(image: "Image") -> Iterator[Box]:
    rows = max(1, 1_000_000 // image.width)
    for top in range(0, image.height, rows):
        yield (0, top, image.width, min(top + rows, image.height))


def _span(image: "Image") -> tuple[float, float]:
    """Return the least and the greatest value; what is no number, or infinite, does not count."""
    import numpy as np

    lows, highs = [], []
    for box in _strips(image):
        values = np.asarray(image.crop(box), np.float64)
        known = values[np.isfinite(values)]
        if known.size:
            lows.append(known.min())
            highs.append(known.max())
    return min(lows, default=0.0), max(highs, default=0.0)


def _eight_bits(image: "Image", low: float, high: float) -> "Image":
    import numpy as np
    from PIL import Image

    values = np.nan_to_num(np.asarray(image, np.float64), nan=low, posinf=high, neginf=low)
    return Image.fromarray(((values - low) / max(high - low, 1e-9) * 255).astype(np.uint8))


def _upright(image: "Image", orientation: int) -> "Image":
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return image.transpose(turns[orientation]) if orientation in turns else image


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


@dataclass(frozen=True)
class Cropping:
    """Which part of a picture is resized to what, and which square of that is cut out."""

    strip: Box
    resized: tuple[int, int]
    square: Box


def cropping(size: tuple[int, int], preparation: Preparation) -> Cropping:
    """Return how a picture of this width and height is cut."""
    wanted = preparation.image_size
    short = max(wanted, int(wanted / preparation.crop))
    most = 4 * min(size)  # of a strip only the middle is seen; all of it may be gigabytes
    kept = (min(size[0], most), min(size[1], most))
    resized = (kept[0] * short // min(kept), kept[1] * short // min(kept))
    return Cropping(_middle(size, kept), resized, _middle(resized, (wanted, wanted)))


def crop(image: "Image", preparation: Preparation) -> "Image":
    """Return the square of the picture that the network sees, before its values are scaled."""
    from PIL import Image

    filters = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}
    how = filters.get(preparation.interpolation, Image.Resampling.BICUBIC)
    cut = cropping(image.size, preparation)
    square = image.crop(cut.strip).resize(cut.resized, how).crop(cut.square)
    return square.convert("L" if preparation.channels == 1 else "RGB")


def crop_box(image: "Image", preparation: Preparation) -> tuple[float, float, float, float]:
    """Return where in the picture that square lies: left, top, right, bottom, in its pixels."""
    cut = cropping(image.size, preparation)
    left, top, right, bottom = cut.strip
    across = (right - left) / cut.resized[0]
    down = (bottom - top) / cut.resized[1]
    x0, y0, x1, y1 = cut.square
    return left + x0 * across, top + y0 * down, left + x1 * across, top + y1 * down


def _middle(size: tuple[int, int], wanted: tuple[int, int]) -> Box:
    left, top = (round((side - kept) / 2) for side, kept in zip(size, wanted, strict=True))
    return left, top, left + wanted[0], top + wanted[1]


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


def still_clip(image: "Tensor", frames: int) -> "Tensor":
    """Return an image as a clip in which nothing moves, for networks that take clips.

    Shape: (1, C, H, W) -> (1, C, frames, H, W)
    """
    return image.unsqueeze(2).expand(-1, -1, frames, -1, -1)


def thumbnail(name: str, side: int = 160) -> "Image":
    """Return a sample photo as a small square."""
    return crop(sample_image(name), Preparation(image_size=side, crop=1.0))
