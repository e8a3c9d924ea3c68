"""The command that proves that a training goes on exactly."""

import pytest

from kilter.project import resumption
from kilter.values.errors import TrainingError
from kilter.values.finding import Examination, Finding, Severity

HIDDEN = Finding(
    code="T103",
    name="state-outside-state-dict",
    severity=Severity.FAILURE,
    seen="What this model keeps outside its state_dict is not saved: layer.calls.",
    advice="Register it as a buffer.",
    where=("layer.calls",),
)


@pytest.fixture
def proved(monkeypatch):
    """Stands for the three trainings: what they find, and what was asked for."""
    asked = []

    def answer(*findings):
        def prove(subject, **options):
            options.pop("told")("training without a break …")
            asked.append((subject, options))
            return Examination(findings=findings, seconds={"check-resume": 1.5})

        monkeypatch.setattr(resumption, "check_resume", prove)
        return asked

    return answer


def test_what_goes_on_exactly_is_exit_code_0(kilter, proved):
    asked = proved()
    ended = kilter("check-resume", "p/kilter.yaml", "--steps", "5", "--set", "train.seed=3")
    assert ended.code == 0
    assert "k + k steps equal 2k steps to the last bit" in " ".join(ended.out.split())
    assert asked == [("p/kilter.yaml", {"steps": 5, "overrides": ("train.seed=3",)})]
    assert ended.err.splitlines() == ["training without a break …"]


def test_quiet_says_nothing_on_the_way(kilter, proved):
    proved()
    assert kilter("check-resume", "--quiet").err == ""


def test_what_differs_is_named_and_exit_code_1(kilter, proved):
    proved(HIDDEN)
    ended = kilter("check-resume")
    assert ended.code == 1
    assert "layer.calls" in ended.out


def test_as_json(kilter, proved):
    proved(HIDDEN)
    ended = kilter("check-resume", "--json", "--gate", "off")
    assert ended.code == 0
    assert ended.document["command"] == "check-resume"
    assert [finding["code"] for finding in ended.document["findings"]] == ["T103"]


def test_a_training_that_fails_is_exit_code_4(kilter, monkeypatch):
    def fail(*_given, **_options):
        raise TrainingError("it failed")

    monkeypatch.setattr(resumption, "check_resume", fail)
    ended = kilter("check-resume")
    assert ended.code == 4
    assert "it failed" in ended.err
