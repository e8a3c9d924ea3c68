"""Training into a folder: recorded, killed, interrupted, out of room, and going on as if nothing had happened."""

import json
import os
import shutil
import signal
import subprocess
import time
from dataclasses import replace

import pytest

from kilter.logs.metrics_jsonl import read_log
from kilter.testing.killing import differences, survive, trainee
from kilter.testing.trainee import STEPS, make_pipeline
from kilter.tracking.fitting import CHECKPOINTS, fit
from kilter.tracking.recording import LOG_NAME
from kilter.tracking.samples_jsonl import SAMPLES, read_samples
from kilter.training.checkpoints import newest
from kilter.training.events import StepDone, Stop
from kilter.values.errors import DataError, Interrupted, TrainingError, UsageError
from kilter.values.recipe import Save


def rows(folder):
    return list(read_log(folder / "metrics.jsonl").history.rows())


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """A short training that nobody disturbed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    fit(make_pipeline(length="20st"), folder=folder)
    return folder


class Disturbing:
    """An observer that does something at a step, once."""

    def __init__(self, step, action):
        self.step, self.action = step, action

    def see(self, event, history):
        if isinstance(event, StepDone) and event.step == self.step:
            self.action()

    def flush(self):
        pass


@pytest.mark.parametrize("setting", [{"keep": 3}, {"budget": "1GB"}, {"content": "weights"}])
def test_settings_of_checkpoints_need_a_folder(setting):
    pipeline = make_pipeline(length="2st")
    asked = pipeline.recipe.model_copy(update={"save": Save(**setting)})
    with pytest.raises(UsageError, match=f"save.{next(iter(setting))} = "):
        fit(replace(pipeline, recipe=asked))


def test_what_is_recorded_is_on_disk(undisturbed):
    recorded = rows(undisturbed)
    assert [step for step, values in recorded if "train.loss" in values] == list(range(1, 21))
    assert [step for step, values in recorded if "valid.loss" in values] == [0, 10, 20]
    assert newest(undisturbed / CHECKPOINTS).step == 20
    assert [sampled.step for sampled in read_samples(undisturbed / SAMPLES)] == [0, 10, 20]


def test_a_training_that_was_told_to_stop_goes_on_as_if_it_had_not(tmp_path, undisturbed):
    def stopping(event, history):
        return Stop("enough") if isinstance(event, StepDone) and event.step == 13 else None

    fit(make_pipeline(length="20st"), folder=tmp_path, hooks=(stopping,))
    assert rows(tmp_path)[-1][0] == 13
    fit(make_pipeline(length="20st"), folder=tmp_path, resume=True)
    assert differences(tmp_path, undisturbed) == ()


def test_what_was_recorded_after_the_checkpoint_is_cut_off(tmp_path, undisturbed):
    def fail():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fit(make_pipeline(length="20st"), folder=tmp_path, observers=[Disturbing(17, fail)])
    assert newest(tmp_path / CHECKPOINTS).step == 12
    assert rows(tmp_path)[-1][0] == 17
    fit(make_pipeline(length="20st"), folder=tmp_path, resume=True)
    assert differences(tmp_path, undisturbed) == ()


def test_a_training_that_is_done_is_not_trained_further(tmp_path, undisturbed):
    shutil.copytree(undisturbed, tmp_path, dirs_exist_ok=True)
    fitted = fit(make_pipeline(length="20st"), folder=tmp_path, resume=True)
    assert (fitted.step, fitted.reason) == (20, "all steps done")
    assert rows(tmp_path) == rows(undisturbed)
    assert differences(tmp_path, undisturbed) == ()


def test_a_killed_training_without_a_checkpoint_begins_anew(tmp_path, undisturbed):
    (tmp_path / "metrics.jsonl").write_text('{"step": 1, "train.loss": 9.0}\n{"step": 2, "tr')
    (tmp_path / CHECKPOINTS / ".writing-step-00000006").mkdir(parents=True)
    fit(make_pipeline(length="20st"), folder=tmp_path, resume=True)
    assert differences(tmp_path, undisturbed) == ()


def test_another_training_in_the_folder_is_left_alone(tmp_path, undisturbed):
    shutil.copytree(undisturbed, tmp_path, dirs_exist_ok=True)
    with pytest.raises(UsageError, match="holds checkpoints of a training"):
        fit(make_pipeline(length="20st"), folder=tmp_path)
    assert rows(tmp_path) == rows(undisturbed)


def test_a_record_that_is_shorter_than_its_checkpoint_is_refused(tmp_path, undisturbed):
    shutil.copytree(undisturbed, tmp_path, dirs_exist_ok=True)
    log = tmp_path / "metrics.jsonl"
    steps = [json.loads(line)["step"] for line in log.read_bytes().splitlines()]
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[: steps.index(6)]))
    with pytest.raises(DataError, match="what was recorded ends at step 5, and the training goes on from step 20"):
        fit(make_pipeline(length="20st"), folder=tmp_path, resume=True)


# --- out of room


@pytest.fixture
def small_disk(tmp_path):
    """A file system with room for a checkpoint or two, and how to make it larger."""
    place = tmp_path / "disk"
    place.mkdir()

    def mount(options):
        return subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], capture_output=True, check=False)

    if shutil.which("mount") is None or mount("size=92k").returncode != 0:
        pytest.skip("a small file system cannot be mounted here; that takes root")
    yield place, lambda: mount("remount,size=8m")
    subprocess.run(["umount", place], check=True)


def test_a_disk_without_room_for_a_checkpoint_ends_the_training_and_loses_nothing(small_disk, undisturbed):
    place, enlarge = small_disk
    with pytest.raises(TrainingError) as raised:
        fit(make_pipeline(length="20st"), folder=place)
    assert "could not be written" in raised.value.summary.met
    assert all((raised.value.summary.legal, raised.value.summary.remedy))
    assert raised.value.exit_code == 4
    assert newest(place / CHECKPOINTS).step in {6, 10, 12}
    assert newest(place / CHECKPOINTS).step <= rows(place)[-1][0]
    enlarge()
    fit(make_pipeline(length="20st"), folder=place, resume=True)
    assert differences(place, undisturbed) == ()


def test_a_disk_without_room_for_the_record_ends_the_training_and_loses_nothing(small_disk, undisturbed):
    place, enlarge = small_disk

    def fill():
        with (place / "full").open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"0" * 4096)
            except OSError:
                pass

    enlarge()
    shrunk = subprocess.run(["mount", "-o", "remount,size=400k", place], check=False, capture_output=True)
    assert shrunk.returncode == 0
    with pytest.raises(TrainingError) as raised:
        fit(make_pipeline(length="20st"), folder=place, observers=[Disturbing(11, fill)])
    assert all((raised.value.summary.met, raised.value.summary.legal, raised.value.summary.remedy))
    (place / "full").unlink()
    assert newest(place / CHECKPOINTS).step == 10
    fit(make_pipeline(length="20st"), folder=place, resume=True)
    assert differences(place, undisturbed) == ()


# --- Ctrl-C


def test_a_signal_is_an_interruption_with_a_checkpoint(tmp_path, undisturbed):
    at_seven = Disturbing(7, lambda: signal.raise_signal(signal.SIGINT))
    with pytest.raises(Interrupted, match=r"interrupted after step 7: a checkpoint is in .*; go on with") as raised:
        fit(make_pipeline(length="20st"), folder=tmp_path, observers=[at_seven])
    assert raised.value.exit_code == 130
    assert newest(tmp_path / CHECKPOINTS).step == rows(tmp_path)[-1][0] == 7
    fitted = fit(make_pipeline(length="20st"), folder=tmp_path, resume=True)
    assert differences(tmp_path, undisturbed) == ()
    assert fitted.samples == read_samples(tmp_path / SAMPLES) == read_samples(undisturbed / SAMPLES)
    assert fitted.cost.examples == read_log(undisturbed / LOG_NAME).history.last("clock.examples")


def test_a_signal_at_a_step_that_is_evaluated_waits_for_the_evaluation(tmp_path, undisturbed):
    at_ten = Disturbing(10, lambda: signal.raise_signal(signal.SIGINT))
    with pytest.raises(Interrupted, match="after step 10"):
        fit(make_pipeline(length="20st"), folder=tmp_path, observers=[at_ten])
    assert any("valid.loss" in values for step, values in rows(tmp_path) if step == 10)
    fit(make_pipeline(length="20st"), folder=tmp_path, resume=True)
    assert differences(tmp_path, undisturbed) == ()


def begun(folder, *options):
    """A training in a process group of its own, as a terminal would start it, that has made some steps."""
    process = subprocess.Popen(
        trainee(folder, *options), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    due = time.monotonic() + 120
    while not any((folder / CHECKPOINTS).glob("step-*")) and process.poll() is None and time.monotonic() < due:
        time.sleep(0.01)
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("workers", [0, 2])
def test_ctrl_c_in_a_terminal(tmp_path, workers, number):
    """The whole group gets the signal, workers too; `timeout` and schedulers do the same with SIGTERM."""
    process = begun(tmp_path, "--length", "100000st", "--workers", str(workers))
    os.killpg(process.pid, number)
    _, said = process.communicate(timeout=120)
    assert (process.returncode, said) == (130, "")
    start = newest(tmp_path / CHECKPOINTS)
    assert start.step == rows(tmp_path)[-1][0]
    length = f"{start.step + 5}st"  # the schedule is another one, so that only the way on is looked at
    fitted = fit(make_pipeline(length=length, workers=workers), folder=tmp_path, resume=True)
    assert fitted.step == start.step + 5


@pytest.mark.parametrize("workers", [0, 2])
def test_the_second_ctrl_c_interrupts_at_once(tmp_path, workers):
    process = begun(tmp_path, "--length", "100000st", "--workers", str(workers), "--pause", "0.2")
    os.kill(process.pid, signal.SIGSTOP)  # so that both signals reach the same step, however busy the machine is
    os.killpg(process.pid, signal.SIGINT)
    os.killpg(process.pid, signal.SIGTERM)
    before = newest(tmp_path / CHECKPOINTS).step
    os.kill(process.pid, signal.SIGCONT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "interrupted at once" in said.splitlines()  # a worker may say that its parent is gone, an iterator its end
    assert newest(tmp_path / CHECKPOINTS).step == before


# --- killed


@pytest.mark.slow
@pytest.mark.parametrize("workers", [0, 2])
def test_killed_at_any_moment_it_goes_on_bit_by_bit(tmp_path, workers, repeats):
    """The trials of both numbers of workers together are `repeats`."""
    whole = tmp_path / "whole"
    survive(trainee(whole), whole)
    for trial in range(workers // 2, repeats, 2):
        folder = tmp_path / str(trial)
        command = trainee(folder, "--workers", str(workers))
        survived = survive(command, folder, steps=STEPS, kills=1 + trial % 3, seed=trial)
        assert survived.kills == 1 + trial % 3
        assert differences(folder, whole) == (), f"trial {trial}: {survived}"


def test_mirrors_stand_beside_the_truth(tmp_path):
    fitted = fit(make_pipeline(length="10st"), folder=tmp_path / "run", mirrors=["tensorboard"])

    assert read_log(tmp_path / "run" / "metrics.jsonl").history == fitted.history
    assert list((tmp_path / "run" / "tensorboard").iterdir())


def test_without_a_folder_all_stays_in_memory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pipeline = make_pipeline(length="10st")
    fitted = fit(replace(pipeline, recipe=pipeline.recipe.model_copy(update={"save": Save()})))

    assert len(fitted.history["train.loss"]) == fitted.step
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("more", [{"resume": True}, {"mirrors": ["tensorboard"]}])
def test_what_needs_a_folder_says_so(more):
    with pytest.raises(UsageError, match="without a folder"):
        fit(make_pipeline(length="10st"), **more)


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "run").write_text("", "utf-8")

    with pytest.raises(UsageError, match="cannot be made"):
        fit(make_pipeline(length="10st"), folder=tmp_path / "run")
