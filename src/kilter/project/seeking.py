"""Stages that find the numbers which a project leaves open: the batch size, then the rate of such batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kilter.finders.batch_size import find_batch_size
from kilter.finders.learning_rate import find_learning_rate
from kilter.project.consulting import consult
from kilter.project.folder import BATCH_SUGGESTION, CONFIG, RATE_SUGGESTION, read_json, read_value, write_json
from kilter.project.reading import with_values
from kilter.project.sought import BATCH_SIZE, RATE
from kilter.project.stages import Said
from kilter.values.batch_suggestion import BatchSuggestion
from kilter.values.errors import DataError
from kilter.values.finding import Examination
from kilter.values.rate_suggestion import RateSuggestion

if TYPE_CHECKING:
    from pathlib import Path

    from kilter.project.stages import Work


def seek_batch_size(work: Work) -> Said:
    """Find the batch size and lay it over the project; where it was found before, say it again."""
    if BATCH_SIZE not in work.project.sought:
        return _said_again(BatchSuggestion, work.folder / BATCH_SUGGESTION)
    pipeline = work.assembled()
    suggestion = find_batch_size(pipeline, seed=pipeline.recipe.train.seed, told=work.progress.told)
    write_json(work.folder / BATCH_SUGGESTION, suggestion)
    settle(work, BATCH_SIZE, suggestion.size)
    return Said(f"{suggestion}{_of_the_rate(work, suggestion)}", Examination(findings=suggestion.findings))


def seek_learning_rate(work: Work) -> Said:
    """Find the learning rate at the batch size of the project, and lay it over it; where it was found, say it again."""
    if RATE not in work.project.sought:
        return _said_again(RateSuggestion, work.folder / RATE_SUGGESTION)
    pipeline = work.assembled()
    suggestion = find_learning_rate(pipeline, seed=pipeline.recipe.train.seed, told=work.progress.told)
    write_json(work.folder / RATE_SUGGESTION, suggestion)
    if suggestion.validated:  # each short training was judged by these rows
        consult(work.folder, "valid", times=len(suggestion.probes))
    settle(work, RATE, rounded(suggestion.rate))
    return Said(str(suggestion), Examination(findings=suggestion.findings))


def _of_the_rate(work: Work, suggestion: BatchSuggestion) -> str:
    """What other batches would make of a rate that is not to be found."""
    if RATE in work.project.sought or suggestion.scaling is None:
        return ""
    rate = work.assembled().recipe.optimizer.learning_rate
    return (
        f"; the learning rate stays {rate:g}, which this batch would have multiplied by {suggestion.scaling.factor:.2g}"
    )


def settle(work: Work, path: str, value: float) -> None:
    """Put a number that was found in its place: in the project, the pipeline, and what the run's folder says of them.

    From then on it is as if somebody had set it on the command line, so that whatever goes on from the folder, longer,
    annealed or after a kill, reads a number.
    """
    pipeline = work.assembled()
    work.project = with_values(work.project, {path: value})
    work.pipeline = pipeline.with_recipe(pipeline.recipe.replace(path, value))
    config = read_json(work.folder / CONFIG)
    origin = {**config["origin"], "overrides": [override.said for override in work.project.overrides]}
    recipe = work.pipeline.recipe.model_dump(mode="json")
    write_json(work.folder / CONFIG, {**config, **recipe, "origin": origin})


def rounded(rate: float) -> float:
    """A rate to three digits: more of them say nothing, and somebody reads them.

    >>> rounded(0.0031622776)
    0.00316
    """
    return float(f"{rate:.3g}")


def _said_again(kind: type[BatchSuggestion | RateSuggestion], path: Path) -> Said:
    """What a stage has found in an earlier life of the run, before it could say so.

    Raises:
        DataError: it is not there, or cannot be read.
    """
    suggestion = read_value(kind, path)
    if suggestion is None:
        raise DataError(
            f"{path} is not there", legal="what was found stands in the run's folder", remedy="run it again"
        )
    return Said(f"{suggestion} (found before)", Examination(findings=suggestion.findings))
