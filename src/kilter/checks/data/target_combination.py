"""A few columns that together make the target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.data.targets import each_target
from kilter.checks.wording import listed, percent
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.table import Dataset, Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Fit(NamedTuple):
    """Columns that make the target by a linear formula: their places, weights, constant, and held-out R²."""

    columns: tuple[int, ...]
    weights: tuple[float, ...]
    constant: float
    r2: float


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TargetCombination(Check[Dataset]):
    """Numeric columns whose sum, difference or product is the target.

    **What it proves.** A formula of these columns, fitted on half of the training rows, gives the target of the other
    half to within `exact` of its variance. The parts of a total are not known before the total is.

    **How.** Least squares on all numeric columns says whether any such formula exists; columns are then dropped, the
    least needed first, as long as it holds. The same on logarithms finds products and quotients, where all numbers are
    positive.

    **When it stays silent.** No formula holds, or one column alone is enough, which `target-leak` says. With more than
    `few` columns the target is probably an easy one rather than a leak, and the causes say so in that order.

    **What it costs.** The square of the number of columns in small least-squares problems, of at most `rows` rows:
    some hundredths of a second for a dozen columns.

    **Source.** Kaufman et al. 2012, Leakage in data mining, ACM TKDD 6(4).
    """

    code: ClassVar[str] = "D114"
    name: ClassVar[str] = "target-combination"
    exact: float = 0.9999  # R² on held-out rows
    few: int = 4  # columns of a formula that is a leak rather than an easy task
    rows: int = 5_000  # training rows that are looked at, at most
    most_missing: float = 0.2  # share of missing cells beyond which a column is not tried
    most_columns: int = 200  # columns that are tried, at most

    def examine(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        yield from each_target(subject, self._of_one_target)

    def _of_one_target(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        schema = subject.schema
        names = schema.of_kind(Kind.NUMBER)[: self.most_columns]
        if schema.target_kind is not Kind.NUMBER or len(names) < 2 or "train" not in subject:
            yield Skipped(name=self.name, reason="the target is no amount, or there are no two columns of numbers")
            return
        train = subject["train"]
        target: NDArray[Any] = train.columns[schema.target].astype(np.float64)
        table: NDArray[Any] = np.stack([train.columns[name].astype(np.float64) for name in names], axis=1)
        usable = (~np.isfinite(table)).mean(axis=0) <= self.most_missing if len(table) else np.zeros(len(names), bool)
        names, table = tuple(np.array(names)[usable].tolist()), table[:, usable]
        rows = np.flatnonzero(np.isfinite(table).all(axis=1) & np.isfinite(target))
        rows = np.random.default_rng(0).permutation(rows)[: self.rows]
        if len(rows) < 10 * (table.shape[1] + 1) or not np.ptp(target[rows]):
            yield Skipped(name=self.name, reason="there are fewer than 10 complete training rows a column")
            return
        table, target = table[rows], target[rows]
        fit, sign = self._formula(table, target), " + "
        if fit is None and target.min() > 0:
            positive = np.flatnonzero(table.min(axis=0) > 0)
            if len(positive) > 1:
                fit, sign = self._formula(np.log(table[:, positive]), np.log(target)), " × "
                names = tuple(names[at] for at in positive)
        if fit is None or len(fit.columns) < 2:
            return
        chosen = [names[at] for at in fit.columns]
        formula = _sum(schema.target, chosen, fit) if sign == " + " else _product(schema.target, chosen, fit)
        leak = len(chosen) <= self.few
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            seen=f"The target follows from {listed(chosen)}: {formula}, which explains {percent(fit.r2)} of its"
            " variance on held-out rows.",
            advice="Leave these columns out: the parts are not known before the whole is."
            if leak
            else "See whether these columns are known before the target is; if so, a linear model is all it takes.",
            causes=("target_leak", "task_trivial") if leak else ("task_trivial", "target_leak"),
            where=tuple(chosen),
            evidence={"columns": chosen, "weights": fit.weights, "constant": fit.constant, "r2": fit.r2},
        )

    def _formula(self, table: NDArray[Any], target: NDArray[Any]) -> Fit | None:
        varying = [at for at in range(table.shape[1]) if np.ptp(table[:, at]) > 0]
        if len(varying) < 2:
            return None
        fit = _fit(table, target, varying)
        if fit.r2 < self.exact:
            return None
        share = np.abs(np.array(fit.weights)) * table[:, fit.columns].std(axis=0) / target.std()
        strong = [at for at, part in zip(fit.columns, share, strict=True) if part > 1e-3]
        if 1 < len(strong) < len(varying) and (smaller := _fit(table, target, strong)).r2 >= self.exact:
            fit = smaller
        while len(fit.columns) > 1:
            without = [_fit(table, target, [at for at in fit.columns if at != left]) for left in fit.columns]
            best = max(without, key=lambda candidate: candidate.r2)
            if best.r2 < self.exact:
                break
            fit = best
        return fit


def _fit(table: NDArray[Any], target: NDArray[Any], columns: Sequence[int]) -> Fit:
    """Least squares on the first half of the rows, judged on the second."""
    half = len(target) // 2
    chosen = table[:, list(columns)]
    center, spread = chosen[:half].mean(axis=0), chosen[:half].std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    scaled = np.column_stack([(chosen - center) / spread, np.ones(len(target))])
    weights = np.linalg.lstsq(scaled[:half], target[:half], rcond=None)[0]
    rest = float(((target[half:] - scaled[half:] @ weights) ** 2).sum())
    r2 = 1 - rest / float(((target[half:] - target[half:].mean()) ** 2).sum() or 1.0)
    raw = weights[:-1] / spread
    return Fit(tuple(columns), tuple(map(float, raw)), float(weights[-1] - raw @ center), r2)


def _sum(target: str, names: Sequence[str], fit: Fit) -> str:
    """The formula as one would write it."""
    terms = ""
    for name, weight in zip(names, fit.weights, strict=True):
        size = _round(abs(weight))
        terms += f"{' - ' if weight < 0 else ' + ' if terms else ''}{'' if size == '1' else f'{size}·'}{name}"
    rest = abs(fit.constant) > 1e-3 * sum(abs(weight) for weight in fit.weights)
    constant = f" {'-' if fit.constant < 0 else '+'} {_round(abs(fit.constant))}" if rest else ""
    return f"{target} = {terms.strip()}{constant}"


def _product(target: str, names: Sequence[str], fit: Fit) -> str:
    factors = [
        name if _round(power) == "1" else f"{name}^{_round(power)}"
        for name, power in zip(names, fit.weights, strict=True)
    ]
    factor = "" if abs(fit.constant) < 1e-3 else f"{np.exp(fit.constant):.4g} × "
    return f"{target} = {factor}{' × '.join(factors)}"


def _round(number: float) -> str:
    return f"{round(number)}" if abs(number - round(number)) < 1e-3 * max(1.0, abs(number)) else f"{number:.3g}"
