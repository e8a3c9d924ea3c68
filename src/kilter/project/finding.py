"""Finding a batch size and a learning rate for whatever a person has at hand: a project, a pipeline, a program."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from kilter.project.own_program import is_own_program, read_own_program
from kilter.project.reading import Project, project_given
from kilter.values.errors import UsageError
from kilter.values.pipeline import Pipeline
from kilter.values.program import Program
from kilter.values.recipe import read_bytes

if TYPE_CHECKING:
    from kilter.values.batch_suggestion import BatchSuggestion
    from kilter.values.rate_suggestion import RateSuggestion


def find_batch_size(
    pipeline: str | Path | Project | Pipeline | Program,
    *,
    memory: int | str | None = None,
    effective: int | None = None,
    devices: int = 1,
    most: int | None = None,
    speed: bool = True,
    seed: int | None = None,
    overrides: Iterable[str] = (),
    told: Callable[[str], None] = lambda _: None,
) -> BatchSuggestion:
    """A batch size that fits into memory and is quick, tried in child processes; nothing here changes.

    Args:
        pipeline: a project file, its folder, a project that was read, a pipeline, a person's own training as
            `Pipeline.from_loop` takes it, or `train.py:NAME` of one of these two.
        memory: that this process may hold in all (on a GPU: that tensors may take), in bytes or as "4GiB"; None reads
            what is free.
        effective: examples a step that are wanted; where they do not fit, a step takes several batches.
        devices: that share such a step.
        most: the largest batch that is of interest; None takes the whole training split.
        speed: whether sizes are timed and the noise of gradients is measured; if not, the largest that fits is
            suggested.
        seed: of weights and data; None takes that of the recipe, and 0 for a program.
        overrides: `key.sub=value`, laid over a file.
        told: what is being tried, as it begins.

    Raises:
        UsageError: an argument that is not legal, or a program whose batch size cannot be changed from outside; what to
            declare is said.
        TrainingError: not even one example fits, or the person's code raised an error.
        KilterError: the project cannot be read.
    """
    from kilter.finders.batch_size import find_batch_size as find

    budget = None if memory is None else _bytes(memory)
    subject = subject_of(pipeline, overrides)
    return find(
        subject,
        budget=budget,
        effective=effective,
        devices=devices,
        most=most,
        speed=speed,
        seed=_seed(subject, seed),
        told=told,
    )


def find_learning_rate(
    pipeline: str | Path | Project | Pipeline | Program,
    *,
    cost: float = 1.0,
    seed: int | None = None,
    overrides: Iterable[str] = (),
    told: Callable[[str], None] = lambda _: None,
) -> RateSuggestion:
    """A learning rate for the whole training, found by short ones in child processes; nothing here changes.

    Args:
        pipeline: what `find_batch_size` takes.
        cost: training steps that may be spent, in whole trainings; evaluations come on top.
        seed: of weights and data; None takes that of the recipe, and 0 for a program.
        overrides: `key.sub=value`, laid over a file.
        told: what is being tried, as it begins.

    Raises:
        UsageError: an argument that is not legal, or a program whose rate cannot be changed from outside; what to
            declare is said.
        TrainingError: the person's code raised an error.
        KilterError: the project cannot be read.
    """
    from kilter.finders.learning_rate import find_learning_rate as find

    subject = subject_of(pipeline, overrides)
    return find(subject, cost=cost, seed=_seed(subject, seed), told=told)


def subject_of(given: str | Path | Project | Pipeline | Program, overrides: Iterable[str] = ()) -> Pipeline | Program:
    """The live training of whatever is given.

    Raises:
        UsageError: overrides of what has no project file.
        KilterError: it cannot be read.
    """
    overrides = tuple(overrides)
    own = isinstance(given, str) and is_own_program(given)
    if overrides and (own or isinstance(given, Pipeline | Program)):
        raise UsageError(
            f"{', '.join(overrides)} laid over a training without a project file",
            legal="values are set in a project file",
            remedy="change it where it is made",
        )
    if isinstance(given, str) and own:
        return read_own_program(given)
    if isinstance(given, Pipeline | Program):
        return given
    from kilter.project.assembling import build_pipeline, clean, load_dataset

    project = project_given(given, overrides)
    dataset, _ = clean(project, load_dataset(project))
    return build_pipeline(project, dataset)[0]


def _seed(subject: Pipeline | Program, given: int | None) -> int:
    if given is not None:
        return given
    return subject.recipe.train.seed if isinstance(subject, Pipeline) else 0


def _bytes(given: int | str) -> int:
    try:
        size = read_bytes(given)
    except ValueError as error:
        raise UsageError(f"memory={given!r}", legal=str(error).split("; ", maxsplit=1)[-1]) from None
    if size < 1:
        raise UsageError(f"memory={given!r}", legal="it is more than nothing")
    return size
