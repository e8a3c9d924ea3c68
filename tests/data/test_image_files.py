import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from kilter.data import image_files
from kilter.data.image_files import has_images, read_image_folder, read_image_zip
from kilter.values.errors import DataError


def png(level, shape=(4, 5)):
    stream = io.BytesIO()
    Image.fromarray(np.full(shape, level, dtype=np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def packed(files, **flags):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name) if isinstance(name, str) else name
            entry.compress_type = flags.get("compress_type", zipfile.ZIP_DEFLATED)
            archive.writestr(entry, data)
    return stream.getvalue()


def refused(data, name="set.zip"):
    with pytest.raises(DataError) as caught:
        read_image_zip(data, name=name)
    return str(caught.value)


PETS = {"cats/1.png": png(1), "cats/2.png": png(2), "dogs/1.png": png(3)}


def test_class_folders_of_an_archive():
    images = read_image_zip(packed(PETS), name="set.zip")
    assert images.columns["image"].shape == (3, 4, 5)
    assert images.columns["image"][:, 0, 0].tolist() == [1, 2, 3]
    assert images.columns["label"].tolist() == ["cats", "cats", "dogs"]
    assert images.ids == ("set.zip:cats/1.png", "set.zip:cats/2.png", "set.zip:dogs/1.png")
    assert images.described == "images in 2 class folders: 3 images of 4 × 5"
    assert images.notes == ()


def test_a_folder_above_the_classes_and_litter():
    files = {f"pets/{name}": data for name, data in PETS.items()}
    litter = {"__MACOSX/pets/cats/._1.png": b"x", "pets/cats/.DS_Store": b"x", "pets/readme.md": b"hello"}
    images = read_image_zip(packed({**files, **litter}), name="set.zip")
    assert images.columns["label"].tolist() == ["cats", "cats", "dogs"]
    assert images.notes == ("left aside since they are no images: 1 × .md",)


def test_grey_images_among_coloured_ones_get_three_channels():
    images = read_image_zip(packed({"a/1.png": png(7), "b/1.png": png(9, (4, 5, 3))}), name="set.zip")
    assert images.columns["image"].shape == (2, 4, 5, 3)
    assert images.columns["image"][0, 0, 0].tolist() == [7, 7, 7]


@pytest.mark.parametrize(
    ("name", "met"),
    [
        ("../cats/1.png", "leads out"),
        ("a/../../1.png", "leads out"),
        ("/etc/1.png", "leads out"),
        ("C:/cats/1.png", "leads out"),
        ("..\\cats\\1.png", "leads out"),
        ("cats/inner.zip", "an archive inside"),
    ],
)
def test_unsafe_names_are_refused(name, met):
    said = refused(packed({**PETS, name: png(1)}))
    assert met in said
    assert "nothing was unpacked" in said


def test_symbolic_links_are_refused():
    link = zipfile.ZipInfo("cats/link.png")
    link.external_attr = 0o120777 << 16
    assert "a symbolic link" in refused(packed({**PETS, link: b"/etc/passwd"}))


def test_encrypted_entries_are_refused():
    data = bytearray(packed({"cats/1.png": png(1)}))
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    assert "encrypted" in refused(bytes(data))


def test_a_bomb_is_refused_before_it_is_unpacked():
    said = refused(packed({**PETS, "cats/bomb.png": b"\0" * 10_000_000}))
    assert "swells to" in said


def test_what_an_archive_declares_is_capped(monkeypatch):
    monkeypatch.setattr(image_files, "LARGEST", 200)
    assert "bytes unpacked" in refused(packed(PETS))


def test_an_entry_that_lies_about_its_size_is_broken():
    data = bytearray(packed({"cats/1.png": b"\0" * 3000 + png(1)}))
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = (100).to_bytes(4, "little")
    assert "broken" in refused(bytes(data))


def test_all_broken_images_are_told():
    said = refused(packed({**PETS, "cats/3.png": b"no", "dogs/4.png": png(1)[:30]}))
    assert "2 broken images among 5" in said
    assert "set.zip:cats/3.png is no image" in said
    assert "set.zip:dogs/4.png is" in said


def test_unequal_sizes_are_told():
    said = refused(packed({**PETS, "dogs/9.png": png(1, (8, 9))}))
    assert "unequal size (height × width): 4 × 5 (3), 8 × 9 (1)" in said
    assert "set.zip:dogs/9.png 8 × 9" in said
    assert "resize" in said


@pytest.mark.parametrize(
    ("files", "met"),
    [
        ({"1.png": png(1)}, "1 image in no class folder: 1.png"),
        ({"data.csv": b"a,b\n1,2\n"}, "holds no images in class folders; it holds 1 × .csv"),
        ({}, "it holds nothing"),
        ({"train/cats/1.png": png(1), "test/cats/1.png": png(1)}, "holds splits (test, train), not classes"),
    ],
)
def test_other_archives_are_told(files, met):
    assert met in refused(packed(files))


def test_no_archive():
    assert "cannot be read as .zip" in refused(b"PK\x03\x04 no")
    assert "cannot be read as .zip" in refused(packed(PETS)[:-30])


def test_a_folder_of_class_folders(tmp_path):
    for name, data in PETS.items():
        path = tmp_path / "pets" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (tmp_path / "pets" / "cats" / "z.png").symlink_to("/etc/passwd")
    assert has_images(tmp_path / "pets")
    assert not has_images(tmp_path)
    images = read_image_folder(tmp_path / "pets")
    assert images.ids == ("pets:cats/1.png", "pets:cats/2.png", "pets:dogs/1.png")
    assert images.columns["label"].tolist() == ["cats", "cats", "dogs"]
    assert images.notes == ("1 symbolic link not followed: cats/z.png",)
