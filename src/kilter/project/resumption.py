"""Proving that a training can be killed and go on: k + k steps in two processes against 2k in one.

`python -m kilter.project.resumption SPECIFICATION` is one of these trainings; `check_resume` starts three of them.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import torch

from kilter.project.assembling import build_pipeline, clean, load_dataset
from kilter.project.own_program import is_own_program, read_own_program
from kilter.project.reading import Project, project_given
from kilter.tracking.fitting import fit
from kilter.training.fit import itinerary_of
from kilter.training.resuming import compare, half_of, rehearsed, until
from kilter.training.witness import Deposition, Witness, read_deposition
from kilter.values.errors import DataError, KilterError, TrainingError, UsageError
from kilter.values.finding import Examination
from kilter.values.pipeline import Pipeline

NAME: Final = "check-resume"
_ROLES: Final = ("whole", "killed", "resumed")
_STEPS: Final = "steps.json"
_SAID: Final = "said.txt"
_FAILED: Final = 70  # exit code of a forked training that raised, of which `_SAID` tells


def check_resume(
    subject: str | Path | Project | Pipeline,
    *,
    steps: int | None = None,
    overrides: Iterable[str] = (),
    told: Callable[[str], None] = lambda _: None,
) -> Examination:
    """Prove on a training that k steps, a SIGKILL and k steps more equal 2k steps, to the last bit.

    Three short trainings, each in a process of its own, with the seed, the data, the rates of the real one: one of 2k
    steps; one that is killed in step k + 1; one that goes on from what that one has saved. What differs is named:
    weights, optimizer, random state, data, or what modules keep outside their state_dict.

    Args:
        subject: a project file or its folder, `train.py:NAME` of a Pipeline, a project that was read, or a Pipeline
            (whose trainings are forked from this process, on one thread).
        steps: k; None takes 20, or three quarters of a short epoch.
        overrides: `key.sub=value`, laid over a file.
        told: what each of the three trainings is, as it begins.

    Returns:
        Findings, none where nothing differs; the seconds that it took.

    Raises:
        UsageError: the run is too short, or the subject is none of these.
        TrainingError: one of the trainings failed, and what it said.
        KilterError: the project cannot be read.
    """
    overrides = tuple(overrides)
    began = time.perf_counter()
    with TemporaryDirectory(prefix="kilter-resume-") as place:
        act = _acting(subject, overrides, Path(place))
        told("training without a break …")
        act("whole", steps)
        half = int(json.loads((Path(place) / _STEPS).read_text("utf-8")))
        for role, doing in (
            ("killed", f"training up to step {half + 1}, to be killed there …"),
            ("resumed", "going on …"),
        ):
            told(doing)
            act(role, half)
        whole, killed, resumed = (read_deposition(Path(place) / f"{role}.json") for role in _ROLES)
    _must_have_gone(whole, half)
    return Examination(findings=compare(whole, killed, resumed, half), seconds={NAME: time.perf_counter() - began})


Act = Callable[[str, int | None], None]


def _acting(subject: str | Path | Project | Pipeline, overrides: Sequence[str], place: Path) -> Act:
    """What has one of the trainings done in a process of its own."""
    if isinstance(subject, Project | Pipeline):
        if overrides:
            raise UsageError("overrides of what was read already", remedy="give them to read_project")
        if not hasattr(os, "fork"):
            raise UsageError(
                "a pipeline in memory on a system that cannot fork",
                legal="a project file, or train.py:NAME of a Pipeline",
                remedy="write it to a file, and name that",
            )
        return lambda role, steps: _fork(lambda: train(_pipeline_of(subject), place, role, steps), place, role)
    return lambda role, steps: _spawn(
        {
            "subject": str(subject),
            "overrides": list(overrides),
            "place": str(place),
            "role": role,
            "steps": steps,
        }
    )


def train(pipeline: Pipeline, place: Path, role: str, steps: int | None) -> None:
    """One of the three trainings; `whole` decides k and writes it down.

    Raises:
        UsageError: the run is too short.
        KilterError: the training cannot begin.
    """
    if role == "whole":
        steps = half_of(itinerary_of(pipeline), steps)
        (place / _STEPS).write_text(json.dumps(steps), "utf-8")
    if steps is None:
        message = f"the training {role!r} must be told its steps"
        raise ValueError(message)
    pipeline = replace(pipeline, recipe=rehearsed(pipeline.recipe, steps))
    done = steps if role == "resumed" else 0
    witness = Witness(place / f"{role}.json", steps=steps, done=done, killing=role == "killed")
    fit(
        witness.attend(pipeline),
        folder=place / ("whole" if role == "whole" else "parted"),
        hooks=until(pipeline.recipe, 2 * steps),
        observers=(witness,),
        resume=role == "resumed",
        measuring=0,
    )


def _pipeline_of(subject: str | Project | Pipeline, overrides: Sequence[str] = ()) -> Pipeline:
    """The pipeline of whatever it is.

    Raises:
        UsageError: it is a program, or nothing that is known.
        KilterError: the project cannot be read.
    """
    if isinstance(subject, str) and is_own_program(subject):
        own = read_own_program(subject)
        if isinstance(own, Pipeline):
            return own
        raise UsageError(
            f"{subject} is a training loop of your own",
            legal="a project, or a Pipeline: what kilter trains, it can save and go on with",
            remedy="see to it with a Pipeline, whose training is `kilter.fit`",
        )
    if isinstance(subject, Pipeline):
        return subject
    project = project_given(subject, overrides)
    dataset, _ = clean(project, load_dataset(project))
    return build_pipeline(project, dataset)[0]


def _spawn(specification: dict[str, Any]) -> None:
    command = [sys.executable, "-m", "kilter.project.resumption", json.dumps(specification)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ourselves
    for kind in (UsageError, DataError):  # said before there was a training
        if done.returncode == kind.exit_code and done.stderr.strip():
            raise kind(done.stderr.strip().splitlines()[-1].removesuffix("."))
    _judge(specification["role"], done.returncode, Path(specification["place"]), done.stderr)


def _fork(act: Callable[[], None], place: Path, role: str) -> None:
    process = multiprocessing.get_context("fork").Process(target=_apart, args=(act, place))
    process.start()
    process.join()
    said = place / _SAID
    _judge(role, process.exitcode or 0, place, said.read_text("utf-8") if said.exists() else "")


def _apart(act: Callable[[], None], place: Path) -> None:
    torch.set_num_threads(1)  # threads do not survive a fork, and who waits for them waits forever
    try:
        act()
    except BaseException as error:  # noqa: BLE001 - whatever it is, the parent is told
        text = f"{type(error).__name__}: {error}" if isinstance(error, KilterError) else traceback.format_exc()
        (place / _SAID).write_text(text, "utf-8")
        os._exit(_FAILED)


def _judge(role: str, code: int, place: Path, said: str) -> None:
    """See that a training ended as it was meant to.

    Raises:
        TrainingError: it ended otherwise.
        UsageError: it said so.
    """
    wanted = -signal.SIGKILL if role == "killed" else 0
    if code == wanted and (place / f"{role}.json").exists():
        return
    last = [line for line in said.strip().splitlines() if line.strip()] or [f"it ended with {code}"]
    doing = {"whole": "trains undisturbed", "killed": "is killed", "resumed": "goes on"}[role]
    raise TrainingError(
        f"the training that {doing} failed: {last[-1].strip()}",
        legal="three short trainings, each in a process of its own",
        remedy="see that it trains at all: `kilter check`, then `kilter train`",
    )


def _must_have_gone(whole: Deposition, half: int) -> None:
    if max(whole.losses, default=0) < 2 * half:
        raise TrainingError(
            f"the training ended after {max(whole.losses, default=0)} steps of {2 * half}: {whole.reason}",
            legal="it goes on for as many steps as are compared",
            remedy="mend that first, or compare fewer `steps`",
        )


def main(arguments: Sequence[str]) -> int:
    """One of the trainings, as a process; its exit code."""
    given = json.loads(arguments[0])
    try:
        pipeline = _pipeline_of(given["subject"], given["overrides"])
        train(pipeline, Path(given["place"]), given["role"], given["steps"])
    except KilterError as error:
        sys.stderr.write(f"{' '.join(str(error).split())}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
