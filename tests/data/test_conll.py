import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.data.conll import parse
from kilter.data.reading import read
from kilter.values.errors import DataError, UsageError

token = st.text(st.characters(exclude_categories=["Cc", "Cs", "Z"]), min_size=1, max_size=6).filter(
    lambda word: word not in {"-DOCSTART-", "#"}
)
tag = st.sampled_from(["O", "B-x", "I-x", "E-some-thing"])
sentences = st.lists(st.lists(st.tuples(token, tag), min_size=1, max_size=6), min_size=1, max_size=6)


@given(sentences, st.sampled_from(["\t", " ", "  "]), st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", " ", "\t"]))
def test_what_was_written_is_read(sentences, separator, end, trailing):
    blocks = ["".join(f"{word}{separator}{tag}{trailing}{end}" for word, tag in sentence) for sentence in sentences]
    read = parse(end.join(blocks), name="f.conll")

    assert read.columns["tokens"].tolist() == [tuple(word for word, _ in sentence) for sentence in sentences]
    assert read.columns["tags"].tolist() == [tuple(tag for _, tag in sentence) for sentence in sentences]
    starts = [1 + sum(len(before) + 1 for before in sentences[:number]) for number in range(len(sentences))]
    assert list(read.lines) == starts


def test_marks_comments_and_blank_lines_part_sentences():
    text = "-DOCSTART-\tO\n\n# id = 3\nAda\tB-name\n#tag\tO\n\n\n \n#\tO\n-DOCSTART-\tO\nbye\tO\n"
    read = parse(text, name="f")

    assert read.columns["tokens"].tolist() == [("Ada", "#tag"), ("#",), ("bye",)]
    assert list(read.lines) == [4, 9, 11]
    assert read.notes == (
        "2 document marks (-DOCSTART-) read as the end of a sentence",
        "1 comment skipped: line 3",
    )


def test_a_hash_among_spaces_is_a_token_where_a_tag_follows():
    read = parse("# one\n# O\nAda B-name\n", name="f")

    assert read.columns["tokens"].tolist() == [("#", "Ada")]
    assert read.notes == ("1 comment skipped: line 1",)


def test_columns_between_token_and_tag_are_skipped_and_noted():
    read = parse("U.N. NNP I-NP I-ORG\nofficial NN I-NP O\n", name="f")

    assert {name: cells.tolist() for name, cells in read.columns.items()} == {
        "tokens": [("U.N.", "official")],
        "tags": [("I-ORG", "O")],
    }
    assert read.notes == ("column 2, 3 of 4 skipped: the token stands before, its tag in the last",)


def test_a_column_of_numbers_is_no_column_of_tokens():
    read = parse("1\tAda\t_\tB-name\n2\tsaid\t_\tO\n\n1\tyes\t_\tO\n", name="f")

    assert read.columns["tokens"].tolist() == [("Ada", "said"), ("yes",)]
    assert "numbers the tokens" in read.notes[0]
    assert read.notes[1].startswith("column 3 of 4 skipped")


def test_tokens_alone_are_read_to_be_tagged():
    read = parse("Ada\nsaid\n\nyes\n", name="f")

    assert {name: cells.tolist() for name, cells in read.columns.items()} == {"tokens": [("Ada", "said"), ("yes",)]}
    assert read.notes == ("one column: tokens without tags",)


def test_a_token_of_a_tabbed_file_may_hold_spaces():
    assert parse("New York\tB-place\n \tO\u00a0\n".replace(" \tO", "\u00a0\tO"), name="f").columns[
        "tokens"
    ].tolist() == [("New York", "\u00a0")]


def test_all_faults_are_said_with_their_lines():
    text = "Ada\tB-name\nsaid\nyes\tO\tO\n\n\tO\nbye\tO\nnow\t \n"
    with pytest.raises(DataError, match="4 faulty lines") as caught:
        parse(text, name="f.conll")

    said = [(fault.where, fault.met) for fault in caught.value.faults]
    assert said == [
        ("f.conll:2", "a token without a tag: 'said'"),
        ("f.conll:3", "3 columns in 'yes\\tO\\tO'"),
        ("f.conll:5", "no token in '\\tO'"),
        ("f.conll:7", "a token without a tag: 'now\\t '"),
    ]
    assert "2 columns parted by tabs" in str(caught.value)


def test_many_faults_are_counted():
    with pytest.raises(DataError) as caught:
        parse("a\tO\n" * 60 + "b\n" * 30, name="f")

    assert len(caught.value.faults) == 21
    assert "and 10 more" in str(caught.value)


@pytest.mark.parametrize("text", ["\n", " \n\n", "-DOCSTART- -X- O\n", "# only words\n"])
def test_nothing_is_refused(text):
    with pytest.raises(DataError, match="no sentences"):
        parse(text, name="f")


def test_lines_of_old_macs_are_lines():
    assert parse("a O\rb O\r\rc O\r", name="f").columns["tokens"].tolist() == [("a", "b"), ("c",)]


@pytest.mark.parametrize("ending", ["conll", "bio", "iob", "iob2", "CoNLL"])
def test_files_are_read_by_their_ending(tmp_path, ending):
    path = tmp_path / f"train.{ending}"
    path.write_bytes(b"\xef\xbb\xbfAda\tB-name\r\n\r\nbye\tO\r\n")
    reading = read(path)

    assert reading.table.ids == (f"train.{ending}:1", f"train.{ending}:3")
    assert reading.table.columns["tags"].tolist() == [("B-name",), ("O",)]
    assert reading.described == "CoNLL, UTF-8 with a byte-order mark: 2 rows, 2 columns"


def test_what_is_no_text_and_what_is_empty_is_refused(tmp_path):
    (tmp_path / "a.conll").write_bytes(b"Ad\xe9\tB-name\nbye\tO\n")
    (tmp_path / "b.conll").write_bytes(b"")

    with pytest.raises(DataError, match="looks like cp1252"):
        read(tmp_path / "a.conll")
    assert read(tmp_path / "a.conll", encoding="cp1252").table.columns["tokens"][0] == ("Adé", "bye")
    with pytest.raises(DataError, match="is empty"):
        read(tmp_path / "b.conll")
    with pytest.raises(UsageError, match="separator"):
        read(tmp_path / "a.conll", separator=",")
