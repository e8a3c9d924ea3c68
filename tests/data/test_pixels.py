import numpy as np
import pytest

from kilter.data.pixels import ImageColumn
from kilter.values.errors import DataError


@pytest.mark.parametrize("shape", [(50, 4, 5), (50, 4, 5, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_channels_become_standard_and_come_first(shape, dtype):
    raw = np.random.default_rng(0).integers(0, 256, shape).astype(dtype)
    column = ImageColumn.fit(raw, name="x")
    channels = shape[3] if len(shape) == 4 else 1
    assert column.shape == (channels, 4, 5)
    encoded = column.encode(raw)
    assert encoded.dtype == np.float32
    assert encoded.shape == (50, channels, 4, 5)
    reals = raw.reshape(50, 4, 5, channels).astype(np.float64).transpose(0, 3, 1, 2)
    means, deviations = (getattr(reals, name)(axis=(0, 2, 3), keepdims=True) for name in ("mean", "std"))
    np.testing.assert_allclose(encoded, (reals - means) / deviations, atol=1e-5)


def test_training_decides():
    column = ImageColumn.fit(np.full((2, 2, 2), 10, dtype=np.uint8), name="x")
    assert column.encode(np.full((1, 2, 2), 13, dtype=np.uint8)).tolist() == [[[[3, 3], [3, 3]]]]


def test_images_of_another_size_are_refused():
    column = ImageColumn.fit(np.zeros((2, 4, 5)), name="x")
    with pytest.raises(DataError, match="images 'x' are 5 × 4 × 1: training had 4 × 5 × 1"):
        column.encode(np.zeros((2, 5, 4)))


def test_broken_pixels_are_refused():
    images = np.zeros((4, 2, 2))
    images[2, 0, 1] = np.nan
    with pytest.raises(DataError, match=r"no finite numbers \(row 2, from 0\)"):
        ImageColumn.fit(images, name="x")
    column = ImageColumn.fit(images[:2], name="x")
    with pytest.raises(DataError, match="no finite numbers"):
        column.encode(images)
