"""Images as a network wants them: channels first, each of mean 0 and deviation 1 over the training set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

from kilter.data.faults import listed
from kilter.values.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS_AT_ONCE = 4096  # of conversions, so that a large set is never there twice in double precision


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ImageColumn:
    """The size of the images of one column, and the mean and deviation of each channel.

    Attributes:
        name: of the column.
        height: rows of pixels.
        width: pixels a row.
        means: a channel, in the units of the raw pixels.
        deviations: a channel, in the same units; 1 where a channel is constant.
    """

    name: str
    height: int
    width: int
    means: tuple[float, ...]
    deviations: tuple[float, ...]

    @staticmethod
    def fit(column: NDArray[Any], *, name: str) -> ImageColumn:
        """The normalisation of training images (n, h, w) or (n, h, w, c).

        Raises:
            DataError: pixels that are not-a-number or infinite.
        """
        images = _images(column, name)
        sums = np.zeros(images.shape[3])
        for start in range(0, len(images), ROWS_AT_ONCE):
            sums += images[start : start + ROWS_AT_ONCE].sum(axis=(0, 1, 2), dtype=np.float64)
        pixels = len(images) * images.shape[1] * images.shape[2]
        means = sums / pixels
        squares = np.zeros(images.shape[3])
        for start in range(0, len(images), ROWS_AT_ONCE):
            squares += ((images[start : start + ROWS_AT_ONCE] - means) ** 2).sum(axis=(0, 1, 2))
        deviations = np.sqrt(squares / pixels)
        return ImageColumn(
            name=name,
            height=images.shape[1],
            width=images.shape[2],
            means=tuple(means.tolist()),
            deviations=tuple(np.where(deviations > 0, deviations, 1.0).tolist()),
        )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width."""
        return len(self.means), self.height, self.width

    def encode(self, column: NDArray[Any]) -> NDArray[np.float32]:
        """Images (n, h, w) or (n, h, w, c) as (n, c, h, w) float32.

        Raises:
            DataError: they have another size than the training images, or pixels that are no finite numbers.
        """
        images = _images(column, self.name)
        channels, height, width = self.shape
        if images.shape[1:] != (height, width, channels):
            met = " × ".join(map(str, images.shape[1:]))
            raise DataError(
                f"images {self.name!r} are {met}",
                legal=f"training had {height} × {width} × {channels} (height, width, channels)",
                remedy="resize them before",
            )
        encoded = np.empty((len(images), *self.shape), dtype=np.float32)
        for channel, (mean, deviation) in enumerate(zip(self.means, self.deviations, strict=True)):
            encoded[:, channel] = images[..., channel]
            encoded[:, channel] -= np.float32(mean)
            encoded[:, channel] /= np.float32(deviation)
        return encoded


def _images(column: NDArray[Any], name: str) -> NDArray[Any]:
    """Images (n, h, w, c), whose pixels are finite."""
    images = column[..., np.newaxis] if column.ndim == 3 else column
    if images.dtype.kind == "f" and not np.isfinite(images).all():
        broken = np.flatnonzero(~np.isfinite(images).all(axis=(1, 2, 3)))
        raise DataError(
            f"images {name!r} have pixels that are no finite numbers (row {listed(broken.tolist())}, from 0)",
            legal="every pixel is a finite number",
            remedy="mend or drop these images",
        )
    return images
