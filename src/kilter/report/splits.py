"""Section of a document: the trained model on every split side by side, the gaps between them, and where it began."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from kilter.report.wording import TRAINED, cautions, direction, fixed, heading_of, scored, shown
from kilter.values.document import Block, Grid, Heading, Paragraph
from kilter.values.evaluation import Chosen, Evaluation
from kilter.values.run import Run
from kilter.values.score import Score

FITTED: Final = "train"
ORDER: Final = (FITTED, "valid", "test")


def split_section(run: Run) -> Iterator[Block]:
    """Train, valid and test side by side, with their gaps; nothing where there is only one of them."""
    evaluations = _evaluations(run)
    began = () if run.untrained is None else (run.untrained,)
    if len(evaluations) + len(began) < 2:
        return
    yield Heading(text="Splits", anchor="splits")
    columns = {f"{shown(each.split)} ({each.primary.n:,})": _by_name(each) for each in evaluations}
    columns |= {f"before training ({shown(each.split)})": _by_name(each) for each in began}
    called = {score.name: heading_of(score) for held in columns.values() for score in held.values()}
    smaller = direction(score for held in columns.values() for score in held.values())
    yield _side_by_side(columns, called, f"The network on each split, with its examples.{smaller}")
    ahead = {f"{FITTED} ahead of {shown(split)}": scores for split, scores in gaps(run).items()}
    if ahead:
        how = "By how much the training rows are answered better; the rows of two splits are independent."
        compared = {name for scores in ahead.values() for name in scores}
        yield _side_by_side(ahead, {name: name for name in called if name in compared}, how)
    said = (*gap_lines(run), *chosen_lines(run), *began_lines(run))
    if said:
        yield Paragraph(text=" ".join(said))


def gaps(run: Run) -> Mapping[str, Mapping[str, Score]]:
    """How much better each score is on the training rows than on a held-out split, by split and score.

    Scores of which neither more nor less is better have no such gap.
    """
    splits = {evaluation.split: _by_name(evaluation) for evaluation in _evaluations(run)}
    train = splits.pop(FITTED, {})
    return {
        split: {name: _gap(train[name], score) for name, score in held.items() if name in train and score.meant is None}
        for split, held in splits.items()
        if train
    }


def gap_lines(run: Run) -> tuple[str, ...]:
    """A sentence on the gap between the training rows and each held-out split, in the score that decides."""
    leading = ((split, next(iter(scores.values()), None)) for split, scores in gaps(run).items())
    return tuple(_said(split, score) for split, score in leading if score is not None and score.low is not None)


def chosen_lines(run: Run) -> tuple[str, ...]:
    """By how much the weights look better than they are on the rows that chose their step, as a sentence.

    None where nothing was chosen, or nobody knows.
    """
    return tuple(_chosen(each.chosen, shown(each.split)) for each in _evaluations(run) if each.chosen is not None)


def began_lines(run: Run) -> tuple[str, ...]:
    """What the network could do before its first step, as a sentence; none where nobody asked."""
    began = run.untrained
    if began is None:
        return ()
    said = f"Before its first step the network had {began.primary.name} {scored(began.primary)} on {shown(began.split)}"
    now = run.evaluation(began.split)
    same = now is not None and now.scores == began.scores
    return (f"{said}{', and it has no other since: no step has made it better' if same else ''}.",)


def _chosen(chosen: Chosen, split: str) -> str:
    name = shown(chosen.metric.partition(".")[2])
    best = f"The weights have the best {name} on {split} of {chosen.evaluations} evaluations, {fixed(chosen.value)}"
    if chosen.close == 1:
        return f"{best}; no other comes close to it on so many rows, and choosing it adds next to nothing."
    return (
        f"{best}; its rows do not tell {chosen.close} of these apart, so that having been chosen makes it look better"
        f" than it is by up to {fixed(chosen.optimism)} (as much as if these were equally good)."
    )


def _gap(train: Score, held: Score) -> Score:
    """Above 0 where the training rows are answered better."""
    return train.minus(held) if train.larger_is_better else held.minus(train)


def _evaluations(run: Run) -> list[Evaluation]:
    trained = [evaluation for evaluation in run.evaluations if evaluation.model == TRAINED]
    return sorted(trained, key=lambda evaluation: ORDER.index(evaluation.split) if evaluation.split in ORDER else 1)


def _by_name(evaluation: Evaluation) -> dict[str, Score]:
    return {score.name: score for score in evaluation.scores}


def _side_by_side(columns: Mapping[str, Mapping[str, Score]], called: Mapping[str, str], caption: str) -> Grid:
    """Scores below each other, splits beside each other."""
    return Grid(
        columns=("score", *columns),
        rows=tuple((said, *(_cell(held.get(name)) for held in columns.values())) for name, said in called.items()),
        caption=f"{caption}{cautions(score for held in columns.values() for score in held.values())}",
        numeric=tuple(range(1, len(columns) + 1)),
    )


def _cell(score: Score | None) -> str:
    return "–" if score is None else scored(score)


def _said(split: str, score: Score) -> str:
    if score.low is not None and score.low > 0:
        return f"Train is ahead of {shown(split)} by {scored(score)} in {score.name}: so much does not carry over."
    if score.high is not None and score.high < 0:
        return f"Train is behind {shown(split)} in {score.name}: {scored(score)}."
    return f"No gap between train and {shown(split)} is established in {score.name}: {scored(score)}."
