"""One image file as pixels: eight bits a channel, grey or red-green-blue."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from kilter.values.errors import Fault

if TYPE_CHECKING:
    from numpy.typing import NDArray

LARGEST_SIDE: Final = 8192  # pixels; a larger image is refused before its pixels are unpacked
MOST_PIXELS: Final = 2**25  # 33 megapixels

CHANGES: Final = {
    "P": "had a palette, and were written out in colours",
    "PA": "had a palette, and were written out in colours",
    "CMYK": "were in print colours (CMYK), and were converted to RGB",
    "YCbCr": "were in YCbCr, and were converted to RGB",
    "LAB": "were in Lab colours, and were converted to RGB",
    "HSV": "were in HSV colours, and were converted to RGB",
    "1": "were black and white, and were read as grey",
}
"""What becomes of a file's colour mode (Pillow's names), for those that are neither grey nor RGB of eight bits."""

DEEP: Final = "had more than eight bits a channel, and were cut to eight"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Pixels (h, w) of a grey image or (h, w, 3) of a coloured one, uint8, and what was changed to get them."""

    pixels: NDArray[np.uint8]
    changes: tuple[str, ...]


def decode_picture(data: bytes, *, where: str) -> Picture | Fault:
    """The pixels of an image file, or what is wrong with it.

    Transparency is laid over white, sixteen bits are cut to eight, of an animation the first picture is taken, and
    the turn that a camera noted is made; all of it is said in `changes`.

    Args:
        data: the file.
        where: its name, for the fault.
    """
    from PIL import Image, UnidentifiedImageError

    if not data:
        return Fault(where=where, met="is empty (0 bytes)")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of metadata that nobody reads; pixels that cannot be read raise
        try:
            with Image.open(io.BytesIO(data)) as image:
                width, height = image.size
                if max(width, height) > LARGEST_SIDE or width * height > MOST_PIXELS:
                    return Fault(
                        where=where,
                        met=f"declares {height:,} × {width:,} pixels",
                        legal=f"at most {LARGEST_SIDE:,} a side and {MOST_PIXELS:,} in all",
                        remedy="make it smaller",
                    )
                deep = ";16" in str(image.tile)  # colours of 16 bits, which Pillow cuts to 8 as it loads them
                image.load()
                return _pixels(image, deep=deep)
        except UnidentifiedImageError:
            return Fault(where=where, met="is no image, whatever its name says")
        except Exception as error:  # noqa: BLE001 - decoders of a dozen formats raise whatever broken bytes make them
            return Fault(where=where, met=f"is broken: {str(error) or type(error).__name__}")


def _pixels(image: Any, *, deep: bool) -> Picture:
    from PIL import ImageOps

    changes: list[str] = [DEEP] if deep else []
    if getattr(image, "n_frames", 1) > 1:
        changes.append("are animated or have several pages; the first picture was taken")
        image.seek(0)
    if image.getexif().get(0x0112, 1) != 1:  # the tag Orientation
        changes.append("were turned upright as their camera noted")
        image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I") or image.mode == "F":
        return Picture(pixels=_eight_bits(image), changes=tuple(dict.fromkeys([*changes, DEEP])))
    transparent = image.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in image.info
    if image.mode in CHANGES:
        changes.append(CHANGES[image.mode])
    grey = image.mode in {"L", "LA", "La", "1"}
    if transparent:
        changes.append("were transparent, and were laid over white")
        image = _over_white(image.convert("RGBA"))
    pixels = np.asarray(image.convert("L" if grey else "RGB"), dtype=np.uint8)
    return Picture(pixels=pixels, changes=tuple(changes))


def _over_white(image: Any) -> Any:
    from PIL import Image

    white = Image.new("RGBA", image.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, image).convert("RGB")


def _eight_bits(image: Any) -> NDArray[np.uint8]:
    """Grey of 16 or 32 bits: the full range of its type is the full range of eight bits; fractions are 0 to 1."""
    raw: NDArray[Any] = np.asarray(image)
    if image.mode == "F":
        shares: NDArray[np.float64] = np.clip(np.nan_to_num(raw), 0, 1)
        return np.rint(shares * 255).astype(np.uint8)
    return np.asarray(np.clip(raw.astype(np.int64), 0, 2**16 - 1) >> 8, dtype=np.uint8)
