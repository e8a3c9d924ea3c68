import io
import zlib

import numpy as np
import pytest
from PIL import Image

from kilter.data.pictures import LARGEST_SIDE, decode_picture
from kilter.values.errors import Fault

GREY = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20
COLOURS = np.stack([GREY, GREY[::-1], 255 - GREY], axis=2)


def saved(image, ending="PNG", **how):
    stream = io.BytesIO()
    image.save(stream, ending, **how)
    return stream.getvalue()


def decoded(image, ending="PNG", **how):
    picture = decode_picture(saved(image, ending, **how), where="a")
    assert not isinstance(picture, Fault), picture
    return picture


@pytest.mark.parametrize("pixels", [GREY, COLOURS])
def test_eight_bits_come_as_they_are(pixels):
    picture = decoded(Image.fromarray(pixels))
    np.testing.assert_array_equal(picture.pixels, pixels)
    assert picture.pixels.dtype == np.uint8
    assert picture.changes == ()


def test_transparency_is_laid_over_white():
    alpha = np.zeros((3, 4), dtype=np.uint8)
    alpha[0] = 255
    picture = decoded(Image.fromarray(np.dstack([COLOURS, alpha])))
    np.testing.assert_array_equal(picture.pixels[0], COLOURS[0])
    assert (picture.pixels[1:] == 255).all()
    assert picture.changes == ("were transparent, and were laid over white",)
    grey = decoded(Image.fromarray(np.dstack([GREY, alpha]), mode=None))
    assert grey.pixels.shape == (3, 4)


def test_a_palette_is_written_out():
    image = Image.fromarray(COLOURS).quantize(64)
    picture = decoded(image)
    np.testing.assert_array_equal(picture.pixels, np.asarray(image.convert("RGB")))
    assert "palette" in picture.changes[0]


def test_print_colours_become_rgb():
    picture = decoded(Image.fromarray(COLOURS).convert("CMYK"), "TIFF")
    np.testing.assert_array_equal(picture.pixels, COLOURS)
    assert "CMYK" in picture.changes[0]


def test_sixteen_bits_are_cut_to_eight():
    deep = Image.fromarray((GREY.astype(np.uint16) << 8) + 7)
    picture = decoded(deep)
    np.testing.assert_array_equal(picture.pixels, GREY)
    assert picture.changes == ("had more than eight bits a channel, and were cut to eight",)


def test_fractions_are_shares():
    picture = decoded(Image.fromarray(np.array([[0, 0.5, 1, 7]], dtype=np.float32)), "TIFF")
    assert picture.pixels.tolist() == [[0, 128, 255, 255]]


def test_black_and_white_is_grey():
    picture = decoded(Image.fromarray(GREY > 100))
    assert set(picture.pixels.ravel().tolist()) == {0, 255}
    assert "black and white" in picture.changes[0]


def test_the_first_picture_of_an_animation():
    frames = [Image.fromarray(np.full((3, 4), level, dtype=np.uint8)) for level in (0, 255)]
    picture = decoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert (picture.pixels == 0).all()
    assert any("animated" in change for change in picture.changes)


def test_a_camera_turned_on_its_side():
    image = Image.fromarray(COLOURS)
    turned = image.getexif()
    turned[0x0112] = 6
    picture = decoded(image, exif=turned)
    np.testing.assert_array_equal(picture.pixels, np.rot90(COLOURS, -1))
    assert "upright" in picture.changes[0]


@pytest.mark.parametrize(
    ("data", "met"),
    [
        (b"", "is empty"),
        (b"not an image at all", "is no image, whatever its name says"),
        (
            saved(Image.fromarray(np.random.default_rng(0).integers(0, 255, (32, 32), dtype=np.uint8)))[:400],
            "is broken",
        ),
        (saved(Image.new("1", (LARGEST_SIDE + 1, 1))), "declares 1 × 8,193 pixels"),
    ],
)
def test_what_cannot_be_read_is_a_fault(data, met):
    fault = decode_picture(data, where="cats/1.png")
    assert isinstance(fault, Fault)
    assert fault.where == "cats/1.png"
    assert met in fault.met


def test_a_bomb_is_told_by_its_declared_size():
    """A PNG header that declares 100,000 × 100,000 pixels: refused before memory is asked for."""
    data = bytearray(saved(Image.new("L", (1, 1))))
    data[16:24] = (100_000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    fault = decode_picture(bytes(data), where="bomb.png")
    assert isinstance(fault, Fault)
    assert "could be decompression bomb" in fault.met
