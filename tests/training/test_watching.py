"""Watching a loop that somebody else wrote."""

import logging
import math

import numpy as np
import pytest
import torch
from torch import nn

from kilter.testing.state import random_states
from kilter.training.watching import watch
from kilter.values.errors import UsageError
from kilter.values.finding import Severity


def rows(count=640):
    """Points of four kinds, and their kinds."""
    draw = torch.Generator().manual_seed(3)
    kinds = torch.randint(0, 4, (count,), generator=draw)
    return torch.eye(4)[kinds].repeat(1, 4) + 0.8 * torch.randn(count, 16, generator=draw), kinds


def train(change=lambda *_: None, *, watched=True, steps=200, ids=True, name="x", **options):
    """The plain loop; the watch and the model's weights at its end. `change` may alter the batch or anything else."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 4))
    optimizer, loss_fn = torch.optim.Adam(model.parameters(), lr=3e-3), nn.CrossEntropyLoss()
    points, kinds = rows()
    draw = torch.Generator().manual_seed(1)
    order = torch.cat([torch.randperm(len(points), generator=draw) for _ in range(-(-steps * 32 // len(points)))])

    def loop(watching=None):
        for step in range(1, steps + 1):
            chosen = order[32 * (step - 1) : 32 * step]
            inputs, targets = points[chosen].clone(), kinds[chosen]
            batch = chosen, inputs, targets
            chosen, inputs, targets = change(step, batch, model, optimizer) or batch
            if watching is not None and ids:
                watching.batch(ids=[f"{name}#{row}" for row in chosen.tolist()])
            optimizer.zero_grad()
            loss_fn(model(inputs), targets).backward()
            optimizer.step()
            if step % 20 == 0:
                model.eval()
                with torch.no_grad():
                    loss_fn(model(points[:100]), kinds[:100])
                model.train()
            if watching is not None and watching.findings:
                firsts.append((step, watching.findings))

    firsts = []
    if not watched:
        loop()
        return None, model.state_dict(), firsts
    with watch(model, optimizer, loss_fn, **options) as watching:
        loop(watching)
    return watching, model.state_dict(), firsts


def test_weights_and_random_states_are_the_same_with_and_without():
    _, alone, _ = train(watched=False)
    states = random_states()
    watching, weights, _ = train()
    assert all(torch.equal(weights[name], alone[name]) for name in alone)
    assert str(random_states()) == str(states)
    assert watching.findings == () or max(f.severity for f in watching.findings) == Severity.NOTE


def test_curves_of_a_whole_training():
    history = train()[0].history
    assert history["train.loss"].steps.tolist() == list(range(1, 201))
    assert history["valid.loss"].steps.tolist() == list(range(20, 201, 20))
    assert np.all(history["train.learning_rate"].values == 3e-3)
    assert history["train.loss"].values[-20:].mean() < history["train.loss"].values[:20].mean()
    assert history.last("valid.loss") < 1.0
    assert {"train.gradient_norm", "train.batch", "train.input", "moving/0.weight", "gradient/0.weight"} <= {*history}
    assert "gradient/0.weight" not in train(steps=30, layers=False)[0].history


def none_in_a_row(step, batch, *_):
    if step == 120:
        batch[1][5, 3] = math.nan
    return batch


def poisoned(step, batch, *_):
    if step == 120:
        batch[1][7] = 40 * torch.randn(16, generator=torch.Generator().manual_seed(0))
    return batch


def raised(step, batch, _model, optimizer):
    if step == 120:
        optimizer.param_groups[0]["lr"] = 1.0
    return batch


def frozen(step, batch, model, _optimizer):
    if step == 120:
        model[0].requires_grad_(requires_grad=False)
    return batch


class Stuck:
    """From some step on the same batch."""

    held = None

    def __call__(self, step, batch, *_):
        self.held = batch if step == 120 else self.held
        return self.held or batch


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("odd-batch", none_in_a_row),
        ("odd-batch", poisoned),
        ("rate-jump", raised),
        ("frozen-midway", frozen),
        ("repeated-batch", Stuck()),
    ],
)
def test_a_fault_is_found_within_fifty_steps_with_the_ids_of_its_batch(name, fault):
    watching, _, firsts = train(fault)
    seen = [(step, finding) for step, found in firsts for finding in found if finding.name == name]
    step, finding = next((step, each) for step, each in seen if each.severity >= Severity.WARNING)
    assert 120 <= step <= 170
    if "batch" in name:
        assert any(place.startswith("x#") for place in finding.where)
    assert name in {each.name for each in watching.findings}


def test_the_very_row_is_named_or_its_place():
    named = next(f for f in train(none_in_a_row)[0].findings if f.name == "odd-batch")
    assert len(named.where) == 2
    assert named.where[1].startswith("x#")
    nameless = next(f for f in train(none_in_a_row, ids=False)[0].findings if f.name == "odd-batch")
    assert nameless.where == ("step 120", "row 5 of the batch")


def test_findings_are_told_once_each_at_the_level_of_their_severity(caplog):
    with caplog.at_level(logging.INFO, logger="kilter"):
        train(none_in_a_row)
    told = [record for record in caplog.records if "odd-batch" in record.getMessage()]
    assert [record.levelno for record in told] == [logging.ERROR]
    assert "Where: step 120, x#" in told[0].getMessage()


def test_a_quiet_one_only_records(caplog):
    with caplog.at_level(logging.DEBUG, logger="kilter"):
        watching, _, firsts = train(none_in_a_row, quiet=True, steps=130, ids=False)
    assert not caplog.records
    assert any(f.code == "C134" for f in watching.examination.findings)
    assert firsts  # what is asked for is judged


def test_numbers_of_the_loop_stand_at_its_step():
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer) as watching:
        for _ in range(3):
            model(torch.ones(1, 2)).sum().backward()
            optimizer.step()
        watching.record({"valid.accuracy": 0.5})
    assert watching.history["valid.accuracy"].steps.tolist() == [3]


def test_an_error_of_the_loop_goes_through_and_what_was_seen_stays():
    watching = None

    def dies():
        nonlocal watching
        model = nn.Linear(2, 1)
        with watch(model) as watching:
            model(torch.ones(1, 2)).sum().backward()
            torch.optim.SGD(model.parameters(), lr=0.1).step()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        dies()
    assert len(watching.history["train.loss"]) == 1
    assert watching.examination.skipped


def test_what_is_no_model_or_no_optimizer_is_told():
    with pytest.raises(UsageError, match="no model"), watch(print):
        pass
    with pytest.raises(UsageError, match="no optimizer"), watch(nn.Linear(1, 1), [3]):
        pass
