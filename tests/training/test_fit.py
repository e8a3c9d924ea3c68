import os
import signal
from dataclasses import replace
from functools import partial

import pytest
import torch

from kilter.engine.averaging import judged
from kilter.engine.predicting import predict
from kilter.training.checkpoints import newest
from kilter.training.events import Counted, Evaluated, Finished, Measured, StepDone, Stop
from kilter.training.fit import begin, fit, itinerary_of
from kilter.training.keeping import read_best, write_best
from kilter.values.errors import DataError, RecipeError, TrainingError, UsageError
from kilter.values.finding import Finding, Severity

# Layers are measured in each step, however slow the machine is: what is recorded hangs on no clock.
each_step = partial(fit, measuring=1e6)


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


def without_validation(pipeline):
    return replace(pipeline, splits={"train": pipeline.splits["train"]})


def without_clock(history):
    return {
        name: (history[name].steps.tolist(), history[name].values.tolist())
        for name in history
        if not name.startswith("clock.")
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
        each_step(make_pipeline(dropout=0.3, noise=0.1, train={"length": "3ep", "seed": seed})) for seed in (1, 1, 2)
    )
    assert same(weights(one), weights(again))
    assert without_clock(one.history) == without_clock(again.history)
    assert not same(weights(one), weights(other))


def test_workers_and_accumulation_change_nothing_that_they_should_not(make_pipeline):
    sections = {"train": {"length": "3ep"}}
    alone = each_step(make_pipeline(dropout=0.3, noise=0.1, **sections))
    helped = each_step(make_pipeline(dropout=0.3, noise=0.1, batch={"size": 64, "workers": 2}, **sections))
    assert same(weights(alone), weights(helped))
    assert without_clock(alone.history) == without_clock(helped.history)
    whole = each_step(make_pipeline(size=16, **sections))
    parts = each_step(make_pipeline(size=4, batch={"size": 64, "accumulate": 4}, **sections))
    torch.testing.assert_close(weights(whole), weights(parts), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("stop_at", [3, 4, 7, 8, 11])
def test_a_training_goes_on_exactly_where_it_was_stopped(make_pipeline, tmp_path, stop_at, workers):
    def made():
        sections = {"train": {"length": "3ep"}, "save": {"every": "1st"}, "batch": {"size": 64, "workers": workers}}
        return make_pipeline(dropout=0.5, noise=0.2, **sections)

    whole = each_step(made())

    def stopping(event, history):
        return Stop("enough") if isinstance(event, StepDone) and event.step == stop_at else None

    first = each_step(made(), folder=tmp_path, hooks=(stopping,))
    start = newest(tmp_path)
    second = each_step(made(), folder=tmp_path, start=start, history=first.history.until(start.step))
    assert start.step == stop_at
    assert same(weights(whole), weights(second))
    assert without_clock(whole.history) == without_clock(second.history)
    assert (second.best_step, second.findings, second.reason) == (whole.best_step, whole.findings, whole.reason)


def test_events_come_in_order_and_everything_is_flushed_before_a_checkpoint(make_pipeline, tmp_path):
    teller = Teller()
    fit(make_pipeline(train={"length": "2ep"}), folder=tmp_path, observers=[teller], measuring=0)
    kinds = [type(event) for event in teller.events]
    epoch = [*[StepDone] * 4, Evaluated, Counted]  # what it has cost is counted before each checkpoint
    assert kinds == [Evaluated, Counted, *epoch, *epoch, Counted, Finished]
    assert teller.flushed == [2, 8, 14, 16]
    assert [event.more_follows for event in teller.events if isinstance(event, StepDone)] == [
        False,
        False,
        False,
        True,
    ] * 2


def test_a_measurement_comes_between_its_step_and_its_evaluation_and_nothing_is_saved_between(make_pipeline, tmp_path):
    teller = Teller()
    sections = {"train": {"length": "4st", "evaluate_every": "2st"}, "save": {"every": "1st"}}
    each_step(make_pipeline(**sections), folder=tmp_path, observers=[teller])
    kinds = [type(event) for event in teller.events]
    two = [StepDone, Measured, Counted, StepDone, Measured, Evaluated, Counted]
    assert kinds == [Evaluated, Counted, *two, *two, Counted, Finished]
    assert [event.more_follows for event in teller.events if isinstance(event, StepDone)] == [True] * 4
    assert [event.more_follows for event in teller.events if isinstance(event, Measured)] == [False, True] * 2
    assert teller.flushed == [2, 5, 9, 12, 16, 18]


def test_measuring_changes_no_bit_of_a_training(make_pipeline):
    measured, plain = (fit(make_pipeline(dropout=0.4, noise=0.1), measuring=share) for share in (1e6, 0))
    assert same(weights(measured), weights(plain))
    assert {name.split("/")[0] for name in set(measured.history) - set(plain.history)} == {
        *("gradient", "weight", "update", "activation", "dead", "clock.measuring", "layers.every")
    }
    for name in plain.history:
        if not name.startswith("clock."):
            assert measured.history[name].values.tolist() == plain.history[name].values.tolist()


def test_the_interval_goes_on_from_what_was_recorded(make_pipeline, tmp_path):
    """After a resume instruments look in the steps in which they would have looked, whatever the machine does now."""

    def stopping(event, history):
        return Stop("enough") if event.step == 9 else None

    def made():
        return make_pipeline(train={"length": "24st"}, save={"every": "1st"})

    slow = partial(fit, measuring=1e-9)  # so that the interval widens eightfold at once
    first = slow(made(), folder=tmp_path, hooks=(stopping,))
    assert first.history["layers.every"].steps.tolist() == [1, 8]
    assert first.history["layers.every"].values.tolist()[0] == 8.0
    second = fit(made(), folder=tmp_path, start=newest(tmp_path), history=first.history)
    steps = second.history["layers.every"].steps.tolist()
    assert steps[:2] == [1, 8]
    assert all(step % first.history.last("layers.every") == 0 for step in steps[2:])


def test_a_wider_interval_is_said(make_pipeline, caplog):
    with caplog.at_level("INFO", logger="kilter"):
        fit(make_pipeline(train={"length": "1ep"}), measuring=1e-9)
    assert "layers are measured every 8 steps from step 1 on: a measurement takes" in caplog.text


def test_a_hopeless_run_is_stopped_where_the_recipe_says_so_and_only_there(make_pipeline, tmp_path):
    def made(*, hopeless):
        return make_pipeline(
            train={"length": "60st", "clip_norm": 1.0, "evaluate_every": "5st"},
            optimizer={"name": "sgd", "learning_rate": 30.0, "momentum": 0.0},
            schedule={"name": "constant", "warmup": "20st"},
            stop={"hopeless": hopeless},
        )

    fitted = fit(made(hopeless=True), folder=tmp_path)
    assert fitted.failed
    assert fitted.reason.startswith("stop.hopeless: C1")
    assert fitted.step < 60
    assert newest(tmp_path).step == fitted.step
    assert fitted.findings[0].severity == Severity.FAILURE
    patient = fit(made(hopeless=False))
    assert (patient.step, patient.failed) == (60, False)
    again = fit(made(hopeless=True), folder=tmp_path, start=newest(tmp_path), history=fitted.history)
    assert (again.step, again.reason, again.failed) == (fitted.step, fitted.reason, True)


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
    assert fit(without_validation(pipeline)).best_step == 8


def test_a_schedule_that_does_not_fit_is_an_error(make_pipeline):
    with pytest.raises(RecipeError, match="warmup takes 100 steps; the whole run has 8"):
        itinerary_of(make_pipeline(train={"length": "2ep"}, schedule={"name": "cosine", "warmup": "100st"}))


def test_a_stop_at_a_step_that_is_evaluated_waits_for_the_evaluation(make_pipeline, tmp_path):
    def stopping(event, history):
        return Stop("enough") if isinstance(event, StepDone) and event.step == 4 else None

    fitted = fit(make_pipeline(train={"length": "3ep"}), folder=tmp_path, hooks=(stopping,))
    assert (fitted.step, fitted.reason, fitted.best_step) == (4, "enough", 4)
    assert fitted.history["valid.loss"].steps.tolist() == [0, 4]
    assert newest(tmp_path).step == 4


def test_a_training_that_had_decided_to_stop_does_not_go_on(make_pipeline, tmp_path):
    """A kill between the last checkpoint and the end must not make a longer training of it."""

    def made():
        sections = {"train": {"length": "50ep"}, "stop": {"patience": 2}, "optimizer": {"learning_rate": 0.5}}
        return make_pipeline(dropout=0.2, **sections)

    whole = fit(made(), folder=tmp_path)
    again = fit(made(), folder=tmp_path, start=newest(tmp_path), history=whole.history)
    assert "has not improved" in whole.reason
    assert whole.step < 200
    assert (again.step, again.reason, again.best_step) == (whole.step, whole.reason, whole.best_step)
    assert again.findings == whole.findings
    assert same(weights(whole), weights(again))


@pytest.mark.parametrize("kind", [StepDone, Measured, Evaluated])
def test_hooks_that_are_asked_again_see_what_they_saw(make_pipeline, tmp_path, kind):
    def told(shown):
        def hook(event, history):
            shown.append((event, [row for row in history.rows() if any("clock" not in name for name in row[1])]))
            return Stop("enough") if isinstance(event, kind) and event.step == 8 else None

        return hook

    first, again = [], []
    done = each_step(make_pipeline(train={"length": "3ep"}), folder=tmp_path, hooks=(told(first),))
    start = newest(tmp_path)
    each_step(
        make_pipeline(train={"length": "3ep"}), folder=tmp_path, hooks=(told(again),), start=start, history=done.history
    )
    assert [type(event) for event, _ in again] == [StepDone, Measured, Evaluated, Finished]
    assert again == first[-4:]


def test_what_the_hooks_find_at_the_end_counts_and_survives_a_resume(make_pipeline, tmp_path):
    def finding(code, seen):
        return Finding(code=code, name=code, severity=Severity.NOTE, seen=seen, advice="a")

    def at_evaluations(event, history):
        return finding("X1", f"evaluated at {event.step}") if isinstance(event, Evaluated) else None

    def whenever(event, history):
        return finding("X2", f"{len(history['train.loss'])} losses") if event.step > 1 else None

    hooks = (at_evaluations, whenever)
    done = fit(
        make_pipeline(train={"length": "9st"}, save={"every": "1st", "keep": 3}),
        folder=tmp_path,
        hooks=hooks,
        measuring=0,
    )
    assert [found.seen for found in done.findings] == ["evaluated at 9", "9 losses"]
    start = newest(tmp_path)
    again = fit(make_pipeline(train={"length": "9st"}), folder=tmp_path, hooks=hooks, start=start, history=done.history)
    assert again.findings == done.findings


def test_a_failed_step_that_is_evaluated_fails_the_training(make_pipeline):
    """The evaluation that follows must not make the failure forgotten."""
    pipeline = make_pipeline(
        train={"length": "5ep", "clip_norm": None, "evaluate_every": "1st"},
        optimizer={"name": "sgd", "learning_rate": 1e30},
        schedule="constant",
    )
    fitted = fit(pipeline)
    assert fitted.failed
    assert fitted.step < 20
    assert any("not" in found.name for found in fitted.findings)


def test_checks_look_at_curves_of_a_training_without_validation(make_pipeline):
    pipeline = make_pipeline(train={"clip_norm": None}, optimizer={"name": "sgd", "learning_rate": 1e30})
    assert fit(without_validation(pipeline)).findings


def test_threads_are_as_they_were(make_pipeline, tmp_path):
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        done = fit(make_pipeline(train={"length": "1ep"}), folder=tmp_path)
        torch.set_num_threads(2)
        fit(make_pipeline(train={"length": "2ep"}), folder=tmp_path, start=newest(tmp_path), history=done.history)
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(threads)


def test_a_kill_before_the_best_was_named_is_made_good(make_pipeline, tmp_path):
    done = fit(make_pipeline(train={"length": "3ep"}), folder=tmp_path)
    write_best(tmp_path, 4)
    again = fit(make_pipeline(train={"length": "3ep"}), folder=tmp_path, start=newest(tmp_path), history=done.history)
    assert read_best(tmp_path) == again.best_step == done.best_step != 4


def test_a_broken_checkpoint_is_walked_back_over_and_written_again(make_pipeline, tmp_path):
    def made():
        sections = {"train": {"length": "3ep"}, "save": {"every": "1st", "keep": 4}}
        return make_pipeline(dropout=0.5, noise=0.2, **sections)

    whole = each_step(made(), folder=tmp_path)
    before = {path.name: path.read_bytes() for path in newest(tmp_path).path.iterdir()}
    (newest(tmp_path).path / "model.safetensors").write_bytes(b"broken")
    start = newest(tmp_path)
    assert start.step == 11
    again = each_step(made(), folder=tmp_path, start=start, history=whole.history.until(11))
    assert same(weights(whole), weights(again))
    assert {path.name: path.read_bytes() for path in newest(tmp_path).path.iterdir()} == before


def test_a_history_that_does_not_fit_its_checkpoint_is_refused(make_pipeline, tmp_path):
    done = fit(make_pipeline(train={"length": "2ep"}), folder=tmp_path)
    start = newest(tmp_path)
    for history in (None, done.history.until(5)):
        with pytest.raises(DataError, match=r"what was recorded ends at step \d, and the training goes on from step 8"):
            fit(make_pipeline(train={"length": "3ep"}), folder=tmp_path, start=start, history=history)


def test_a_folder_with_another_training_is_left_alone(make_pipeline, tmp_path):
    done = fit(make_pipeline(train={"length": "2ep"}), folder=tmp_path)
    with pytest.raises(UsageError, match="holds checkpoints of a training"):
        fit(make_pipeline(train={"length": "2ep"}), folder=tmp_path)
    for folder in (None, tmp_path / "elsewhere"):
        with pytest.raises(UsageError, match="its folder is"):
            fit(make_pipeline(train={"length": "3ep"}), folder=folder, start=newest(tmp_path), history=done.history)


def test_what_cannot_take_effect_is_an_error_before_the_first_step(make_pipeline):
    asked = {"metric": "train.loss", "patience": 3, "threshold": 0.1, "hopeless": True}
    pipeline = without_validation(make_pipeline(stop=asked, schedule={"warmup": "1000st"}))
    with pytest.raises(RecipeError) as raised:
        itinerary_of(pipeline)
    assert [fault.met.split(" ")[0] for fault in raised.value.faults] == [
        "stop.metric",
        "stop.patience",
        "stop.threshold",
        "stop.hopeless",
        "schedule.warmup",
    ]
    with pytest.raises(RecipeError, match="an interval of 5%"):
        itinerary_of(make_pipeline(train={"length": "1min", "evaluate_every": "5%"}, schedule="constant"))


def test_a_worker_that_dies_ends_the_training_with_an_error_of_ours(make_pipeline, tmp_path):
    class Deadly:
        """A source whose third batch takes its worker with it."""

        def __init__(self, inner):
            self.inner = inner

        def __getattr__(self, name):
            return getattr(self.inner, name)

        def __len__(self):
            return len(self.inner)

        def batch(self, rows, *, seed, epoch):
            if epoch == 1:
                os._exit(9)
            return self.inner.batch(rows, seed=seed, epoch=epoch)

    pipeline = make_pipeline(batch={"workers": 1}, train={"length": "3ep"})
    pipeline = replace(pipeline, splits={**pipeline.splits, "train": Deadly(pipeline.splits["train"])})
    with pytest.raises(TrainingError, match=r"has died.*what was saved before is untouched; free memory") as raised:
        fit(pipeline, folder=tmp_path)
    signal.raise_signal(signal.SIGCHLD)  # the death of a child must not be told again and again
    assert raised.value.exit_code == 4


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_a_model_of_another_precision_learns_and_goes_on_exactly(make_pipeline, tmp_path, dtype):
    def made():
        sections = {"train": {"length": "6ep"}, "optimizer": {"learning_rate": 0.03}}
        pipeline = make_pipeline(dropout=0.2, **sections)
        return replace(
            pipeline,
            make_model=lambda: pipeline.make_model().to(dtype),
            forward=lambda model, batch: model(batch.inputs["numbers"].to(dtype)),
        )

    def stopping(event, history):
        return Stop("enough") if event.step == 10 else None

    whole = each_step(made())
    first = each_step(made(), folder=tmp_path, hooks=(stopping,))
    second = each_step(made(), folder=tmp_path, start=newest(tmp_path), history=first.history)
    losses = whole.history["valid.loss"].values
    assert losses[-1] < losses[0]
    assert {tensor.dtype for tensor in weights(second).values()} == {dtype}
    assert same(weights(whole), weights(second))
    assert without_clock(whole.history) == without_clock(second.history)


@pytest.mark.parametrize("wanted", [True, False])
def test_kernels_give_the_same_bits_if_that_is_wanted(make_pipeline, wanted):
    seen = set()

    class Looking(Teller):
        def see(self, event, history):
            if isinstance(event, StepDone):
                seen.add(torch.are_deterministic_algorithms_enabled())

    fit(make_pipeline(train={"length": "2st", "deterministic": wanted}, schedule="constant"), observers=[Looking()])
    assert seen == {wanted}
    assert not torch.are_deterministic_algorithms_enabled()


def test_what_may_spoil_a_training_is_said_once_as_soon_as_it_is_found(make_pipeline, caplog):
    def finding(code, severity):
        return lambda event, _history: (
            Finding(code=code, name=code, severity=severity, seen="It is so.", advice="Do so.")
            if isinstance(event, Evaluated) and event.step >= 8
            else None
        )

    hooks = (finding("X1", Severity.WARNING), finding("X2", Severity.NOTE))
    with caplog.at_level("WARNING", logger="kilter"):
        fit(make_pipeline(train={"length": "4ep"}), hooks=hooks)
    assert [record.getMessage() for record in caplog.records] == ["step 8: X1 X1, warning: It is so.\n     Do so."]


def test_a_finding_about_a_batch_names_its_rows(make_pipeline):
    pipeline = make_pipeline(batch={"size": 16, "accumulate": 2})

    def suspecting(event, history):
        seen = {"code": "X1", "name": "x", "severity": Severity.NOTE, "seen": "s", "advice": "a"}
        return Finding(**seen, where=("step 3",), evidence={"batch": 3}) if isinstance(event, Finished) else None

    (found,) = fit(pipeline, hooks=(suspecting,)).findings
    leg = next(itinerary_of(pipeline).legs(2))
    assert found.where == ("step 3", *(pipeline.splits["train"].ids[row] for rows in leg.window for row in rows))
    assert len(found.where) == 33


RATES = (
    {"schedule": {"name": "plateau", "patience": 1, "factor": 0.5, "minimum_difference": 0.3}},
    {"schedule": {"name": "one_cycle"}},
    {"schedule": {"name": "warm_restarts", "warmup": "2st", "first": "4st", "growth": 1.5}},
    {"schedule": {"name": "wsd", "shape": "one_minus_sqrt", "warmup": "2st", "cooldown": "5st"}},
    {"optimizer": {"name": "schedule_free_adamw"}, "schedule": {"name": "constant", "warmup": "3st"}},
)


@pytest.mark.parametrize("rates", RATES, ids=["plateau", "one cycle", "restarts", "cooldown", "schedule-free"])
@pytest.mark.parametrize("stop_at", [5, 8])
def test_a_rate_goes_on_exactly_where_it_was(make_pipeline, tmp_path, rates, stop_at):
    def made():
        return make_pipeline(dropout=0.5, train={"length": "4ep"}, save={"every": "1st"}, **rates)

    def stopping(event, history):
        return Stop("enough") if isinstance(event, StepDone) and event.step == stop_at else None

    whole = each_step(made())
    first = each_step(made(), folder=tmp_path, hooks=(stopping,))
    start = newest(tmp_path)
    second = each_step(made(), folder=tmp_path, start=start, history=first.history.until(start.step))
    assert start.step == stop_at
    assert same(weights(whole), weights(second))
    assert without_clock(whole.history) == without_clock(second.history)


def test_what_an_averaging_optimizer_leaves_is_the_average_that_was_evaluated(make_pipeline, tmp_path):
    pipeline = make_pipeline(
        train={"length": "3ep"}, optimizer={"name": "schedule_free_adamw"}, schedule={"name": "constant"}
    )
    fitted = fit(pipeline, folder=tmp_path)
    loss = predict(pipeline, fitted.model, pipeline.splits["valid"], device="cpu").loss
    assert loss == fitted.history["valid.loss"].values[-1]
    training = begin(pipeline, newest(tmp_path))
    assert not same(weights(fitted), training.model.state_dict())
    with judged(training.optimizer):
        assert same(weights(fitted), training.model.state_dict())
