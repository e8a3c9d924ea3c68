"""Sequences that were cut where what matters still stood to come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np

from kilter.checks.program.batches.answers import answers
from kilter.checks.program.batches.columns import sequences
from kilter.checks.program.batches.given import named
from kilter.checks.program.batches.references import crossed, least_squares, one_hot
from kilter.checks.program.batches.tokens import token_columns
from kilter.checks.program.bench import Bench
from kilter.checks.program.probe import ProgramProbe
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.program import Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kilter.checks.program.batches.answers import Answers
    from kilter.checks.program.batches.tokens import Sequences


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Truncation(ProgramProbe):
    """Sequences are not cut short of what matters.

    **What it proves.** Many sequences fill the longest length to the last place, far more than come near to it: they
    were cut there. Where sequences that were not cut can be learnt from and the cut ones cannot, what was cut off was
    what matters.

    **How.** Lengths are counted without the padding. Cheap learners on counts of tokens, and on the tokens at both
    ends, are asked by cross-validation about full sequences and about shorter ones.

    **When it stays silent.** All sequences have one length, as blocks of a running text have. A note where sequences
    were cut but can be learnt from all the same.

    **What it costs.** Some fits of a linear model where sequences were cut.

    **Source.** Sun et al. 2019, How to fine-tune BERT for text classification (CCL), 5.3.1: head, tail or both.
    """

    code: ClassVar[str] = "B117"
    name: ClassVar[str] = "cut-sequences"
    full: float = 0.3  # of the sequences have the longest length
    pile: float = 4.0  # times as many as have each length of the quarter below it
    lost: float = 0.2  # of the way from a constant answer to perfection, from short to full ones

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        found = sequences(bench)
        if not found:
            yield Skipped(name=self.name, reason="inputs are no sequences of tokens")
            return
        if bench.program.task is Kind.GENERATION:
            yield Skipped(name=self.name, reason="blocks of a running text are cut by nature")
            return
        for path, tokens in found.items():
            lengths = tokens.lengths()
            longest = int(lengths.max(initial=0))
            if longest < 4 or len(lengths) < 20:  # no length to speak of
                continue
            at_end = lengths == longest
            share = float(at_end.mean())
            below = (lengths >= 0.75 * longest) & ~at_end
            each = float(below.mean()) / max(1, longest - int(np.ceil(0.75 * longest)))
            longer = (
                tokens.widths[1] >= 1.5 * tokens.widths[0] > 0 and share > self.full
            )  # validation was not cut there
            if share < self.full or share > 0.98 or (share < self.pile * each and not longer):  # all of one length
                continue
            skills = self._skills(tokens, answers(bench), at_end)
            harmful = skills is not None and skills[0] - skills[1] > self.lost + 0.5 / np.sqrt(
                min(at_end.sum(), (~at_end).sum())
            )
            yield Finding(
                code=self.code,
                name=self.name,
                severity=Severity.WARNING if harmful else Severity.NOTE,
                strength=Strength.MEASURED,
                causes=("truncated_inputs",),
                seen=f"{share:.0%} of the sequences of {named(path)} fill all {longest} places, {each:.1%} have each of"
                " the lengths below"
                + (
                    f"; cheap learners reach {skills[1]:.2f} of the way to perfection on them, {skills[0]:.2f} on"
                    " shorter ones."
                    if skills is not None
                    else "."
                ),
                advice="Keep more tokens, or keep the end that matters; look at what a cut example still says.",
                where=(named(path),),
                evidence={"share": share, "length": longest, "each_below": each, "skills": skills},
            )

    def _skills(self, tokens: Sequences, target: Answers | None, full: NDArray[np.bool_]) -> tuple[float, float] | None:
        """On shorter and on full sequences, each taught by itself, of as many rows."""
        if target is None or len(target.train) != len(full):
            return None
        truth = (
            one_hot(np.maximum(target.train, 0).astype(np.int64), target.classes) if target.classes else target.train
        )
        rows, _, _ = token_columns(tokens)
        random = np.random.default_rng(0)
        short, cut = random.permutation(np.flatnonzero(~full)), random.permutation(np.flatnonzero(full))
        count = min(len(short), len(cut), 600)
        if count < 60:  # no cross-validation of fewer
            return None
        skills = [
            crossed(
                rows[at[:count]],
                np.asarray(truth[at[:count]], dtype=np.float64),
                classes=bool(target.classes),
                learners=(least_squares,),
            )
            for at in (short, cut)
        ]
        return skills[0], skills[1]
