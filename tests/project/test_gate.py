import pytest

from kilter.project.gate import THRESHOLDS, stopping
from kilter.values.finding import Finding, Severity

FOUND = tuple(
    Finding(code=f"D{number}", name=severity.word, severity=severity, seen="Seen.", advice="Do.")
    for number, severity in enumerate((Severity.WARNING, Severity.FAILURE, Severity.NOTE))
)


@pytest.mark.parametrize(
    ("fail_on", "names"), [("failure", ["failure"]), ("warning", ["warning", "failure"]), ("off", [])]
)
def test_what_stops_the_way(fail_on, names):
    assert [finding.name for finding in stopping(FOUND, fail_on)] == names


def test_a_note_never_stops_the_way():
    assert [stopping(FOUND[2:], fail_on) for fail_on in THRESHOLDS] == [(), (), ()]


def test_the_thresholds_are_those_of_the_project_file():
    from typing import get_args

    from kilter.project.schema import Gate

    assert set(get_args(Gate.model_fields["fail_on"].annotation)) == set(THRESHOLDS)
