"""The ids of a batch in what was found about it."""

import torch

from kilter.training.batch_names import NAMED, named, words
from kilter.values.finding import Finding, Severity

ABOUT = Finding(
    code="X101",
    name="x",
    severity=Severity.NOTE,
    seen="It is.",
    advice="Look.",
    where=("step 3",),
    evidence={"batch": 3},
)


def test_a_findings_batch_is_named():
    assert named(ABOUT, {3: ("a", "b")}.__getitem__).where == ("step 3", "a", "b")
    assert named(ABOUT, {3: ("a", "b", "c")}.__getitem__, rows=[1, 9]).where == ("step 3", "b")
    assert named(ABOUT, lambda _: (), rows=[1]).where == ("step 3", "row 1 of the batch")
    assert len(named(ABOUT, lambda _: tuple(map(str, range(1000)))).where) == NAMED + 1


def test_what_cannot_be_named_stays_as_it_is():
    assert named(ABOUT, lambda _: ()) is ABOUT
    other = Finding(code="X101", name="x", severity=Severity.NOTE, seen="It is.", advice="Look.")
    assert named(other, lambda _: ("a",)) is other


def test_ids_in_any_form():
    assert words([torch.tensor([1, 2]), ("a",), "b", 7]) == ("1", "2", "a", "b", "7")
