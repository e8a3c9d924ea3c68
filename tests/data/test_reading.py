import csv
import gzip
import json
import math

import numpy as np
import pytest

from kilter.data.reading import read, read_table
from kilter.values.errors import DataError, UsageError


def said(path, **how):
    with pytest.raises(DataError) as caught:
        read(path, **how)
    return str(caught.value)


def test_csv(tmp_path):
    (tmp_path / "a.csv").write_text("text,size\none,1\n,\n")
    reading = read(tmp_path / "a.csv")
    assert reading.described == "CSV with commas, UTF-8: 2 rows, 2 columns"
    assert reading.notes == ()
    assert reading.table.ids == ("a.csv:2", "a.csv:3")
    assert reading.table.columns["text"].tolist() == ["one", None]
    np.testing.assert_array_equal(reading.table.columns["size"], [1, math.nan])


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.tsv", "text\tsize\none\t1\n"), ("a.jsonl", '{"text": "one", "size": 1}\n'), ("A.CSV", "text;size\none;1\n")],
)
@pytest.mark.parametrize("packed", [False, True])
def test_endings_and_compression(tmp_path, name, text, packed):
    path = tmp_path / (f"{name}.gz" if packed else name)
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    table = read_table(str(path))
    assert {name: column.tolist() for name, column in table.columns.items()} == {"text": ["one"], "size": [1]}
    assert table.ids[0].startswith(path.name)


def test_parquet_and_npz(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"text": ["one", None], "id": [2**60, 1]}), tmp_path / "a.parquet")
    parquet = read(tmp_path / "a.parquet")
    assert parquet.described == "Parquet: 2 rows, 2 columns"
    assert parquet.table.ids == ("a.parquet#0", "a.parquet#1")
    assert len(parquet.notes) == 1
    np.savez(tmp_path / "a.npz", x=np.zeros((2, 3, 3), dtype=np.uint8), y=[1, 2])
    archive = read(tmp_path / "a.npz")
    assert archive.described == "npz: 2 rows, 2 columns"
    assert archive.table.ids == ("a.npz#0", "a.npz#1")


def test_what_is_given_decides(tmp_path):
    (tmp_path / "a.csv").write_bytes("a|b\nOù;x|1,234\n".encode("latin-1"))
    reading = read(tmp_path / "a.csv", encoding="latin-1", separator="|", decimal=",")
    assert reading.described == "CSV with bars and decimal commas, ISO8859-1: 1 row, 2 columns"
    assert reading.table.columns["a"].tolist() == ["Où;x"]
    assert reading.table.columns["b"].tolist() == [1.234]


@pytest.mark.parametrize(
    ("name", "how", "met"),
    [
        ("a.jsonl", {"separator": ","}, "separator = ',' decides nothing for a.jsonl"),
        ("a.npz", {"encoding": "utf-8"}, "encoding = 'utf-8' decides nothing for a.npz"),
        ("a.csv", {"separator": ", "}, "separator = ', ': one character"),
        ("a.csv", {"decimal": ";"}, "decimal = ';'"),
        ("a.csv", {"decimal": ",", "separator": ","}, "are both ','"),
    ],
)
def test_what_decides_nothing_is_refused(tmp_path, name, how, met):
    with pytest.raises(UsageError, match=met):
        read(tmp_path / name, **how)


def test_other_endings_are_refused(tmp_path):
    (tmp_path / "a.xlsx").write_bytes(b"PK")
    assert "ends in '.xlsx': .csv, .tsv, .jsonl" in said(tmp_path / "a.xlsx")
    (tmp_path / "a.zip.gz").write_bytes(b"PK")
    assert "ends in '.gz'" in said(tmp_path / "a.zip.gz")
    (tmp_path / "data").mkdir()
    assert "holds no images in class folders; it holds nothing" in said(tmp_path / "data")
    assert "does not exist" in said(tmp_path / "nothing.xlsx")


@pytest.mark.parametrize(("name", "rows"), [("a.csv.gz", 1), ("a.jsonl.gz", 2)])
def test_a_header_is_no_row_of_a_truncated_file(tmp_path, name, rows):
    packed = gzip.compress(b"text,size\none,1\n", mtime=0)
    (tmp_path / name).write_bytes(packed[:-4])  # into the trailer: all lines are there, their check is not
    assert f"{rows} whole rows could be read" in said(tmp_path / name)


def test_ambiguous_commas_are_refused(tmp_path):
    (tmp_path / "a.csv").write_text('x;y\n"1,234";a\n')
    assert "a.csv:2 column 'x': '1,234' may be 1234 or 1.234" in said(tmp_path / "a.csv")


# The malformed files, by what a good reader says of each


def test_latin_1(dirty):
    path = dirty("01_latin1.jsonl")
    message = said(path)
    assert "01_latin1.jsonl:1 byte 0xF9 at offset 11 of the file is not UTF-8" in message
    assert "looks like cp1252: set `encoding: cp1252`" in message
    assert read_table(path, encoding="cp1252").columns["text"][0] == "Où est le café de Zoé ?"


def test_utf_16(dirty):
    reading = read(dirty("02_utf16_bom.csv"))
    assert "UTF-16-LE with a byte-order mark" in reading.described
    assert list(reading.table.columns) == ["text", "label"]


def test_mark_and_mixed_line_ends(dirty):
    reading = read(dirty("03_utf8_bom_crlf_mixed.csv"))
    assert list(reading.table.columns) == ["text", "label"]
    assert len(reading.table) == 30
    assert reading.notes[0] == "a byte-order mark says UTF-8; it was read so"
    assert "line ends are mixed" in reading.notes[1]


def test_ragged(dirty):
    message = said(dirty("04_ragged.csv"))
    for met in (":3 3 fields instead of 4", ":4 5 fields instead of 4", ":7 a quote is opened and never closed"):
        assert f"04_ragged.csv{met}" in message


def test_not_a_number_and_infinity(dirty):
    reading = read(dirty("05_nan_inf.csv"))
    columns = reading.table.columns
    assert {name: int(np.isnan(columns[name]).sum()) for name in ("x0", "x1", "x2", "x3")} == {
        "x0": 1,
        "x1": 3,
        "x2": 0,
        "x3": 0,
    }
    assert {name: int(np.isinf(columns[name]).sum()) for name in ("x2", "x3")} == {"x2": 2, "x3": 1}
    assert reading.notes == (
        "column 'x1': read as missing: 'NaN' (1), 'N/A' (1), '?' (1)",
        "column 'x2': infinite in 2 rows (line 9, 11)",
        "column 'x3': '1e400' is beyond double precision and reads as infinity (line 15)",
    )


def test_labels_stay_as_they_are(dirty):
    reading = read(dirty("06_label_typos.jsonl"))
    assert {"Loc", "LOC ", "num", "NMU", "ENYT"} <= set(reading.table.columns["label"])
    assert reading.notes == ("column 'label': 1 blank text (line 41)",)


def test_gaps_and_faulty_lines(dirty):
    message = said(dirty("10_empty_texts.jsonl"))
    for met in (
        ":64 column 'text': the number 42 among texts",
        ":65:1 no JSON",
        " 1 blank line skipped: 61",
        " column 'text' is missing in 1 row (line 62)",
        " column 'text' is null in 1 row (line 63)",
        " column 'text': 4 blank texts (line 3, 5, 7, 9)",
    ):
        assert f"10_empty_texts.jsonl{met}" in message


def test_truncated(dirty):
    assert "is truncated: the compressed data end early, 95 whole rows could be read" in said(
        dirty("12_truncated.jsonl.gz")
    )


def test_empty_columns_are_read(dirty):
    columns = read_table(dirty("14_leak_constant_id.csv")).columns
    assert np.isnan(columns["all_missing"]).all()
    assert set(columns["const"]) == {7}


def test_semicolons_and_decimal_commas(dirty):
    reading = read(dirty("20_decimal_comma_semicolon.csv"))
    assert reading.described == "CSV with semicolons and decimal commas, UTF-8: 60 rows, 3 columns"
    assert reading.table.columns["x"][:2].tolist() == [-0.935, 0.398]


@pytest.mark.parametrize(
    ("name", "met"),
    [
        ("22_empty.csv", "is empty (0 bytes)"),
        ("23_header_only.csv", "has a header (text, label) but no rows"),
        ("25_pickled.npz", "reading it could run code"),
    ],
)
def test_nothing_and_pickles(dirty, name, met):
    assert met in said(dirty(name))


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("08_leak/train.jsonl", 241),
        ("09_conflicting_labels.jsonl", 58),
        ("16_unseen_test_label/test.jsonl", 100),
        ("17_one_class.jsonl", 50),
        ("18_class_below_split.csv", 60),
        ("27_shuffled_labels.jsonl", 1500),
    ],
)
def test_what_is_wrong_with_the_content_alone_is_read_without_a_word(dirty, name, rows):
    reading = read(dirty(name))
    assert len(reading.table) == rows
    assert reading.notes == ()


# Real data, against what other readers make of them


@pytest.mark.parametrize("name", ["adult", "bike_sharing", "california_housing", "mammography"])
def test_tables_are_what_csv_reads(dataset, name):
    path = dataset(f"{name}/dev.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    reading = read(path)
    assert list(reading.table.columns) == list(rows[0])
    assert reading.notes == ()
    for column, values in reading.table.columns.items():
        cells = [row[column] for row in rows]
        if values.dtype == np.float64:
            np.testing.assert_array_equal(values, [float(cell or "nan") for cell in cells])
        else:
            assert values.tolist() == [cell or None for cell in cells]
            with pytest.raises(ValueError, match="could not convert"):
                [float(cell or "nan") for cell in cells]


@pytest.mark.parametrize("name", ["banking77", "boolq_small", "sick", "sst2", "trec6", "tweet_emotion"])
def test_json_lines_are_what_json_reads(dataset, name):
    path = dataset(f"{name}/dev.jsonl")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    columns = read_table(path).columns
    for column in rows[0]:
        values = [row[column] for row in rows]
        if isinstance(values[0], bool):
            values = ["true" if value else "false" for value in values]
        assert columns[column].tolist() == values


def test_images_are_what_numpy_reads(dataset):
    path = dataset("mnist10k/dev.npz")
    table = read_table(path)
    with np.load(path) as archive:
        np.testing.assert_array_equal(table.columns["x"], archive["x"])
        np.testing.assert_array_equal(table.columns["y"], archive["y"])
