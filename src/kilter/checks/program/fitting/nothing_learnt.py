"""A training that learns no more than it would from other rows' inputs; and whether it knows one batch by heart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, final

import torch

from kilter.checks.persons_code import PersonsCodeFailed, persons_code
from kilter.checks.program.fitting.judging import LOPSIDED, attempt, margin
from kilter.checks.program.mechanisms import MECHANISMS
from kilter.checks.program.predicted import quality
from kilter.checks.program.probe import Effort, ProgramProbe
from kilter.checks.program.trials import Change
from kilter.engine.programs import train_step
from kilter.engine.trees import leaves, with_leaves
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.program import Kind
from kilter.values.task import IGNORED

if TYPE_CHECKING:
    from torch import Tensor

    from kilter.checks.program.bench import Bench


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NothingLearnt(ProgramProbe):
    """On validation the training does no better than the same training on inputs that belong to other rows.

    **What it proves.** Nothing was learnt of how targets follow from inputs, however well training rows are known.
    Where the fault lies is told by one batch again and again: if that is known by heart, the way from input to update
    works, and targets do not follow from inputs; if it is not, the way is broken or the model too poor.

    **How.** Where the program's own training ends no better than the commonest answer, it is run again with inputs
    exchanged among the rows of each batch. If its loss on validation is no lower than that, the first batch alone is
    trained on for `steps` steps.

    **When it stays silent.** Predictions on validation are better than the commonest answer by .05 + .5 / sqrt(rows),
    or their loss is lower than with exchanged inputs; a mechanism was seen, or one change mends the training. Skipped
    where nothing says how good predictions are, with fewer than `rows` rows, or where one class has nearly all of them.

    **What it costs.** Nothing beyond the program's own training, or another one and `steps` steps where it learns
    nothing.

    **Source.** Zhang et al. 2017, Understanding deep learning requires rethinking generalization (ICLR), on random
    labels; Karpathy 2019, A recipe for training neural networks, "overfit one batch".
    """

    code: ClassVar[str] = "H114"
    name: ClassVar[str] = "nothing-learnt"
    effort: ClassVar[Effort] = Effort.FULL
    steps: int = 150  # on one batch
    rows: int = 100  # of validation; fewer of a noisy set may well be guessed no better
    known: float = 0.9  # quality at which a batch is known by heart
    lower: float = 0.02  # share of the loss by which it must be lower

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        base = attempt(bench)
        constant = _commonest(bench)
        if base is None or base.valid is None or constant is None or constant > LOPSIDED or base.rows < self.rows:
            yield Skipped(name=self.name, reason="nothing says how good predictions are, or there are too few")
            return
        reported = base.reported[-1][1] if base.reported and bench.program.higher_is_better else base.valid
        if max(base.valid, reported) > constant + margin(base.rows):
            return
        strange = Change(name="on inputs of other rows", batches=lambda loader: _strange(bench, loader))
        exchanged = attempt(bench, strange)
        if exchanged is None or base.valid_loss < exchanged.valid_loss - self.lower * abs(exchanged.valid_loss):
            return
        by_heart = self._by_heart(bench)
        known = by_heart is not None and by_heart >= self.known
        alone = f" One batch alone comes to {by_heart:.2f} in {self.steps} steps." if by_heart is not None else ""
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.MEASURED,
            seen=f"After its training the program scores {base.valid:.2f} on validation, the commonest answer"
            f" {constant:.2f}; with inputs of other rows its loss there is {exchanged.valid_loss:.3g}, with their own"
            f" {base.valid_loss:.3g}.{alone}",
            advice="Look at rows as the model gets them, each beside its target: do they belong together?"
            if known
            else "Look at the way from input to output and loss; try the smallest model that should work.",
            causes=_misplaced(bench.program.task)
            if known
            else ("underfit_capacity", "wrong_loss_for_task", "labels_shifted", "label_misaligned"),
            follows=("counterfactual", "underfit", *MECHANISMS),
            evidence={
                "train": base.train,
                "valid": base.valid,
                "commonest": constant,
                "loss": base.valid_loss,
                "loss with other inputs": exchanged.valid_loss,
                "one batch": by_heart,
            },
        )

    def _by_heart(self, bench: Bench) -> float | None:
        """The quality on the first batch after so many steps on it alone."""
        made, batch = bench.made(), bench.recording.steps[0].batch
        try:
            with persons_code("Training on one batch"):
                made.model.train()
                for _ in range(self.steps):
                    train_step(bench.program, made, batch)
            pair = bench.predicted(made, batch)
        except PersonsCodeFailed:
            return None
        return None if pair is None else quality(bench.program, pair.given, pair.target)


def _misplaced(task: Kind) -> tuple[str, ...]:
    """What parts targets from their inputs; within sequences they slip by a place more often than between rows."""
    places = (
        ("labels_shifted", "label_misaligned") if task in (Kind.TAGGING, Kind.GENERATION) else ("label_misaligned",)
    )
    return (*places, "input_noise", "truncated_inputs")


def _commonest(bench: Bench) -> float | None:
    """The quality of the best constant answer: the share of the commonest class, 0 for amounts."""
    if bench.program.task is Kind.REGRESSION:
        return 0.0
    if bench.program.task not in (Kind.CLASSIFICATION, Kind.TAGGING, Kind.GENERATION) or not bench.roles.targets:
        return None
    path = bench.roles.targets[0]
    found = [leaves(step.batch)[path].flatten() for step in bench.recording.steps if path in leaves(step.batch)]
    if not found or any(part.is_floating_point() for part in found):
        return None
    targets = torch.cat(found)
    targets = targets[targets != (IGNORED if bench.program.pad is None else bench.program.pad)]
    return float(targets.unique(return_counts=True)[1].max()) / len(targets) if len(targets) else None  # type: ignore[no-untyped-call]


def _strange(bench: Bench, loader: Iterable[Any]) -> Iterator[Any]:
    """Batches in which each target stands beside the inputs of another row."""
    for batch in loader:
        tensors = leaves(batch)
        inputs: dict[Any, Tensor] = {path: tensors[path] for path in bench.roles.inputs if path in tensors}
        rows = next((len(tensor) for tensor in inputs.values() if tensor.ndim), 0)
        order = torch.randperm(rows)
        yield with_leaves(batch, {p: t[order] for p, t in inputs.items() if t.ndim and len(t) == rows})
