"""Which rows are nearly the same: texts by the pieces they share, rows of numbers rounded, images by their pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from kilter.checks.data.cells import loose

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pairs = NDArray[np.int64]  # (p, 2) rows, the smaller first

PIECE: Final = 5  # characters
LONGEST: Final = 2_000  # characters of a text that are compared
HASHES: Final = 48  # of a text
BAND: Final = 4  # hashes that must agree for two texts to be compared
CROWDED: Final = 40  # texts of a band beyond which each is compared with the next ones only
SIDE: Final = 12  # pixels a side to which images are reduced
_ODD: Final = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio (Knuth, The art of computer programming 6.4)


def alike_texts(texts: list[str], *, least: float, fewest: int) -> Pairs:
    """Pairs of texts whose sets of pieces of five characters are alike: the shared ones over all, at least `least`.

    Case, spaces and invisible signs do not count. Candidates have a band of minimal hashes in common (Broder 1997, On
    the resemblance and containment of documents; Leskovec, Rajaraman and Ullman, Mining of massive datasets, section
    3.4): a pair that is alike to .8 is missed less than once in 400 times. Candidates are then compared in full.

    Args:
        texts: n of them.
        least: the least likeness, 0 to 1.
        fewest: pieces below which a text is too short to tell.
    """
    plain = [str(loose(text))[:LONGEST] for text in texts]
    pieces, rows = _pieces(plain)
    sizes = np.bincount(rows, minlength=len(texts))
    kept = np.flatnonzero(sizes >= fewest)
    if len(kept) < 2:
        return np.empty((0, 2), np.int64)
    inside = np.isin(rows, kept)
    pieces, rows = pieces[inside], rows[inside]
    starts = np.flatnonzero(np.r_[True, rows[1:] != rows[:-1]])
    signatures = np.stack([np.minimum.reduceat(_mixed(pieces, seed), starts) for seed in range(HASHES)], axis=1)
    candidates = _sharing_bands(signatures)
    sets = np.split(pieces, starts[1:])
    likely = (signatures[candidates[:, 0]] == signatures[candidates[:, 1]]).mean(axis=1) >= least - 0.25
    found = [(a, b) for a, b in candidates[likely].tolist() if _jaccard(sets[a], sets[b]) >= least]
    return kept[np.array(found, np.int64).reshape(-1, 2)]


def alike_numbers(columns: NDArray[np.float64], others: NDArray[np.int64], *, share: float) -> NDArray[np.int64]:
    """A number for each row (n,): equal where all numbers (n, c) are, rounded to a share of their column's spread.

    Args:
        columns: the numbers, not-a-number where missing.
        others: (n,) codes of all that cannot be rounded.
        share: of the distance between the quartiles.
    """
    low, high = np.nanquantile(columns, [0.25, 0.75], axis=0)
    spread = np.where(high > low, high - low, np.nanmax(columns, axis=0) - np.nanmin(columns, axis=0))
    step = np.where(spread > 0, share * spread, 1.0)
    rounded = np.column_stack([np.round(np.nan_to_num(columns / step, nan=1e18)), others])
    return np.unique(rounded, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)


def alike_images(images: NDArray[Any], *, least: float) -> Pairs:
    """Pairs of images (n, height, width, ...) that correlate to at least `least`, whatever their brightness."""
    small = reduced(images)
    pairs = []
    for start in range(0, len(small), 1_000):
        near = small[start : start + 1_000] @ small[start:].T
        left, right = np.nonzero(near >= least)
        pairs.append(np.stack([left, right], axis=1)[left < right] + start)
    candidates = np.concatenate(pairs) if pairs else np.empty((0, 2), np.int64)
    found = [pair for pair in candidates.tolist() if _correlation(images[pair[0]], images[pair[1]]) >= least]
    return np.array(found, np.int64).reshape(-1, 2)


def _pieces(texts: list[str]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """The distinct pieces of all texts as numbers (p,), and the text (p,) each belongs to, in order."""
    whole = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    lengths = np.array([len(text) for text in texts], np.int64)
    owner = np.repeat(np.arange(len(texts)), lengths)
    if len(whole) < PIECE:
        return np.empty(0, np.uint64), np.empty(0, np.int64)
    size = len(whole) - PIECE + 1
    hashed = np.zeros(size, np.uint64)
    for at in range(PIECE):
        hashed = (hashed ^ whole[at : at + size]) * _ODD
        hashed ^= hashed >> np.uint64(29)
    inside = owner[:size] == owner[PIECE - 1 :]
    order = np.lexsort((hashed[inside], owner[:size][inside]))
    pieces, rows = hashed[inside][order], owner[:size][inside][order]
    new = np.r_[True, (pieces[1:] != pieces[:-1]) | (rows[1:] != rows[:-1])] if len(pieces) else np.empty(0, bool)
    return pieces[new], rows[new]


def _mixed(pieces: NDArray[np.uint64], seed: int) -> NDArray[np.uint64]:
    """The pieces in another random order, as numbers."""
    mixed = (pieces ^ np.uint64((0xD1B54A32D192ED03 * (seed + 1)) % 2**64)) * _ODD
    mixed ^= mixed >> np.uint64(32)
    mixed *= _ODD
    return mixed


def _sharing_bands(signatures: NDArray[np.uint64]) -> Pairs:
    pairs = []
    for start in range(0, signatures.shape[1], BAND):
        _, bucket = np.unique(signatures[:, start : start + BAND], axis=0, return_inverse=True)
        order = np.argsort(bucket.reshape(-1), kind="stable")
        sorted_buckets = bucket.reshape(-1)[order]
        largest = int(np.bincount(sorted_buckets).max())
        for apart in range(1, min(largest, CROWDED)):
            same = np.flatnonzero(sorted_buckets[apart:] == sorted_buckets[:-apart])
            pairs.append(np.stack([order[same], order[same + apart]], axis=1))
    return np.unique(np.sort(np.concatenate(pairs), axis=1), axis=0) if pairs else np.empty((0, 2), np.int64)


def _jaccard(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> float:
    both = len(np.intersect1d(left, right, assume_unique=True))
    return both / (len(left) + len(right) - both)


def reduced(images: NDArray[Any]) -> NDArray[np.float32]:
    """Images as (n, pixels): grey, a few pixels a side, of mean 0 and length 1."""
    grey = images if images.ndim == 3 else images.mean(axis=-1)
    height, width = grey.shape[1:]
    rows = np.linspace(0, height, min(SIDE, height) + 1).astype(int)[:-1]
    columns = np.linspace(0, width, min(SIDE, width) + 1).astype(int)[:-1]
    summed = np.add.reduceat(np.add.reduceat(grey.astype(np.float32), rows, axis=1), columns, axis=2)
    flat = summed.reshape(len(images), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    unit: NDArray[np.float32] = np.divide(flat, length, out=np.zeros_like(flat), where=length > 0)
    return unit


def _correlation(left: NDArray[Any], right: NDArray[Any]) -> float:
    one, other = (image.reshape(-1).astype(np.float64) - float(image.mean()) for image in (left, right))
    size = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / size if size else 0.0
