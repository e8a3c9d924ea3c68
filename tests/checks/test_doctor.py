"""The doctor runs the preflight family and says each thing once."""

from kilter.checks.doctor import check
from kilter.checks.preflight import PREFLIGHT_CHECKS
from kilter.testing.healthy.pipelines import over_numbers
from kilter.testing.state import random_states, state_of
from kilter.values.finding import Severity


def _refuses(model, batch):
    message = "the mask is missing"
    raise KeyError(message)


def test_a_healthy_pipeline_has_no_finding_and_every_check_its_time():
    pipeline = over_numbers()
    before, randomness = state_of(pipeline), random_states()
    examination = check(pipeline)
    assert examination.findings == ()
    assert set(examination.seconds) == {check.name for check in PREFLIGHT_CHECKS}
    assert state_of(pipeline) == before
    assert random_states() == randomness


def test_an_error_of_the_persons_code_is_one_finding_though_every_probe_meets_it():
    examination = check(over_numbers(forward=_refuses))
    failed = [finding for finding in examination.findings if finding.name == "probe-failed"]
    assert len(failed) == 1
    assert failed[0].severity is Severity.FAILURE
    assert failed[0].seen == "`_refuses` raised KeyError: 'the mask is missing'."
    assert failed[0].where[0].startswith("test_doctor.py:")


def test_a_time_limit_is_kept():
    examination = check(over_numbers(), seconds_each=0.001)
    assert any("longer than" in skipped.reason for skipped in examination.skipped)
