from dataclasses import replace
from functools import partial

import pytest
import torch

from kilter.engine.forwarding import forward
from kilter.training.checkpoints import newest
from kilter.training.clock import Clock
from kilter.training.events import Counted, Evaluated, StepDone, Stop
from kilter.training.fit import fit
from kilter.training.sitting import looks, scale
from kilter.values.errors import RecipeError
from kilter.values.finding import Finding, Severity
from kilter.values.history import History
from kilter.values.recipe import Recipe

# Layers are measured in each step, however slow the machine is: what is recorded hangs on no clock.
each_step = partial(fit, measuring=1e6)


class Ticking:
    """A clock that says at each look that so many seconds have gone by since the last one."""

    def __init__(self, monkeypatch, seconds):
        self.now, self.tick = 0.0, seconds
        monkeypatch.setattr(Clock, "seconds", lambda _clock: self.look())
        monkeypatch.setattr(Clock, "__init__", lambda _clock, already: self.begin(already))

    def begin(self, already):
        self.now = already

    def look(self):
        self.now += self.tick
        return self.now


def losing(pipeline, *steps, weightless=False):
    """The pipeline with a loss of so many training steps, counted from 1, that is no number, or weighs nothing."""
    calls = 0

    def lost(model, batch):
        nonlocal calls
        outputs = forward(replace(pipeline, forward=None), model, batch)
        calls += model.training
        if model.training and calls in steps:
            if weightless:
                batch.weight.zero_()
                return outputs
            return outputs * float("nan")
        return outputs

    return replace(pipeline, forward=lost)


def weights(fitted):
    return {name: tensor.clone() for name, tensor in fitted.model.state_dict().items()}


def same(one, other):
    return all(torch.equal(tensor, other[name]) for name, tensor in one.items())


def without_clock(history):
    return {
        name: (history[name].steps.tolist(), history[name].values.tolist())
        for name in history
        if not name.startswith("clock.")
    }


def test_the_model_as_it_was_made_is_evaluated_kept_and_the_best_of_a_run_that_only_gets_worse(make_pipeline, tmp_path):
    pipeline = make_pipeline(
        train={"length": "2ep"},
        optimizer={"name": "sgd", "learning_rate": 100.0, "momentum": 0.0},
        schedule="constant",
    )
    fitted = fit(pipeline, folder=tmp_path)
    losses = fitted.history["valid.loss"]
    assert losses.steps.tolist() == [0, 4, 8]
    assert losses.values[0] < min(losses.values[1:])
    assert fitted.best_step == 0
    torch.manual_seed(0)
    assert same(weights(fitted), pipeline.make_model().state_dict())
    assert [sampled.step for sampled in fitted.samples] == [0, 4, 8]


def test_a_training_that_was_stopped_before_its_first_step_goes_on_from_there(make_pipeline, tmp_path):
    def made():
        return make_pipeline(dropout=0.5, noise=0.2, train={"length": "2ep"})

    whole = each_step(made())
    first = each_step(made(), folder=tmp_path, hooks=(lambda _event, _history: Stop("enough"),))
    start = newest(tmp_path)
    assert (first.step, first.best_step, start.step) == (0, 0, 0)
    second = each_step(made(), folder=tmp_path, start=start, history=first.history)
    assert same(weights(whole), weights(second))
    assert without_clock(whole.history) == without_clock(second.history)


def test_evaluations_by_the_clock_come_in_the_step_after_and_a_resumed_run_has_the_same(
    make_pipeline, tmp_path, monkeypatch
):
    def made():
        return make_pipeline(dropout=0.5, train={"length": "20st", "evaluate_every": "10s"}, save={"every": "5s"})

    Ticking(monkeypatch, 3.0)
    kept = []

    class Watching:
        def see(self, event, history):
            if isinstance(event, Counted):
                kept.append(event.step)

        def flush(self):
            pass

    def stopping(event, history):
        return Stop("enough") if isinstance(event, StepDone) and event.step == stop_at else None

    whole = fit(made(), observers=[Watching()], measuring=0)
    clock = whole.history["clock.seconds"]
    seconds = dict(zip(clock.steps.tolist(), clock.values.tolist(), strict=True))
    evaluated = whole.history["valid.loss"].steps.tolist()
    crossed = [step + 1 for step in range(1, 20) if seconds[step] // 10 > seconds.get(step - 1, 0) // 10]
    assert evaluated == [0, *crossed, *([20] if 20 not in crossed else [])]
    saved = {step for step in range(1, 21) if seconds[step] // 5 > seconds.get(step - 1, 0) // 5}
    assert saved <= set(kept)

    for stop_at in (crossed[0] - 1, crossed[0], crossed[0] + 1):  # also between the clock's word and the evaluation
        folder = tmp_path / str(stop_at)
        first = fit(made(), folder=folder, hooks=(stopping,), measuring=0)
        looked = first.history["valid.loss"].steps.tolist()
        second = fit(made(), folder=folder, start=newest(folder), history=first.history, measuring=0)
        assert (crossed[0] in looked) == (stop_at >= crossed[0])
        assert crossed[0] in second.history["valid.loss"].steps.tolist()
        assert second.history["train.loss"].values.tolist() == whole.history["train.loss"].values.tolist()


def test_a_run_by_the_clock_evaluates_its_last_step(make_pipeline, monkeypatch):
    Ticking(monkeypatch, 4.0)
    fitted = fit(make_pipeline(train={"length": "1min", "evaluate_every": "100ep"}, schedule="constant"), measuring=0)
    assert fitted.reason == "train.length = 1min has passed"
    assert fitted.history["valid.loss"].steps.tolist() == [0, fitted.step]
    before, last = fitted.history["clock.seconds"].values[-2:]
    assert before >= 60.0 > fitted.history["clock.seconds"].values[-3]
    assert last > 60.0


def test_a_step_that_is_no_number_ends_the_run_or_is_left_out_as_the_recipe_says(make_pipeline, caplog):
    def made(**train):
        return losing(make_pipeline(train={"length": "2ep", **train}, schedule="constant"), 3, 6)

    stopped, skipped = fit(made()), fit(made(not_finite="skip"))
    assert (stopped.failed, stopped.step) == (True, 3)
    assert (skipped.failed, skipped.step) == (False, 8)
    counts = skipped.history["train.skipped"]
    assert (counts.steps.tolist(), counts.values.tolist()) == ([3, 6], [1.0, 2.0])
    assert set(skipped.history["train.learning_rate"].values.tolist()) == {1e-3}
    assert "step 3 made no update: its loss is nan" in caplog.text
    assert "its examples: " in caplog.text
    backing = fit(made(not_finite="back_off"))
    assert backing.history["train.learning_rate"].values.tolist() == [1e-3] * 3 + [5e-4] * 3 + [2.5e-4] * 2
    assert all(torch.isfinite(tensor).all() for tensor in backing.model.state_dict().values())


def test_so_many_in_a_row_end_the_run_after_all(make_pipeline):
    train = {"length": "2ep", "not_finite": "skip", "skips": 2}
    fitted = fit(losing(make_pipeline(train=train), 2, 4, 5, 6))
    assert (fitted.failed, fitted.step) == (True, 5)
    assert fitted.reason.endswith("the last of 2 in a row")


def test_a_rate_that_was_backed_off_stays_so_in_a_resumed_run(make_pipeline, tmp_path):
    def made(*lost):
        train = {"length": "2ep", "not_finite": "back_off"}
        return losing(make_pipeline(dropout=0.3, train=train, save={"every": "1st"}), *lost)

    def stopping(event, history):
        return Stop("enough") if isinstance(event, StepDone) and event.step == 5 else None

    whole = each_step(made(3))
    first = each_step(made(3), folder=tmp_path, hooks=(stopping,))
    second = each_step(made(), folder=tmp_path, start=newest(tmp_path), history=first.history)
    assert same(weights(whole), weights(second))
    curves = [{name: repr(curve) for name, curve in without_clock(each.history).items()} for each in (whole, second)]
    assert curves[0] == curves[1]  # as words: what is no number equals nothing


def test_a_step_without_weight_is_counted_and_ends_nothing(make_pipeline, caplog):
    fitted = fit(losing(make_pipeline(train={"length": "2ep"}), 3, 4, weightless=True))
    assert (fitted.failed, fitted.step) == (False, 8)
    assert fitted.history["train.empty"].steps.tolist() == [3, 4]
    assert fitted.history["train.loss"].steps.tolist() == [1, 2, 5, 6, 7, 8]
    assert "train.skipped" not in fitted.history
    assert "step 3 made no update: nothing in it has a weight" in caplog.text


@pytest.mark.parametrize("path", ["stop.metric", "schedule.metric"])
def test_a_metric_that_nobody_measures_is_said_before_the_first_step(make_pipeline, path):
    schedule = {"name": "plateau"} | ({"metric": "valid.acuracy"} if path == "schedule.metric" else {})
    stop = {"metric": "valid.acuracy"} if path == "stop.metric" else {}
    told = []

    class Watching:
        def see(self, event, history):
            told.append(type(event))

        def flush(self):
            pass

    with pytest.raises(RecipeError, match=f"{path} = 'valid.acuracy' is nothing that evaluations measure") as raised:
        fit(make_pipeline(stop=stop, schedule=schedule), observers=[Watching()])
    assert "did you mean 'valid.accuracy'" in str(raised.value)
    assert told == [Evaluated]


def test_plateau_and_back_off_multiply():
    recipe = Recipe.read(
        {"schedule": {"name": "plateau", "patience": 1, "factor": 0.5}, "train": {"not_finite": "back_off"}}
    )
    history = History().append(1, {"valid.loss": 1.0}).append(2, {"valid.loss": 2.0}).append(3, {"train.skipped": 1.0})
    assert scale(history, recipe) == 0.25
    assert scale(History(), recipe) == 1.0
    assert not looks(History(), recipe.train)


@pytest.mark.parametrize(("workers", "accumulate"), [(0, 1), (0, 2), (2, 2)])
def test_what_is_found_about_a_batch_names_its_examples(make_pipeline, caplog, workers, accumulate):
    def found(event, _history):
        if not isinstance(event, Evaluated) or event.step == 0:
            return None
        return Finding(code="C9", name="odd", severity=Severity.WARNING, seen="s", advice="a", evidence={"batch": 2})

    batch = {"size": 16, "accumulate": accumulate, "workers": workers}
    pipeline = make_pipeline(train={"length": "1ep"}, batch=batch)
    fitted = fit(pipeline, hooks=(found,))
    plan = pipeline.splits["train"].plan(seed=0, epoch=0)
    rows = [row for part in plan[accumulate : 2 * accumulate] for row in part]
    names = tuple(pipeline.splits["train"].ids[row] for row in rows)
    assert fitted.findings[0].where == names
    assert "C9 odd, warning" in caplog.text
