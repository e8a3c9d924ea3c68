import pytest

from kilter.values.expectation import Expectation, Expected, Judgement, Reference, Ruling
from kilter.values.json_form import from_json, to_json


@pytest.mark.parametrize(
    ("said", "relation", "bound"),
    [
        (">= 0.9", ">=", 0.9),
        ("<0.05", "<", 0.05),
        ("  > -1.5e-3 ", ">", -0.0015),
        ("<=.5", "<=", 0.5),
        ("≥ 3", ">=", 3.0),
        ("≤ 7.", "<=", 7.0),
    ],
)
def test_a_relation_and_a_number_are_read(said, relation, bound):
    assert Expectation.read("accuracy", said) == Expectation(about="accuracy", relation=relation, bound=bound)


@pytest.mark.parametrize(
    "said",
    ["", "0.9", ">=", "= 0.9", ">= high", ">= 0.9 or so", "=> 0.9", "> inf", "> nan", "> 1e999", "> ٣", ">= 90 %"],
)
def test_anything_else_is_told_with_an_example(said):
    with pytest.raises(ValueError, match=r"a relation .* and a number, such as '>= 0.9'"):
        Expectation.read("accuracy", said)


def test_an_expectation_reads_as_it_was_written():
    assert str(Expectation.read("gap", "<0.05")) == "gap < 0.05"
    assert str(Expectation(about="beats", rival="linear")) == "beats linear"


def test_what_was_expected_comes_back_from_json():
    accuracy = Expectation.read("accuracy", ">= 0.9")
    seen = "0.95 [0.93, 0.97] on test, n = 400"
    judgement = Judgement(expectation=accuracy, ruling=Ruling.MET, seen=seen)
    expected = Expected(
        fingerprint="ab" * 32,
        expectations=(accuracy, Expectation(about="beats", rival="linear")),
        reasoning="It is easy.",
        references=(Reference(name="Somebody", metric="accuracy", score=0.97, source="a paper"),),
        judgements=(judgement,),
        changed="by hand",
    )

    assert from_json(Expected, to_json(expected)) == expected
    assert str(judgement) == f"accuracy >= 0.9: met ({seen})"
