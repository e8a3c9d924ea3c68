"""Every way in which an entry of a zip archive can be broken is one that readers take for damage."""

import io
import zipfile

import pytest

from kilter.data.archives import read_arrays
from kilter.data.damage import DAMAGE
from kilter.data.image_files import read_image_zip
from kilter.values.errors import DataError

METHODS = {"stored": 0, "deflated": 8, "bzip2": 12, "lzma": 14}


def packed(entry, method):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr(entry, bytes(range(256)) * 40)
    return stream.getvalue()


def broken(entry, method):
    """The archive with one byte of its entry turned over, past the headers of every compression."""
    data = bytearray(packed(entry, method))
    start = 30 + len(entry)  # of the entry's data, after its local header
    data[start + 12] ^= 0xFF
    return bytes(data)


def unknown(entry):
    """The archive with a compression method that nobody has, in both of its headers."""
    data = bytearray(packed(entry, METHODS["deflated"]))
    data[8:10] = (99).to_bytes(2, "little")
    central = data.index(b"PK\x01\x02")
    data[central + 10 : central + 12] = (99).to_bytes(2, "little")
    return bytes(data)


def encrypted(entry):
    """The archive with an entry that says it needs a password."""
    data = bytearray(packed(entry, METHODS["deflated"]))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


BROKEN = [*(lambda entry, m=method: broken(entry, m) for method in METHODS.values()), unknown, encrypted]
NAMES = [*METHODS, "unknown", "encrypted"]


@pytest.mark.parametrize("make", BROKEN, ids=NAMES)
def test_it_is_what_python_raises(make):
    with zipfile.ZipFile(io.BytesIO(make("a.bin"))) as archive, pytest.raises(DAMAGE):
        archive.read("a.bin")


@pytest.mark.parametrize("make", BROKEN, ids=NAMES)
def test_readers_of_images_and_of_arrays_say_so_in_one_error(make):
    with pytest.raises(DataError, match=r"pictures\.zip"):
        read_image_zip(make("cats/one.png"), name="pictures.zip")
    with pytest.raises(DataError, match=r"table\.npz"):
        read_arrays(make("x.npy"), name="table.npz")
