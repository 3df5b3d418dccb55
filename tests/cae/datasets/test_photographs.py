from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from cae.datasets.photographs import decode
from cae.datasets.source import Bad


def encode(picture: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("mode", "form"),
    [
        ("RGB", "JPEG"),
        ("L", "JPEG"),
        ("CMYK", "JPEG"),
        ("RGB", "PNG"),
        ("L", "PNG"),
        ("P", "PNG"),
        ("LA", "PNG"),
        ("RGBA", "PNG"),
        ("1", "PNG"),
        ("RGB", "WEBP"),
        ("RGBA", "WEBP"),
        ("RGB", "BMP"),
        ("P", "BMP"),
        ("RGB", "GIF"),
    ],
)
def test_every_kind_becomes_the_same_rgb(picture: Callable[..., Image.Image], mode: str, form: str) -> None:
    original = picture(3).convert(mode)
    image = decode(encode(original, form))
    assert isinstance(image, np.ndarray)
    assert image.shape == (48, 40, 3)
    assert image.dtype == np.uint8
    assert np.abs(image.astype(int) - np.asarray(original.convert("RGB"))).mean() < 8


def test_16_bit_grey_keeps_its_range() -> None:
    ramp = np.linspace(0, 65535, 32 * 32).reshape(32, 32).astype(np.uint16)
    image = decode(encode(Image.fromarray(ramp), "PNG"))
    assert isinstance(image, np.ndarray)
    assert np.array_equal(image, (ramp >> 8).astype(np.uint8)[..., None].repeat(3, 2))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparent_becomes_white(mode: str) -> None:
    clear = Image.new("RGBA", (20, 20), (0, 0, 0, 0)).convert(mode)
    options = {"transparency": clear.getpixel((0, 0))} if mode == "P" else {}
    assert np.all(np.asarray(decode(encode(clear, "PNG", **options))) == 255)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_exif_orientation_is_respected(picture: Callable[..., Image.Image], form: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright: turn by 90 degrees clockwise
    lying = picture(4, 60, 30)
    image = decode(encode(lying, form, exif=exif))
    assert isinstance(image, np.ndarray)
    assert image.shape == (60, 30, 3)
    upright = np.asarray(lying.transpose(Image.Transpose.ROTATE_270)).astype(int)
    assert np.abs(image - upright).mean() < 10


def test_content_decides_and_not_the_suffix(picture: Callable[..., Image.Image]) -> None:
    assert isinstance(decode(encode(picture(1), "TIFF")), np.ndarray)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "BMP"])
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.95])
def test_truncated_is_bad(picture: Callable[..., Image.Image], form: str, kept: float) -> None:
    data = encode(picture(5, 90, 100), form)
    assert isinstance(decode(data[: int(len(data) * kept)]), Bad)


def test_truncated_jpeg_with_a_whole_thumbnail_is_bad(picture: Callable[..., Image.Image]) -> None:
    thumbnail = encode(picture(6, 32, 32), "JPEG")
    data = encode(picture(6, 200, 200), "JPEG", comment=thumbnail)
    assert isinstance(decode(data), np.ndarray)
    assert decode(data[:-200]) == Bad("truncated: Premature end of JPEG file")


BIG = 300


@pytest.fixture
def jpeg(picture: Callable[..., Image.Image]) -> bytes:
    return encode(picture(8, BIG, BIG), "JPEG")


@pytest.mark.parametrize("behind", [b"\0" * 5000, b"a film: \xff\xda ...", b"\xff\xd8\xff\xda"])
def test_data_behind_a_jpeg_is_no_damage(jpeg: bytes, behind: bytes) -> None:
    assert np.array_equal(decode(jpeg + behind), decode(jpeg))


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
def test_an_end_marker_does_not_make_half_a_jpeg_whole(
    picture: Callable[..., Image.Image], kept: float, progressive
) -> None:
    data = encode(picture(8, BIG, BIG), "JPEG", progressive=progressive)
    found = decode(data[: int(kept * len(data))] + b"\xff\xd9")
    assert found == Bad("truncated: Corrupt JPEG data: premature end of data segment")


def test_bytes_lost_in_the_middle_are_damage(jpeg: bytes) -> None:
    middle = len(jpeg) // 2
    assert isinstance(decode(jpeg[:middle] + bytes(400) + jpeg[middle + 400 :]), Bad)


def test_a_scan_without_its_numbers_of_coefficients_is_no_damage(jpeg: bytes) -> None:
    """Some cameras write 0, 0 where 0, 63 belongs; libjpeg reads the same picture and warns."""
    place = jpeg.index(b"\xff\xda") + 2 + int.from_bytes(jpeg[jpeg.index(b"\xff\xda") + 2 :][:2], "big") - 3
    assert jpeg[place : place + 2] == b"\x00\x3f"
    assert np.array_equal(decode(jpeg[:place] + b"\0\0" + jpeg[place + 2 :]), decode(jpeg))


@pytest.mark.parametrize("mode", ["L", "CMYK", "RGB"])
def test_jpegs_of_all_colours_are_what_pillow_makes_of_them(picture: Callable[..., Image.Image], mode: str) -> None:
    made = picture(9, 60, 80).convert(mode)
    data = encode(made, "JPEG")
    with Image.open(io.BytesIO(data)) as theirs:
        expected = np.asarray(theirs.convert("RGB")).astype(int)
    assert np.abs(decode(data) - expected).max() <= 1


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "empty file"), (b"<html>404</html>", "not an image"), (b"\xff\xd8\xff\xd9", "not an image")],
)
def test_no_image(data: bytes, reason: str) -> None:
    assert decode(data) == Bad(reason)


@pytest.mark.parametrize(("width", "height", "usable"), [(15, 300, False), (300, 15, False), (16, 16, True)])
def test_tiny_is_bad(picture: Callable[..., Image.Image], width: int, height: int, usable: bool) -> None:
    result = decode(encode(picture(7, width, height), "PNG"))
    assert isinstance(result, np.ndarray) if usable else result == Bad(f"tiny: {width}x{height} pixels")


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_decompression_bomb_is_refused_unread(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(decode(encode(Image.new("L", (3000, 3000)), form)), np.ndarray)
    data = encode(Image.new("L", (8001, 10_000)), form)
    assert decode(data) == Bad("more than 80,000,000 pixels")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 4_000_000)  # where Pillow itself refuses
    assert isinstance(decode(data), Bad)
