"""Files with a few bytes changed: each is read, or refused in one clear message; nothing else may come out."""

import gzip
import io
import json
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kilter.project.guess import guess
from kilter.values.errors import KilterError

ROWS = [(f"what is number {i} of them all", i / 4, i % 7, "ab"[i % 2]) for i in range(24)]
NAMES = ("text", "size", "count", "label")


def delimited(sign):
    return "\n".join(sign.join(map(str, row)) for row in (NAMES, *ROWS)).encode()


def parquet():
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet as pq

    columns = {name: [row[place] for row in ROWS] for place, name in enumerate(NAMES)}
    stream = io.BytesIO()
    pq.write_table(pa.table({**columns, "words": [["one", "two"]] * len(ROWS)}), stream)
    return stream.getvalue()


def arrays(save):
    stream = io.BytesIO()
    save(stream, x=np.arange(24 * 16, dtype=np.uint8).reshape(24, 4, 4), y=np.arange(24) % 3, name=np.array(["a"] * 24))
    return stream.getvalue()


def pictures():
    image = pytest.importorskip("PIL.Image")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number, ending in enumerate(("png", "jpeg", "gif", "bmp") * 2):
            inner = io.BytesIO()
            image.fromarray(np.full((6, 6, 3), number * 20, np.uint8)).save(inner, ending)
            archive.writestr(f"{'ab'[number // 4]}/{number}.{ending}", inner.getvalue())
    return stream.getvalue()


JSON = "\n".join(json.dumps(dict(zip(NAMES, row, strict=True))) for row in ROWS).encode()
FILES = {
    ".csv": delimited(","),
    ".tsv": delimited("\t"),
    ".jsonl": JSON,
    ".jsonl.gz": gzip.compress(JSON, mtime=0),
    ".txt": b"To be, or not to be, that is the question.\r\n" * 9,
    ".conll": b"\n\n".join(f"Ann{i}\tB-name\nsees\tO\nBob\tI-name".encode() for i in range(9)),
    ".parquet": parquet(),
    ".npz": arrays(np.savez),
    "_packed.npz": arrays(np.savez_compressed),
    ".zip": pictures(),
}

PIECES = (
    b'"',
    b"\0",
    b"\n",
    b"\r",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b",",
    b";",
    b"\t",
    b"{",
    b"[1]",
    b"NaN",
    b"1e999",
    b"\x80",
)
mutations = st.lists(
    st.one_of(
        st.tuples(st.just("flip"), st.floats(0, 1), st.integers(1, 255)),
        st.tuples(st.just("cut"), st.floats(0, 1), st.just(0)),
        st.tuples(st.just("insert"), st.floats(0, 1), st.sampled_from(PIECES)),
        st.tuples(st.just("repeat"), st.floats(0, 1), st.integers(1, 40)),
        st.tuples(st.just("drop"), st.floats(0, 1), st.integers(1, 40)),
        st.tuples(st.just("double first line"), st.just(0), st.just(0)),
    ),
    max_size=4,
)


def mutated(data, changes):
    for what, share, how in changes:
        place = int(share * len(data))
        match what:
            case "flip":
                data = data[:place] + bytes(byte ^ how for byte in data[place : place + 1]) + data[place + 1 :]
            case "cut":
                data = data[:place]
            case "insert":
                data = data[:place] + how + data[place:]
            case "repeat":
                data = data[:place] + data[place : place + how] + data[place:]
            case "drop":
                data = data[:place] + data[place + how :]
            case "double first line":
                first, end, rest = data.partition(b"\n")
                data = first + b"," + first + end + rest
    return data


def outcome(path):
    """What reading a file and guessing at it comes to: a guess, or kilter's own error; anything else is raised."""
    try:
        return guess(path)
    except KilterError as error:
        return error


# Hypothesis draws the same 300 files each time (the house's profile); each was a different file when it was tried.
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.sampled_from(sorted(FILES)), mutations, st.one_of(st.none(), st.sampled_from(sorted(FILES))))
@example(".npz", [], ".csv")
@example(".csv", [], ".parquet")
@example(".jsonl", [("cut", 0.0, 0)], None)
def test_a_file_is_read_or_refused_in_one_message(tmp_path, kind, changes, other):
    path = tmp_path / f"data{other or kind}"
    path.write_bytes(mutated(FILES[kind], changes))
    came = outcome(path)

    if isinstance(came, KilterError):
        said = str(came)
        assert path.name in said or str(path) in said, "the file is named"
        assert len(said.splitlines()) <= 2 + 20, "faults are capped"
        assert came.summary.met
        assert came.summary.legal or came.summary.remedy or came.faults, "what is legal, or what to do"
        assert came.exit_code in {2, 3}
    else:
        assert came.files["train"] == path


@pytest.mark.parametrize("kind", sorted(FILES))
def test_the_files_are_read_as_they_are(tmp_path, kind):
    path = tmp_path / f"data{kind}"
    path.write_bytes(FILES[kind])

    assert not isinstance(outcome(path), KilterError)


def test_an_array_that_declares_more_than_it_holds_takes_no_memory(tmp_path):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f8", "fortran_order": False, "shape": (10**14,)})
    path = tmp_path / "data.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", stream.getvalue())

    assert "its header declares 800,000,000,000,000 bytes" in str(outcome(path))
