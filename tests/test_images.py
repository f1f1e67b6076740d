"""Hostile bytes become an upright RGB picture or one sentence; and what a network is fed."""

import io
import struct
import time
import warnings
import zlib
from typing import Any

import numpy as np
import pytest
import timm
import timm.data
import torch
from PIL import ExifTags, Image, ImageFile, PngImagePlugin, features

from cvexplore import images
from cvexplore.catalog import timm_models, torchvision_models
from cvexplore.errors import ImageError, UnknownName
from cvexplore.images import Preparation, crop, load_image, prepare, sample_image

# Four flat quarters, so that a lossy format keeps them: red, green / blue, yellow.
QUARTERS = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 0]]], np.uint8)
QUARTERS = QUARTERS.repeat(16, axis=0).repeat(24, axis=1)  # (32, 48, 3)
LOSSLESS: dict[str, dict] = {"PNG": {}, "WEBP": {"lossless": True}, "BMP": {}, "TIFF": {}}
LOSSY: dict[str, dict] = {"JPEG": {"quality": 95}, "AVIF": {"quality": 90}, "GIF": {}}
AVIF = pytest.mark.skipif(not features.check("avif"), reason="this Pillow has no AVIF")


def encoded(image: Image.Image, kind: str, **how: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **how)
    return buffer.getvalue()


def pixels(data: bytes) -> np.ndarray:
    """Return what is loaded, once it keeps the promise: RGB and nothing but pixels."""
    image = load_image(data)
    assert image.mode == "RGB"
    assert max(image.size) <= images.MOST_SIDE
    assert image.info == {}
    return np.asarray(image)


def assert_alike(found: np.ndarray, expected: np.ndarray) -> None:
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).mean() < 6


# --- Every format, every mode ---


@pytest.mark.parametrize("kind", LOSSLESS)
def test_a_lossless_format_keeps_every_pixel(kind: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    assert (pixels(encoded(Image.fromarray(noise), kind, **LOSSLESS[kind])) == noise).all()


@pytest.mark.parametrize("kind", ["JPEG", pytest.param("AVIF", marks=AVIF), "GIF", "MPO"])
def test_a_lossy_format_keeps_the_picture(kind: str) -> None:
    assert_alike(pixels(encoded(Image.fromarray(QUARTERS), kind, **LOSSY.get(kind, {}))), QUARTERS)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("CMYK", "JPEG"), ("CMYK", "TIFF"), ("YCbCr", "JPEG"), ("YCbCr", "TIFF"), ("P", "PNG")],
)
def test_every_way_to_store_colours_ends_in_the_same_colours(mode: str, kind: str) -> None:
    stored = Image.fromarray(QUARTERS).convert(mode)
    assert_alike(pixels(encoded(stored, kind)), QUARTERS)


def test_black_and_white_and_grey_become_rgb() -> None:
    one_bit = Image.fromarray(QUARTERS[..., 0]).convert("1")
    expected = QUARTERS[..., :1].repeat(3, axis=2)
    assert (pixels(encoded(one_bit, "PNG")) == expected).all()
    assert (pixels(encoded(Image.fromarray(QUARTERS[..., 0]), "TIFF")) == expected).all()


def test_colours_measured_by_the_eye_are_read() -> None:
    grey = Image.merge("LAB", [Image.new("L", (8, 8), value) for value in (128, 128, 128)])
    found = pixels(encoded(grey, "TIFF"))
    assert np.ptp(found.mean(axis=(0, 1))) < 4
    assert 100 < found.mean() < 140


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF", pytest.param("AVIF", marks=AVIF)])
def test_of_an_animation_the_first_frame_is_taken(kind: str) -> None:
    frames = [Image.fromarray(QUARTERS), Image.new("RGB", (48, 32), "white")]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    assert_alike(pixels(data), QUARTERS)


# --- More than eight bits ---

RAMP = np.arange(1000.0, 3000, 20).reshape(10, 10)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (RAMP.astype(np.uint16), "PNG"),
        (RAMP.astype(np.uint16), "TIFF"),
        (RAMP.astype(">u2"), "TIFF"),
        (RAMP.astype(np.int32) * 50_000 - 10**7, "TIFF"),
        (RAMP.astype(np.float32), "TIFF"),
        (-RAMP.astype(np.float32)[::-1, ::-1] * 1e35, "TIFF"),
    ],
    ids=["16-bit PNG", "16-bit TIFF", "big-endian", "32-bit", "float", "huge floats"],
)
def test_a_deep_image_is_stretched_to_all_levels(values: np.ndarray, kind: str) -> None:
    found = pixels(encoded(Image.fromarray(values), kind))
    expected = (RAMP - RAMP.min()) / np.ptp(RAMP) * 255
    assert (found[..., 0] == found[..., 1]).all()
    assert np.abs(found[..., 0] - expected).max() <= 1


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_does_not_dim_the_rest(odd: float) -> None:
    values = RAMP.astype(np.float32)
    values[5, 5] = odd
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = pixels(encoded(Image.fromarray(values), "TIFF"))[..., 0]
    assert found[0, 0] == 0
    assert found[-1, -1] == 255
    assert found[5, 5] == (255 if odd == np.inf else 0)


@pytest.mark.parametrize("value", [0.0, 7.5, np.nan])
def test_a_flat_deep_image_is_flat(value: float) -> None:
    assert np.ptp(pixels(encoded(Image.fromarray(np.full((4, 4), value, np.float32)), "TIFF"))) == 0


# --- Transparency lies on white ---


def see_through(mode: str) -> tuple[Image.Image, dict]:
    """Return a picture whose left half is black and whose right half lets everything through."""
    left = np.zeros((4, 8), bool)
    left[:, :4] = True
    alpha = Image.fromarray(np.where(left, 255, 0).astype(np.uint8))
    if mode == "P":
        palette = Image.fromarray(np.where(left, 1, 0).astype(np.uint8), "P")
        palette.putpalette([255, 0, 0, 0, 0, 0])
        return palette, {"transparency": 0}
    if mode in ("RGB", "L"):
        red = (255, 0, 0) if mode == "RGB" else 76
        image = Image.composite(Image.new(mode, (8, 4)), Image.new(mode, (8, 4), red), alpha)
        return image, {"transparency": red}
    image = Image.new(mode.removesuffix("A"), (8, 4)).convert(mode)
    image.putalpha(alpha)
    return image, {}


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "RGB", "L"])
def test_what_is_transparent_shows_white(mode: str) -> None:
    image, how = see_through(mode)
    found = pixels(encoded(image, "PNG", **how))
    assert (found[:, :4] == 0).all()
    assert (found[:, 4:] == 255).all()


def test_half_transparent_black_is_half_grey() -> None:
    found = pixels(encoded(Image.new("RGBA", (4, 4), (0, 0, 0, 102)), "PNG"))
    assert (found == 153).all()


# --- Upright, and without what else a camera writes ---

# What EXIF says: which side of the picture the file's first row is, and which its first column.
STORED = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.transpose(1, 0, 2),
    6: lambda upright: upright.transpose(1, 0, 2)[::-1],
    7: lambda upright: upright[::-1, ::-1].transpose(1, 0, 2),
    8: lambda upright: upright.transpose(1, 0, 2)[:, ::-1],
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", pytest.param("AVIF", marks=AVIF)])
@pytest.mark.parametrize("orientation", STORED)
def test_the_picture_ends_upright(orientation: int, kind: str) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](QUARTERS)))
    assert_alike(pixels(encoded(stored, kind, exif=exif)), QUARTERS)


def test_place_time_and_words_are_gone() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "SECRET camera"
    exif[ExifTags.Base.DateTime] = "2026:11:21 SECRET"
    exif[ExifTags.Base.Orientation] = 6
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSMapDatum] = "SECRET place"
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", "SECRET words")
    for kind, more in {"JPEG": {"comment": b"SECRET"}, "PNG": {"pnginfo": words}}.items():
        data = encoded(Image.fromarray(QUARTERS), kind, exif=exif, **more)
        assert b"SECRET" in data
        image = load_image(data)
        assert dict(image.getexif()) == {}
        for again in ("JPEG", "PNG", "TIFF"):
            assert b"SECRET" not in encoded(image, again)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("junk", [b"Exif\0\0junk", b"Exif\0\0II*\0\xff\xff\xff\xff", b"\0" * 9])
def test_broken_metadata_does_not_cost_the_picture(junk: bytes) -> None:
    assert_alike(pixels(encoded(Image.fromarray(QUARTERS), "JPEG", exif=junk)), QUARTERS)


# --- What is refused, and how ---


def test_nothing_is_no_image() -> None:
    with pytest.raises(ImageError, match="empty"):
        load_image(b"")


@pytest.mark.parametrize(
    "data",
    [
        b"just words in a file named .png",
        b"%PDF-1.7\n1 0 obj\n<<>>\nendobj",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage",
        b'<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/></svg>',
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"RIFF\0\0\0\0WEBP",
        *(encoded(Image.fromarray(QUARTERS), kind) for kind in ("PPM", "ICO", "EPS", "PCX", "PDF")),
    ],
    ids=lambda data: repr(bytes(data[:8])),
)
def test_what_is_not_a_picture_we_read_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(ImageError, match=r"not an image in a format we read \(JPEG, .* or AVIF\)"):
        load_image(data)


@pytest.mark.parametrize(
    "kind", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", pytest.param("AVIF", marks=AVIF)]
)
def test_half_a_file_is_damaged(kind: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(noise), kind)
    with pytest.raises(ImageError, match=r"damaged|not an image"):
        load_image(data[: len(data) // 2])


def test_a_file_of_many_bytes_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = encoded(Image.fromarray(QUARTERS), "PNG").ljust(images.MOST_BYTES, b"\0")
    assert_alike(pixels(whole), QUARTERS)
    monkeypatch.setattr(Image, "open", lambda *args, **kwargs: pytest.fail("opened"))
    with pytest.raises(ImageError, match="larger than 20 MB"):
        load_image(whole + b"\0")


def png_of(width: int, height: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(10_000_000), 9)
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    return start + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def bmp_of(width: int, height: int) -> bytes:
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + header


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [6_001, 10_000, 30_000])
@pytest.mark.parametrize("file_of", [png_of, bmp_of])
def test_a_bomb_is_refused_before_it_is_decoded(
    file_of: Any, side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = file_of(side, side)
    assert len(data) < 20_000
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("decoded"))
    start = time.process_time()
    with pytest.raises(ImageError, match="pixels; at most 36 million are read"):
        load_image(data)
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize("size", [(5000, 100), (100, 5000), (4097, 1), (1, 4097), (4096, 3)])
def test_a_long_side_is_shortened_in_proportion(size: tuple[int, int]) -> None:
    found = load_image(encoded(Image.new("RGB", size, "teal"), "PNG"))
    longest = max(size)
    assert max(found.size) == min(longest, 4096)
    assert min(found.size) == max(1, round(min(size) * min(longest, 4096) / longest))


# --- Sample photos and data sets ---


@pytest.mark.parametrize("name", images.SAMPLES)
def test_every_sample_photo_is_a_photo(name: str) -> None:
    photo = sample_image(name)
    assert min(photo.size) >= 200
    assert np.asarray(photo).std() > 20
    assert images.thumbnail(name, 40).size == (40, 40)


def test_a_wrong_photo_offers_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"sample photo named 'cofee'. Did you mean coffee\?"):
        sample_image("cofee")


@pytest.mark.parametrize("channels", [1, 3])
def test_a_data_sets_picture_keeps_its_pixels(channels: int) -> None:
    digits = np.random.default_rng(0).integers(0, 256, (channels, 9, 7), dtype=np.uint8)
    expected = np.broadcast_to(digits, (3, 9, 7)).transpose(1, 2, 0)
    assert (np.asarray(images.from_array(digits)) == expected).all()


# --- What a network is fed ---


def published_presets() -> dict[str, str]:
    """Return one model for each different way torchvision prepares a photo."""
    classifiers = [n for n in torchvision_models.names() if not n.startswith("quantized")]
    classifiers = [n for n in classifiers if torchvision_models.task(n) == "classification"]
    return {repr(torchvision_models._published(n).transforms()): n for n in classifiers}


@pytest.mark.parametrize("name", published_presets().values())
@pytest.mark.parametrize("photo", ["chelsea", "rocket"])
def test_a_photo_is_prepared_as_torchvision_prepares_it(name: str, photo: str) -> None:
    image = sample_image(photo)
    preset = torchvision_models._published(name).transforms()
    for turned in (image, image.rotate(90, expand=True), image.resize((50, 41))):
        assert torch.equal(prepare(turned, torchvision_models.preparation(name))[0], preset(turned))


@pytest.mark.parametrize(
    "name",
    ["tf_efficientnet_lite0", "resnet50", "vit_base_patch16_224", "convnext_tiny", "pit_b_224"],
)
def test_a_photo_is_prepared_as_timm_prepares_it(name: str) -> None:
    published: Any = timm.get_pretrained_cfg(name)
    config = timm.data.resolve_data_config({}, pretrained_cfg=published.to_dict())
    transform: Any = timm.data.create_transform(**config)
    image = sample_image("chelsea")
    assert torch.equal(prepare(image, timm_models.preparation(name))[0], transform(image))


def test_pixels_become_exact_shares_of_255() -> None:
    every_level = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    grey = Preparation(16, 1, mean=(0.0,), std=(1.0,), crop=1.0)
    found = prepare(images.from_array(every_level), grey)
    expected = torch.tensor([level / 255 for level in range(256)], dtype=torch.float64)
    assert found.shape == (1, 1, 16, 16)
    assert found.dtype == torch.float32
    assert torch.equal(found.flatten(), expected.float())


def test_each_channel_is_shifted_and_scaled_by_its_own_numbers() -> None:
    one_colour = Image.new("RGB", (5, 5), (0, 51, 255))
    found = prepare(one_colour, Preparation(5, 3, (0.5, 0.1, 0.0), (0.25, 0.5, 2.0), 1.0))
    assert found[0, :, 2, 2].tolist() == pytest.approx([-2.0, 0.2, 0.5])


def test_colours_become_grey_as_eyes_weigh_them() -> None:
    green, blue = (
        prepare(Image.new("RGB", (5, 5), colour), Preparation(5, 1, (0.0,), (1.0,), 1.0)).mean()
        for colour in ((0, 255, 0), (0, 0, 255))
    )
    assert green.item() == pytest.approx(0.587, abs=0.003)
    assert blue.item() == pytest.approx(0.114, abs=0.003)


@pytest.mark.parametrize("size", [(4096, 1), (1, 4096), (3, 5), (1, 1), (4096, 4096)])
@pytest.mark.parametrize("wanted", [8, 224])
def test_any_shape_of_picture_fills_the_square(size: tuple[int, int], wanted: int) -> None:
    start = time.process_time()
    assert crop(Image.new("RGB", size, "teal"), Preparation(wanted)).size == (wanted, wanted)
    assert time.process_time() - start < 1


def test_the_square_is_the_middle_of_a_strip() -> None:
    strip = np.zeros((10, 3000, 3), np.uint8)
    strip[:, 1495:1505] = 255
    square = np.asarray(crop(Image.fromarray(strip), Preparation(10, crop=1.0)))
    assert (square == 255).all()


def test_a_crop_of_one_loses_nothing_of_a_square() -> None:
    photo = np.asarray(sample_image("astronaut"))
    assert (np.asarray(crop(Image.fromarray(photo), Preparation(512, crop=1.0))) == photo).all()


# --- Where in the picture the square lies ---


def gradient(width: int, height: int) -> Image.Image:
    """Return a picture whose red tells the column and whose green tells the row."""
    column = np.linspace(0, 255, width)[None].repeat(height, axis=0)
    row = np.linspace(0, 255, height)[:, None].repeat(width, axis=1)
    return Image.fromarray(np.stack([column, row, 0 * row], axis=2).round().astype(np.uint8))


@pytest.mark.parametrize("size", [(640, 480), (300, 451), (100, 100), (3000, 40), (37, 600)])
@pytest.mark.parametrize("share", [0.875, 1.0, 0.5])
def test_the_box_is_where_the_pixels_of_the_crop_come_from(
    size: tuple[int, int], share: float
) -> None:
    image, preparation = gradient(*size), Preparation(64, crop=share)
    left, top, right, bottom = images.crop_box(image, preparation)
    assert 0 <= left < right <= size[0]
    assert 0 <= top < bottom <= size[1]
    seen = np.asarray(crop(image, preparation), float)
    columns = left + (np.arange(64) + 0.5) / 64 * (right - left) - 0.5
    rows = top + (np.arange(64) + 0.5) / 64 * (bottom - top) - 0.5
    inner = slice(4, -4)  # at the rim a filter has no neighbours on one side
    red, green = columns / (size[0] - 1) * 255, rows / (size[1] - 1) * 255
    assert np.abs(seen[:, inner, 0] - red[None, inner]).max() < 2.5
    assert np.abs(seen[inner, :, 1] - green[inner, None]).max() < 2.5


def test_all_of_a_square_picture_is_seen_when_nothing_is_cut_off() -> None:
    assert images.crop_box(gradient(90, 90), Preparation(32, crop=1.0)) == (0, 0, 90, 90)
