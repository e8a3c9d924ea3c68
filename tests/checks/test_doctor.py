"""The doctor runs the preflight family and says each thing once."""

import torch
from torch import nn

from kilter.checks.doctor import check
from kilter.checks.preflight import PREFLIGHT_CHECKS
from kilter.checks.program import PROGRAM_CHECKS
from kilter.checks.program.probe import Effort
from kilter.testing.healthy.pipelines import over_numbers
from kilter.testing.planted.pipelines import PLANTED_PIPELINES
from kilter.testing.state import random_states, state_of
from kilter.values.finding import Severity
from kilter.values.pipeline import Pipeline


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


def test_a_pipeline_is_also_examined_as_the_program_that_it_is():
    examination = check(over_numbers(), effort=Effort.FULL)
    assert [finding for finding in examination.findings if finding.severity > Severity.NOTE] == []
    assert {check.name for check in PREFLIGHT_CHECKS} < set(examination.seconds)
    assert {check.name for check in PROGRAM_CHECKS} <= set(examination.seconds)


def test_what_both_families_say_of_a_pipeline_is_said_once():
    faults = {fault.name: fault for fault in PLANTED_PIPELINES}
    found = check(faults["a ReLU at the end"].make(), effort=Effort.FULL).findings
    assert [finding.causes[0] for finding in found].count("relu_on_output") == 1


def test_what_is_wrong_is_not_trained():
    faults = {fault.name: fault for fault in PLANTED_PIPELINES}
    examination = check(faults["deaf"].make(), effort=Effort.FULL)
    assert examination.worst is Severity.FAILURE
    assert set(examination.seconds) == {check.name for check in PREFLIGHT_CHECKS}


def test_a_step_that_breaks_later_is_told_though_the_first_ones_went_well():
    def make(seed):
        model = nn.Linear(4, 2)
        batches = [(torch.randn(8, 4), torch.full((8,), at % 2)) for at in range(5)]
        return model, torch.optim.SGD(model.parameters(), 0.1), nn.CrossEntropyLoss(), batches, None

    def step(model, optimizer, loss_fn, batch):
        optimizer.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1])
        loss.backward()
        if int(batch[1][0]):
            message = "odd"
            raise ValueError(message)
        optimizer.step()
        return loss

    found = check(Pipeline.from_loop(make, step=step, task="classification", classes=2)).findings
    assert [finding.seen for finding in found if finding.name == "probe-failed"] == ["`step` raised ValueError: odd."]


def forgetful(seed):
    torch.manual_seed(seed)
    model = torch.nn.Linear(4, 2)
    rows = torch.randn(64, 4)
    batches = [(rows[at : at + 8], (rows[at : at + 8, 0] > 0).long()) for at in range(0, 64, 8)]
    return model, torch.optim.SGD(model.parameters(), lr=0.1), torch.nn.CrossEntropyLoss(), batches, None


def without_clearing(model, optimizer, loss_fn, batch):
    loss = loss_fn(model(batch[0]), batch[1])
    loss.backward()
    optimizer.step()
    return loss


def test_what_is_proved_wrong_is_not_trained():
    program = Pipeline.from_loop(forgetful, step=without_clearing, task="classification", classes=2, epochs=2)
    full = check(program, effort=Effort.FULL)
    assert full.findings[0].causes == ("missing_zero_grad",)
    reasons = {skipped.name: skipped.reason for skipped in full.skipped}
    assert "mended first" in reasons["rows-by-heart"]
    assert "rows-by-heart" not in full.seconds


def test_what_is_well_is_trained():
    full = check(Pipeline.from_loop(forgetful, task="classification", classes=2, epochs=2), effort=Effort.FULL)
    assert "rows-by-heart" in full.seconds
