import math

import pytest
import torch

from kilter.training.checkpoints import newest
from kilter.training.events import Evaluated, Finished, StepDone, Stop
from kilter.training.fit import ask, fit, plan, record
from kilter.values.errors import RecipeError
from kilter.values.finding import Finding, Severity
from kilter.values.history import History


class Teller:
    def __init__(self):
        self.events, self.flushed = [], []

    def see(self, event, history):
        self.events.append(event)

    def flush(self):
        self.flushed.append(len(self.events))


def weights(fitted):
    return {name: tensor.clone() for name, tensor in fitted.model.state_dict().items()}


def same(one, other):
    return all(torch.equal(tensor, other[name]) for name, tensor in one.items())


def without_clock(history):
    return {
        name: (history[name].steps.tolist(), history[name].values.tolist())
        for name in history
        if name != "clock.seconds"
    }


def test_a_model_learns_and_the_best_weights_are_kept(make_pipeline):
    pipeline = make_pipeline(train={"length": "20ep"}, optimizer={"learning_rate": 0.03})
    fitted = fit(pipeline)
    losses = fitted.history["valid.loss"]
    assert losses.values.min() < losses.values[0] / 2
    assert fitted.best_step == losses.steps[losses.values.argmin()]
    assert (fitted.step, fitted.reason, fitted.failed) == (80, "all steps done", False)
    assert not fitted.model.training


def test_the_same_seed_gives_the_same_run_and_another_seed_another(make_pipeline):
    one, again, other = (
        fit(make_pipeline(dropout=0.3, noise=0.1, train={"length": "3ep", "seed": seed})) for seed in (1, 1, 2)
    )
    assert same(weights(one), weights(again))
    assert without_clock(one.history) == without_clock(again.history)
    assert not same(weights(one), weights(other))


def test_workers_and_accumulation_change_nothing_that_they_should_not(make_pipeline):
    sections = {"train": {"length": "3ep"}}
    alone = fit(make_pipeline(dropout=0.3, noise=0.1, **sections))
    helped = fit(make_pipeline(dropout=0.3, noise=0.1, batch={"size": 64, "workers": 2}, **sections))
    assert same(weights(alone), weights(helped))
    assert without_clock(alone.history) == without_clock(helped.history)
    whole = fit(make_pipeline(size=16, **sections))
    parts = fit(make_pipeline(size=4, batch={"size": 64, "accumulate": 4}, **sections))
    torch.testing.assert_close(weights(whole), weights(parts), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("stop_at", [3, 4, 7, 8, 11])
def test_a_training_goes_on_exactly_where_it_was_stopped(make_pipeline, tmp_path, stop_at, workers):
    def made():
        sections = {"train": {"length": "3ep"}, "save": {"every": "1st"}, "batch": {"size": 64, "workers": workers}}
        return make_pipeline(dropout=0.5, noise=0.2, **sections)

    whole = fit(made())

    def stopping(event, history):
        return Stop("enough") if isinstance(event, StepDone) and event.step == stop_at else None

    first = fit(made(), folder=tmp_path, hooks=(stopping,))
    start = newest(tmp_path)
    second = fit(made(), folder=tmp_path, start=start, history=first.history.until(start.step))
    assert start.step == stop_at
    assert same(weights(whole), weights(second))
    assert without_clock(whole.history) == without_clock(second.history) or stop_at in {4, 8}


def test_events_come_in_order_and_everything_is_flushed_before_a_checkpoint(make_pipeline, tmp_path):
    teller = Teller()
    fit(make_pipeline(train={"length": "2ep"}), folder=tmp_path, observers=[teller])
    kinds = [type(event) for event in teller.events]
    assert kinds == [*[StepDone] * 4, Evaluated, *[StepDone] * 4, Evaluated, Finished]
    assert teller.flushed == [5, 10, 11]
    assert [event.evaluation_follows for event in teller.events if isinstance(event, StepDone)] == [
        False,
        False,
        False,
        True,
    ] * 2


def test_a_loss_that_is_no_number_ends_the_training_with_the_last_good_weights(make_pipeline):
    pipeline = make_pipeline(
        train={"length": "5ep", "clip_norm": None}, optimizer={"name": "sgd", "learning_rate": 1e30}
    )
    fitted = fit(pipeline)
    assert fitted.failed
    assert "step" in fitted.reason
    assert all(torch.isfinite(tensor).all() for tensor in fitted.model.state_dict().values())


def test_early_stopping_ends_the_training(make_pipeline):
    fitted = fit(make_pipeline(train={"length": "50ep"}, stop={"threshold": 100.0}))
    assert (fitted.step, fitted.reason) == (
        4,
        f"valid.loss reached {fitted.history.last('valid.loss'):.4g} (threshold 100)",
    )


def test_a_run_by_the_clock_ends_and_says_why(make_pipeline):
    fitted = fit(make_pipeline(train={"length": "0.2s"}, schedule="constant"))
    assert fitted.reason == "train.length = 0.2s has passed"


def test_without_a_validation_split_the_last_weights_are_taken(make_pipeline):
    pipeline = make_pipeline(train={"length": "2ep"})
    alone = type(pipeline)(
        task=pipeline.task,
        make_model=pipeline.make_model,
        splits={"train": pipeline.splits["train"]},
        recipe=pipeline.recipe,
    )
    assert fit(alone).best_step == 8


def test_a_schedule_that_does_not_fit_is_an_error(make_pipeline):
    with pytest.raises(RecipeError, match="warmup takes 100 steps, and the whole run has 8"):
        plan(make_pipeline(train={"length": "2ep"}, schedule={"name": "cosine", "warmup": "100st"}))


def test_hooks_are_asked_once_and_the_first_stop_counts():
    finding = Finding(code="C1", name="x", severity=Severity.NOTE, seen="s", advice="a")
    answers = [None, Stop("first"), finding, Stop("second")]
    stop, findings = ask(
        [lambda _event, _history, answer=answer: answer for answer in answers], Finished(0, ""), History()
    )
    assert (stop, findings) == (Stop("first"), (finding,))


def test_what_is_recorded():
    history = record(StepDone(3, 1, 0.5, 2.0, 0.01), History(), 7.0)
    history = record(Evaluated(3, 1, "valid", {"loss": 0.4}), history, 8.0)
    assert history.last("clock.seconds") == 7.0
    assert history.last("valid.loss") == 0.4
    assert math.isclose(history.last("train.gradient_norm"), 2.0)
    assert record(Finished(3, "done"), history, 9.0) is history
