"""A rehearsal is the author's own training, told by its curves; it keeps to its time and leaves nothing behind."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from kilter.checks.curves import CURVE_CHECKS
from kilter.checks.doctor import check
from kilter.checks.program.probe import Effort
from kilter.engine.programs import make, train_step
from kilter.testing.healthy.pipelines import over_numbers
from kilter.testing.state import random_states, state_of
from kilter.training.fit import fit
from kilter.training.rehearsing import check_and_rehearse, judge, rehearse
from kilter.values.finding import Severity
from kilter.values.pipeline import Pipeline

EPOCHS, BATCHES = 3, 16


def parts(seed):
    torch.manual_seed(seed)
    rows = torch.randn(BATCHES * 8, 4)
    labels = (rows[:, 0] > 0).long()
    batches = [(rows[at : at + 8].clone(), labels[at : at + 8]) for at in range(0, len(rows), 8)]
    held = torch.randn(40, 4)
    model = nn.Linear(4, 2)
    valid = [(held, (held[:, 0] > 0).long())]
    return model, torch.optim.SGD(model.parameters(), lr=0.1), nn.CrossEntropyLoss(), batches, valid


def validate(model, loss_fn, loader):
    model.eval()
    with torch.no_grad():
        outputs = [(model(rows), labels) for rows, labels in loader]
    right = np.mean([float((given.argmax(-1) == labels).float().mean()) for given, labels in outputs])
    return float(np.mean([float(loss_fn(given, labels)) for given, labels in outputs])), right


def program(built=parts, **about):
    about = {"validate": validate, "task": "classification", "classes": 2, "epochs": EPOCHS} | about
    return Pipeline.from_loop(built, **about)


def test_it_records_the_authors_training_step_by_step_and_his_validation_after_each_epoch():
    history = rehearse(program(), seed=1).history
    made = make(program(), 1)
    losses = []
    for _ in range(EPOCHS):
        losses += [float(train_step(program(), made, batch)) for batch in made.train]
    loss, metric = validate(made.model, made.loss_fn, made.valid)

    assert history["train.loss"].values.tolist() == losses
    assert history["train.epoch"].values.tolist() == [epoch for epoch in range(EPOCHS) for _ in range(BATCHES)]
    assert history["valid.loss"].steps.tolist() == [BATCHES * (epoch + 1) for epoch in range(EPOCHS)]
    assert history.last("valid.loss") == loss
    assert history.last("valid.metric") == metric


def test_a_metric_of_which_less_is_better_is_an_error():
    history = rehearse(program(higher_is_better=False)).history

    assert "valid.error" in history
    assert "valid.metric" not in history


def test_what_happens_after_an_epoch_happens():
    ends = []
    rehearse(program(epoch_end=lambda _model, _optimizer, epoch: ends.append(epoch)))

    assert ends == [0, 1, 2]


def test_random_states_are_left_alone():
    before = random_states()
    rehearse(program())

    assert random_states() == before


def slow(model, optimizer, loss_fn, batch):
    time.sleep(0.02)
    return float(loss_fn(model(batch[0]), batch[1]))


def hanging(_model, _loss_fn, _loader):
    time.sleep(60)
    return 0.0, 0.0


def test_a_training_that_takes_too_long_is_cut_and_says_so():
    rehearse(program(epochs=1))  # what torch imports with the first step takes its own time
    rehearsal = rehearse(program(epochs=10**7), seconds=4)

    assert 0 < rehearsal.history.step < 10**7 * BATCHES
    assert f"cut after 4 s at step {rehearsal.history.step:,}" in rehearsal.cut
    examination = judge(rehearsal)
    assert any(each.name == "rehearsal" and "cut after" in each.reason for each in examination.skipped)
    assert "still-improving" not in examination.seconds
    assert "divergence" in examination.seconds


def test_what_hangs_is_interrupted():
    rehearse(program(epochs=1))  # as above
    began = time.monotonic()
    rehearsal = rehearse(program(validate=hanging), seconds=4)

    assert time.monotonic() - began < 50
    assert "cut after" in rehearsal.cut
    assert len(rehearsal.history["train.loss"]) == BATCHES


def test_the_clock_is_read_in_other_threads_too():
    said = []
    thread = threading.Thread(target=lambda: said.append(rehearse(program(step=slow, epochs=1000), seconds=0.2)))
    thread.start()
    thread.join(30)

    assert "cut after" in said[0].cut


def test_where_nobody_says_how_long_it_is_one_epoch_is_trained():
    rehearsal = rehearse(program(epochs=None))

    assert rehearsal.history.step == BATCHES
    assert "give `epochs`" in rehearsal.cut


def test_an_error_ends_it_and_what_was_recorded_is_kept():
    def breaks(model, loss_fn, _loader):
        message = "the file is gone"
        raise OSError(message)

    rehearsal = rehearse(program(validate=breaks))

    assert [finding.seen for finding in rehearsal.findings] == ["`breaks` raised OSError: the file is gone."]
    assert len(rehearsal.history["train.loss"]) == BATCHES
    assert "broke after step 16" in rehearsal.cut
    assert judge(rehearsal).findings[0].name == "probe-failed"


def test_a_pipeline_is_trained_as_fit_trains_it():
    pipeline = over_numbers()
    before = state_of(pipeline)
    rehearsal = rehearse(pipeline)

    assert rehearsal.cut == ""
    assert np.array_equal(rehearsal.history["train.loss"].values, fit(pipeline).history["train.loss"].values)
    assert state_of(pipeline) == before


def test_a_pipeline_that_takes_too_long_is_cut():
    pipeline = over_numbers()
    pipeline = replace(pipeline, recipe=pipeline.recipe.replace("train.length", "1000000st"))

    assert "cut after 1 s" in rehearse(pipeline, seconds=1).cut


def test_what_no_probe_meets_is_seen_in_the_curves():
    def ends(model, _optimizer, epoch):
        if epoch == 1:
            with torch.no_grad():
                model.weight.fill_(float("inf"))

    late = program(epoch_end=ends)
    assert [finding for finding in check(late).findings if finding.severity > Severity.NOTE] == []
    said = check_and_rehearse(late, effort=Effort.QUICK)

    assert said.worst is Severity.FAILURE
    assert said.findings[0].name == "not-a-number"
    assert said.seconds["rehearsal"] > 0


def test_a_healthy_training_is_left_in_peace():
    said = check_and_rehearse(program(), effort=Effort.QUICK)

    assert [finding for finding in said.findings if finding.severity > Severity.NOTE] == []
    assert {check.name for check in CURVE_CHECKS} <= set(said.seconds)


def forgetful(model, optimizer, loss_fn, batch):
    loss = loss_fn(model(batch[0]), batch[1])
    loss.backward()
    optimizer.step()
    return loss


def test_what_is_proved_wrong_is_not_rehearsed():
    said = check_and_rehearse(program(step=forgetful), effort=Effort.QUICK)

    assert said.findings[0].causes == ("missing_zero_grad",)
    assert "rehearsal" not in said.seconds
    assert any(each.name == "rehearsal" and "mended first" in each.reason for each in said.skipped)


@pytest.mark.parametrize("subject", [program(), over_numbers()], ids=["program", "pipeline"])
def test_advice_is_tried_after_the_rehearsal(subject):
    said = check_and_rehearse(subject, effort=Effort.QUICK, prove=True)

    assert all("proved" not in finding.evidence for finding in said.findings if finding.severity is Severity.NOTE)
