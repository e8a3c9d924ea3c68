"""Labels that are probably one label."""

from collections import Counter

import pytest

from kilter.checks.data.label_spelling import LabelSpelling
from kilter.testing.tables import column, dataset
from kilter.values.finding import Severity, Skipped
from kilter.values.table import Kind


def examined(counts, **thresholds):
    labels = [label for label, count in counts.items() for _ in range(count)]
    columns = {"text": column([f"text {at}" for at in range(len(labels))]), "y": column(labels)}
    made = dataset(columns, {"text": Kind.TEXT}, shares={"train": 1.0}, shuffled=False)
    return [(row[0], row[2]) for said in LabelSpelling(**thresholds).examine(made) for row in said.evidence["labels"]]


@pytest.mark.parametrize("slip", ["NMU", "NUMM", "NM", "MUM", "NUN"])
def test_a_slip_of_the_keyboard_is_suspicious(slip):
    assert examined({"NUM": 40, "ABBR": 30, "ENTY": 30, slip: 1}) in ([(slip, "NUM")], [])
    assert (examined({"NUM": 40, "ABBR": 30, "ENTY": 30, slip: 1}) == [(slip, "NUM")]) == (len(slip) > 2)


@pytest.mark.parametrize("written", ["num", "NUM ", " Num", "N-UM", "N_um"])
def test_another_way_of_writing_is_suspicious_however_frequent(written):
    assert examined({"NUM": 40, "ABBR": 30, written: 35}) == [(written, "NUM")]


@pytest.mark.parametrize(
    "counts",
    [
        {"cat": 30, "car": 25},  # both frequent
        {"level1": 300, "level2": 3},  # a digit is a number
        {"a": 30, "A": 30},  # what is to be told apart
        {"en": 300, "es": 2},  # two letters are codes
        {"male": 100, "female": 100},
        {"top_up": 90, "top_up_limit": 2},
    ],
    ids="/".join,
)
def test_two_labels_are_two(counts):
    assert examined(counts) == []


def test_among_codes_no_edit_is_suspicious_unless_asked():
    codes = {"AUS": 300, "AUT": 250, "BEL": 200, "BEN": 180, "AUX": 5}
    assert examined(codes) == []
    assert examined(codes, codes=2.0) == [("AUX", "AUS")]


def test_a_rare_label_is_taken_for_its_most_frequent_neighbour():
    assert examined({"HUM": 90, "NUM": 40, "ABBR": 50, "ENTY": 50, "DESC": 50, "BUM": 1}) == [("BUM", "HUM")]


def test_rows_of_wrong_labels_are_named_and_amounts_skipped():
    columns = {"x": column(["a b", "c d", "e f"]), "y": column(["Yes", "yes", "yes"])}
    (finding,) = LabelSpelling().examine(dataset(columns, {"x": Kind.TEXT}, shares={"train": 1.0}, shuffled=False))
    assert finding.where == ("train.csv:2",)
    amounts = dataset({"x": column(["a", "b"]), "y": column([1.0, 2.0])}, {"x": Kind.TEXT}, target_kind=Kind.NUMBER)
    assert isinstance(next(LabelSpelling().examine(amounts)), Skipped)


def test_the_distance_is_that_of_one_edit_and_not_two():
    assert Counter(examined({"arrival": 90, "arival": 2, "arrivla": 2, "arrrival": 2, "ariva": 2})) == Counter(
        {("arival", "arrival"): 1, ("arrivla", "arrival"): 1, ("arrrival", "arrival"): 1}
    )


def test_a_rare_way_of_writing_is_a_failure_and_a_slip_a_warning():
    of = {}
    for written in ("Location", "LOCATIN"):
        labels = column(["LOCATION"] * 30 + [written] + ["NUM"] * 30)
        made = dataset({"x": column(["a"] * 61), "y": labels}, {"x": Kind.TEXT}, shares={"train": 1.0})
        (finding,) = LabelSpelling().examine(made)
        of[written] = finding.severity
    assert of == {"Location": Severity.FAILURE, "LOCATIN": Severity.WARNING}
