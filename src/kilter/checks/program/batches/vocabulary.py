"""Tokens of validation that training knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np

from kilter.checks.program.batches.columns import sequences
from kilter.checks.program.batches.given import named
from kilter.checks.program.bench import Bench
from kilter.checks.program.probe import ProgramProbe
from kilter.values.finding import Finding, Severity, Skipped, Strength

if TYPE_CHECKING:
    from kilter.checks.program.batches.tokens import Sequences


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary(ProgramProbe):
    """Tokens of validation are numbered as those of training are.

    **What it proves.** Many tokens of validation never stand in training, far more than in training rows that are held
    out; or one token (that of unknown words, as a rule) fills validation and not training. The two were numbered by
    different vocabularies, or words are split or written otherwise.

    **How.** Shares of the tokens of each split, against those of two halves of training.

    **When it stays silent.** Half of training has about as much that is new to the other half.

    **What it costs.** One reading of the loaders, shared with other checks.

    **Source.** Breck et al. 2019, Data validation for machine learning (MLSys), 3.2.
    """

    code: ClassVar[str] = "B118"
    name: ClassVar[str] = "unknown-tokens"
    unseen: float = 0.2  # of validation's tokens, beyond what training has to itself
    filled: float = 0.3  # of validation's tokens is one that is rarer in training by as much
    differs: float = 0.3  # of the tokens would have to be others, beyond what halves of training differ by

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        found = sequences(bench)
        if not found or not any(len(tokens.valid) for tokens in found.values()):
            yield Skipped(name=self.name, reason="inputs are no sequences of tokens, or there is no validation")
            return
        for path, tokens in found.items():
            if len(tokens.valid) < 10 or len(tokens.train) < 20:  # no shares of fewer
                continue
            told = self._told(tokens)
            if told is not None:
                yield Finding(
                    code=self.code,
                    name=self.name,
                    severity=Severity.FAILURE if told[2] else Severity.WARNING,
                    strength=Strength.MEASURED,
                    causes=("vocabulary_mismatch", "distribution_shift"),
                    seen=f"Of {named(path)}, {told[0]}.",
                    advice="Build the vocabulary once, from training, and encode both splits with it.",
                    where=(named(path),),
                    follows=("split-by-class",),
                    evidence=told[1],
                )

    def _told(self, tokens: Sequences) -> tuple[str, dict[str, object], bool] | None:
        train, real = tokens.train, tokens.real()
        valid = tokens.valid[tokens.real(valid=True)]
        order = np.random.default_rng(0).permutation(len(train))
        halves = [train[part][real[part]] for part in (order[::2], order[1::2])]
        known = np.unique(train[real])
        if not len(valid) or not len(known) or min(len(half) for half in halves) == 0:
            return None
        unseen = float((~np.isin(valid, known)).mean())
        usual = float((~np.isin(halves[0], np.unique(halves[1]))).mean())
        values = np.union1d(known, np.unique(valid))
        shares = [
            np.bincount(np.searchsorted(values, part), minlength=len(values)) / len(part)
            for part in (*halves, train[real], valid)
        ]
        apart, within = (float(np.abs(a - b).sum() / 2) for a, b in ((shares[2], shares[3]), (shares[0], shares[1])))
        gain = shares[3] - shares[2]
        evidence: dict[str, object] = {"unseen": unseen, "unseen_within": usual, "apart": apart, "apart_within": within}
        if unseen > usual + self.unseen:
            return (
                f"{unseen:.0%} of validation's tokens never stand in training (halves of it: {usual:.0%})",
                evidence,
                True,
            )
        if gain.max() > self.filled and shares[3].max() > 0.5:  # most of all tokens
            token = int(values[gain.argmax()])
            return (
                f"token {token} is {shares[3].max():.0%} of validation and {shares[2][gain.argmax()]:.0%} of training",
                evidence,
                True,
            )
        if apart > within + self.differs:
            return (
                f"{apart:.0%} of validation's tokens would have to be others to be spread as training's are",
                evidence,
                False,
            )
        return None
