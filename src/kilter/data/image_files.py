"""Images in files: a folder for each class, in a zip archive or on disk."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from stat import S_ISLNK
from typing import TYPE_CHECKING, Final, final

import numpy as np

from kilter.data.damage import DAMAGE
from kilter.data.faults import counted, gathered, listed, quoted
from kilter.data.pictures import Picture, decode_picture
from kilter.values.errors import DataError, Fault

if TYPE_CHECKING:
    from numpy.typing import NDArray

ENDINGS: Final = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp")
ARCHIVES: Final = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")
LITTER: Final = frozenset({"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"})
"""What operating systems leave behind in folders; nobody means it."""

LARGEST: Final = 8 * 2**30  # bytes unpacked, and of pixels: beyond it no memory is asked for
LARGEST_IMAGE: Final = 64 * 2**20  # bytes of one image file as it is declared
DENSEST: Final = 200  # times its packed size: images are compressed already, deflate gains at most 1032
"""A zip entry that unpacks to more than this many times its size is no image but a trap."""

SPLITS: Final = ("train", "training", "valid", "validation", "val", "dev", "test", "testing")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """Images of one size and their classes.

    Attributes:
        columns: `image` (n, h, w, 3) or (n, h, w) uint8, and `label` (n,) str.
        ids: `<archive or folder>:<class>/<file name>`.
        described: what was read, in one sentence.
        notes: what a person should know.
    """

    columns: Mapping[str, NDArray[np.generic]]
    ids: tuple[str, ...]
    described: str
    notes: tuple[str, ...]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _Member:
    """One image file: its class, its name below the archive's or folder's top, and where its bytes are."""

    label: str
    path: str
    source: zipfile.ZipInfo | Path


def read_image_zip(data: bytes, *, name: str) -> Images:
    """The images of a zip archive, `<class>/<file>` or `<anything>/<class>/<file>`.

    Nothing is unpacked to disk. Names are checked before a byte is unpacked.

    Args:
        data: the archive.
        name: its name, for ids and messages.

    Raises:
        DataError: it is no archive; it has entries that point outside it, are encrypted, links, archives themselves or
            swell beyond what an image does; there are no images, or they are broken or of unequal size; all of them.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            faults = list(_unsafe(entries, name))
            if faults:
                raise gathered(
                    f"{name} is refused: {counted(len(faults), 'entry', 'entries')} no archive of images has",
                    faults,
                    legal="plain image files in class folders, `<class>/<file>.png`",
                    remedy="pack the folders of images again; nothing was unpacked",
                )
            members, notes = _members(((entry.filename, entry) for entry in entries if not entry.is_dir()), name)
            return _read(members, name, notes, archive)
    except (*DAMAGE, ValueError) as error:
        raise DataError(
            f"{name} cannot be read as .zip: {error}", legal="a whole zip archive", remedy="copy or pack it again"
        ) from error


def read_image_folder(folder: Path) -> Images:
    """The images of a folder that holds a folder for each class.

    Raises:
        DataError: there are no images, or they are broken or of unequal size; all of them.
    """
    files: list[tuple[str, Path]] = []
    links: list[str] = []
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder).as_posix()
        if path.is_symlink():
            links.append(inner)
        elif path.is_file():
            files.append((inner, path))
    members, notes = _members(iter(files), str(folder))
    if links:
        notes.append(f"{counted(len(links), 'symbolic link')} not followed: {listed(links, most=3)}")
    return _read(members, folder.name, notes, None)


def has_images(path: Path) -> bool:
    """Whether a folder holds folders of images: `<class>/<file>`, one level down."""
    return any(
        file.suffix.lower() in ENDINGS
        for inner in _folders(path)
        for file in inner.iterdir()
        if file.is_file() and not file.name.startswith(".")
    )


def _folders(path: Path) -> Iterator[Path]:
    return (inner for inner in sorted(path.iterdir()) if inner.is_dir() and not _is_litter(inner.name))


def _unsafe(entries: Iterable[zipfile.ZipInfo], name: str) -> Iterator[Fault]:
    """What no honest archive of images holds, told by the names and sizes that the archive declares."""
    total = 0
    for entry in entries:
        where = f"{name}:{entry.filename[:100]}"
        total += entry.file_size
        path = entry.filename.replace("\\", "/")
        if path.startswith("/") or ".." in path.split("/") or re.match(r"[A-Za-z]:", path):
            yield Fault(where=where, met="the path leads out of the archive")
        elif entry.flag_bits & 0x1:
            yield Fault(where=where, met="the entry is encrypted", remedy="pack it without a password")
        elif S_ISLNK(entry.external_attr >> 16):
            yield Fault(where=where, met="the entry is a symbolic link", remedy="pack the file itself")
        elif path.lower().endswith(ARCHIVES) and not _is_litter(path):
            yield Fault(where=where, met="an archive inside the archive", remedy="unpack it, and pack its images")
        elif entry.file_size > LARGEST_IMAGE:
            yield Fault(
                where=where,
                met=f"declares {entry.file_size:,} bytes",
                legal=f"at most {LARGEST_IMAGE:,} bytes an image",
            )
        elif entry.file_size > 4096 and entry.file_size > DENSEST * max(entry.compress_size, 1):
            times = entry.file_size // max(entry.compress_size, 1)
            yield Fault(where=where, met=f"swells to {times:,} times its size", legal=f"at most {DENSEST} times")
    if total > LARGEST:
        yield Fault(where=name, met=f"declares {total:,} bytes unpacked", legal=f"at most {LARGEST:,} bytes")


def _members(files: Iterable[tuple[str, zipfile.ZipInfo | Path]], name: str) -> tuple[list[_Member], list[str]]:
    """The image files with their classes, and notes of what is left aside."""
    members: list[_Member] = []
    others: Counter[str] = Counter()
    loose: list[str] = []
    for path, source in files:
        if any(_is_litter(part) for part in path.split("/")):
            continue
        inner = PurePosixPath(path)
        if inner.suffix.lower() not in ENDINGS:
            others[inner.suffix.lower() or inner.name] += 1
        elif len(inner.parts) < 2:
            loose.append(path)
        else:
            members.append(_Member(label=inner.parts[-2], path=path, source=source))
    if loose:
        raise DataError(
            f"{name} has {counted(len(loose), 'image')} in no class folder: {listed(loose, most=3)}",
            legal="`<class>/<file>.png`: the folder says the class",
            remedy="put each image into the folder of its class",
        )
    if not members:
        met = ", ".join(f"{count:,} × {ending}" for ending, count in others.most_common(5)) or "nothing"
        raise DataError(
            f"{name} holds no images in class folders; it holds {met}",
            legal=f"`<class>/<file>` with {', '.join(ENDINGS)}",
            remedy="name the file of data itself, or put the images into class folders",
        )
    _refuse_splits(members, name)
    notes: list[str] = []
    if others:
        met = ", ".join(f"{count:,} × {ending}" for ending, count in others.most_common(5))
        notes.append(f"left aside since they are no images: {met}")
    return members, notes


def _refuse_splits(members: Sequence[_Member], name: str) -> None:
    """Raise where the folders are whole splits, whose names would become classes or whose rows would mix."""
    tops = {PurePosixPath(member.path).parts[0] for member in members}
    found = sorted(top for top in tops if top.lower() in SPLITS)
    if len(found) > 1 or (found and found == sorted(tops) and len(members[0].path.split("/")) > 2):
        raise DataError(
            f"{name} holds splits ({', '.join(found)}), not classes",
            legal="one archive or folder a split, with class folders in it",
            remedy=f"name each split's own folder: `data.train: {found[-1]}`, or pack each by itself",
        )


def _read(members: Sequence[_Member], name: str, notes: list[str], archive: zipfile.ZipFile | None) -> Images:
    faults: list[Fault] = []
    pictures: list[Picture] = []
    kept: list[_Member] = []
    held = 0
    for member in members:
        data = _bytes(member, archive, name)
        picture = data if isinstance(data, Fault) else decode_picture(data, where=f"{name}:{member.path}")
        if isinstance(picture, Fault):
            faults.append(picture)
            continue
        held += picture.pixels.nbytes
        if held > LARGEST:
            raise DataError(
                f"{name} holds more than {LARGEST:,} bytes of pixels",
                legal="a set of images that memory can hold",
                remedy="make the images smaller, or take a part of them",
            )
        pictures.append(picture)
        kept.append(member)
    if faults:
        raise gathered(
            f"{name} has {counted(len(faults), 'broken image')} among {len(members):,}",
            faults,
            remedy="copy them again or take them out",
        )
    pixels = _stacked(pictures, kept, name)
    changed = Counter(change for picture in pictures for change in picture.changes)
    notes += [f"{counted(count, 'image')} {change}" for change, count in changed.most_common()]
    labels = [member.label for member in kept]
    notes += _twice_named(kept)
    classes = len(set(labels))
    size = " × ".join(map(str, pixels.shape[1:]))
    described = f"images in {counted(classes, 'class folder')}: {counted(len(kept), 'image')} of {size}"
    return Images(
        columns={"image": pixels, "label": np.array(labels, dtype=object)},
        ids=tuple(f"{name}:{member.path}" for member in kept),
        described=described,
        notes=tuple(notes),
    )


def _bytes(member: _Member, archive: zipfile.ZipFile | None, name: str) -> bytes | Fault:
    """The bytes of an image file; of an archive's entry no more than it declares, whose checksum is verified."""
    where = f"{name}:{member.path}"
    try:
        if isinstance(member.source, Path):
            if member.source.stat().st_size > LARGEST_IMAGE:
                return Fault(where=where, met="is larger than an image file may be", legal=f"{LARGEST_IMAGE:,} bytes")
            return member.source.read_bytes()
        assert archive is not None  # noqa: S101 - entries come from one
        with archive.open(member.source) as file:
            return file.read()
    except (*DAMAGE, ValueError) as error:
        return Fault(where=where, met=f"cannot be unpacked: {error}")


def _stacked(pictures: Sequence[Picture], members: Sequence[_Member], name: str) -> NDArray[np.uint8]:
    """Images of one size as one array; grey ones get three channels where others have colours."""
    sizes = Counter(picture.pixels.shape[:2] for picture in pictures)
    if len(sizes) > 1:
        common = sizes.most_common(1)[0][0]
        met = listed([f"{height} × {width} ({count:,})" for (height, width), count in sizes.most_common()])
        others = [
            Fault(where=f"{name}:{member.path}", met=f"{picture.pixels.shape[0]} × {picture.pixels.shape[1]}")
            for picture, member in zip(pictures, members, strict=True)
            if picture.pixels.shape[:2] != common
        ]
        raise gathered(
            f"{name} has images of unequal size (height × width): {met}",
            others,
            legal="all images of a set have one size",
            remedy=f"resize or crop them before, for instance to {common[0]} × {common[1]}",
        )
    coloured = any(picture.pixels.ndim == 3 for picture in pictures)
    if not coloured:
        return np.stack([picture.pixels for picture in pictures])
    return np.stack(
        [
            picture.pixels if picture.pixels.ndim == 3 else np.repeat(picture.pixels[..., np.newaxis], 3, axis=2)
            for picture in pictures
        ]
    )


def _twice_named(members: Sequence[_Member]) -> list[str]:
    twice = [path for path, count in Counter(member.path for member in members).items() if count > 1]
    return [f"{counted(len(twice), 'name')} stand twice: {quoted(listed(twice, most=3))}"] if twice else []


def _is_litter(part: str) -> bool:
    last = part.rstrip("/").rsplit("/", 1)[-1]
    return last in LITTER or last.startswith("._") or "__MACOSX" in part.split("/")
