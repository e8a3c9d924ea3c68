import numpy as np
import pytest

from kilter.data.preprocessing import Preprocessing
from kilter.data.settings import PreprocessingSettings
from kilter.project.as_encoded import with_coverage
from kilter.values.finding import Examination, Severity
from kilter.values.table import Dataset, Field, Kind, Schema, Table

SCHEMA = Schema(inputs=(Field(name="text", kind=Kind.TEXT),), target="y", target_kind=Kind.CATEGORY)
NOTHING = Examination(findings=())


def rows(split, *texts):
    return Table(columns={"text": np.array(texts, dtype=object)}, ids=tuple(f"{split}:{n}" for n in range(len(texts))))


def found(train, test, **settings):
    splits = {"train": rows("train", *train), "test": rows("test", *test)}
    preprocessing = Preprocessing.fit(splits["train"], SCHEMA, PreprocessingSettings(minimum_count=1, **settings))
    return with_coverage(NOTHING, preprocessing, Dataset(splits=splits, schema=SCHEMA)).findings


def test_texts_that_are_whole_and_known_say_nothing():
    assert found(["a b", "c"], ["c a"]) == ()


def test_a_few_unknown_words_are_a_note():
    (finding,) = found(["a b c d e f g h"], ["a b c d e f g", "h a b zebra"])
    assert finding.severity is Severity.NOTE
    assert finding.causes == ()
    assert finding.seen == "In train 0 % of 8 words are unknown; in test 9.1 % of 11 words are unknown."
    assert finding.evidence["test"]["most unknown"] == ["zebra"]


@pytest.mark.parametrize(
    ("test", "cause", "remedy"),
    [
        (["x y z a"], "vocabulary_mismatch", "preprocessing.minimum_count"),
        (["a " * 20, "a"], "truncated_inputs", "Raise `preprocessing.longest`"),
    ],
)
def test_much_is_a_warning_that_says_what_to_do(test, cause, remedy):
    (finding,) = found(["a b c d e f"], test, longest=8)
    assert finding.severity is Severity.WARNING
    assert finding.causes == (cause,)
    assert remedy in finding.advice
    assert finding.where == (() if cause == "vocabulary_mismatch" else ("test:0",))


def test_inputs_that_are_no_texts_say_nothing():
    table = Table(columns={"n": np.arange(3.0)}, ids=("a", "b", "c"))
    schema = Schema(inputs=(Field(name="n", kind=Kind.NUMBER),), target="y", target_kind=Kind.CATEGORY)
    preprocessing = Preprocessing.fit(table, schema, PreprocessingSettings())
    assert with_coverage(NOTHING, preprocessing, Dataset(splits={"train": table}, schema=schema)) == NOTHING


def test_more_room_is_no_remedy_where_only_held_out_rows_are_longer():
    (finding,) = found(["a b"], ["a b a b"])
    assert finding.advice.startswith("Longer rows than training has are cut to its longest")
