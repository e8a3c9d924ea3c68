"""The metric that a person's validation reports."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, final

from kilter.checks.program.batches.given import given
from kilter.checks.program.batches.played import SURE, WRONG_OUTPUTS, Played, Script, play, stage
from kilter.checks.program.bench import Bench
from kilter.checks.program.probe import ProgramProbe
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.program import Kind, OutputKind
from kilter.values.task import IGNORED


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class HonestMetric(ProgramProbe):
    """The reported metric says how good predictions are.

    **What it proves.** Validation reports a number that perfect predictions do not make the best, or that does not
    look at all of validation: classes are picked along the wrong dimension, padding is counted, shapes spread against
    each other, only one batch decides, another loader is read, a sum is divided by the wrong number.

    **How.** Validation is run as its author wrote it while the model's answers are exchanged for others: perfect ones,
    wrong ones, right ones in the first or the last batch only, other ones where there is padding.

    **When it stays silent.** Perfect answers score best, and as a share they score one; each batch has its part;
    padding has none. Metrics that no answer changes are a note. Where answers cannot be made up, nothing is said.

    **What it costs.** About five runs of validation.

    **Source.** Nguyen 2017 (deepset/FARM issue 219) and Kapoor and Narayanan 2023: reported numbers that were not
    what they were called; the probe is a metamorphic test, Chen et al. 2018 (ACM Computing Surveys 51).
    """

    code: ClassVar[str] = "B119"
    name: ClassVar[str] = "metric-not-honest"
    least: float = 0.75  # of a share that perfect answers reach: metrics of absent classes stay above
    part: float = 0.2  # by which a batch may count for more than its rows

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        ready = stage(bench)
        if isinstance(ready, str):
            yield Skipped(name=self.name, reason=ready)
            return
        made, kind = ready

        def played(right: Callable[[int], bool], ignored: int = 0) -> Played | None:
            return play(bench, made, Script(right=right, ignored=ignored), kind)

        perfect, wrong = played(lambda _: True), played(lambda _: False)
        if perfect is None or wrong is None or not math.isfinite(perfect.metric) or not math.isfinite(wrong.metric):
            yield Skipped(name=self.name, reason="validation reports no number")
            return
        if not perfect.batches and perfect.inside:
            yield Skipped(name=self.name, reason="validation takes its rows from inside of the loader")
            return
        if not perfect.batches:
            yield self._finding(
                "Validation never reads the loader that it is given.",
                "Let `validate` go over the loader that it gets.",
                {"perfect": perfect.metric},
            )
            return
        whole = given(bench).valid
        if whole is not None and perfect.batches == 1 < len(whole.batches) and perfect.rows[0] < 0.7 * whole.rows:
            yield self._finding(
                f"Validation reads one batch of {len(whole.batches)}, {perfect.rows[0]} of {whole.rows} rows.",
                "Look where the metric is returned inside of the loop over batches.",
                {"perfect": perfect.metric},
            )
            return
        if not perfect.calls or perfect.missed or wrong.missed:
            yield Skipped(name=self.name, reason="answers of the model could not be made up")
            return
        seen = {"perfect": perfect.metric, "wrong": wrong.metric}
        first, last = self._one_batch(played, perfect)
        told = self._judge(bench, perfect, wrong, first, last)
        if told is None and bench.program.task is Kind.TAGGING:
            told = self._padding(bench, played, perfect, wrong)
        if told is not None:
            severity, sentence, advice = told
            yield self._finding(sentence, advice, seen, severity)

    def _one_batch(
        self, played: Callable[[Callable[[int], bool]], Played | None], perfect: Played
    ) -> tuple[float | None, float | None]:
        """The metric where only the first, and only the last batch is answered rightly."""
        if perfect.batches < 2:  # there is one only
            return None, None
        end = perfect.batches - 1
        runs = [played(lambda at: at == 0), played(lambda at: at == end)]
        return tuple(None if run is None or run.missed else run.metric for run in runs)  # type: ignore[return-value]

    def _judge(
        self, bench: Bench, perfect: Played, wrong: Played, first: float | None, last: float | None
    ) -> tuple[Severity, str, str] | None:
        best, worst = perfect.metric, wrong.metric
        told = f"Perfect answers score {best:.4g}, wrong ones {worst:.4g}"
        if bench.program.task is Kind.REGRESSION and perfect.loss > wrong.loss:
            return None  # outputs are in other units than targets: logarithms of rates, say
        better = best - worst if bench.program.higher_is_better else worst - best
        if best == worst and (first is None or first == best):
            if self._answers_matter(bench, best):
                return (
                    Severity.WARNING,
                    f"{told}: the metric follows the model, and does not tell right answers from wrong ones.",
                    "Compare shapes of predictions and targets in the metric; one may be spread over the other.",
                )
            return Severity.NOTE, f"{told}: the metric does not look at answers.", "Report a metric of the predictions."
        if better < 0:
            if 0 <= best < 0.1 * max(worst, 1e-9):  # nought is the best of an error
                return (
                    Severity.NOTE,
                    f"{told}: the metric is an error, the lower the better.",
                    "Say so with `higher_is_better=False`.",
                )
            return (
                Severity.WARNING,
                f"{told}: the metric is the better, the worse the answers are.",
                "Look which dimension classes are picked along, and which of predictions and targets comes first.",
            )
        return self._share(bench, perfect, wrong) or self._parts(perfect, wrong, first, last)

    def _share(self, bench: Bench, perfect: Played, wrong: Played) -> tuple[Severity, str, str] | None:
        """Whether a share of right answers is divided by the right number."""
        best, worst = perfect.metric, wrong.metric
        told = f"Perfect answers score {best:.4g}, wrong ones {worst:.4g}"
        share = min(best, worst) >= 0 and max(best, worst) <= 1 and bench.program.higher_is_better
        if share and bench.program.task is Kind.TAGGING and worst > self.part:
            return (
                Severity.WARNING,
                f"{told}, where a share of right places would be 0.",
                "Leave places whose target is ignored out of what is counted and of what it is divided by.",
            )
        if share and best < self.least:
            return (
                Severity.WARNING,
                f"{told}, where a share of right answers would be 1.",
                "Look which dimension classes are picked along, at the threshold, what is divided by, and at padding.",
            )
        if perfect.batches > 1 and best == perfect.batches and worst >= 0:
            return (
                Severity.WARNING,
                f"{told}: the scores of the {perfect.batches} batches are added up.",
                "Count right answers over all batches and divide by the number of rows.",
            )
        return None

    def _parts(
        self, perfect: Played, wrong: Played, first: float | None, last: float | None
    ) -> tuple[Severity, str, str] | None:
        """Whether one batch counts for more than its rows."""
        span = perfect.metric - wrong.metric
        rows = sum(perfect.rows)
        if not span or not rows:
            return None
        for name, metric, own in (("first", first, perfect.rows[0]), ("last", last, perfect.rows[-1])):
            if metric is None or own > 0.7 * rows:  # it is nearly all there is
                continue
            counts = (metric - wrong.metric) / span
            if counts > 0.99:  # it alone decides
                said = f"Right answers in the {name} batch alone, {own} of {rows} rows, score {metric:.4g}, as good as"
                return (
                    Severity.WARNING,
                    f"{said} right answers everywhere ({perfect.metric:.4g}).",
                    "Look where the metric is returned or overwritten inside of the loop over batches.",
                )
            if abs(counts - 1 / len(perfect.rows)) < 1e-3 and counts - own / rows > self.part:  # a mean of batches
                return (
                    Severity.WARNING,
                    f"The {name} batch has {own} of {rows} rows and decides {counts:.0%} of the metric.",
                    "Count right answers over all batches and divide by the number of rows.",
                )
        return None

    def _padding(
        self,
        bench: Bench,
        played: Callable[[Callable[[int], bool], int], Played | None],
        perfect: Played,
        wrong: Played,
    ) -> tuple[Severity, str, str] | None:
        """Whether answers where nothing is asked change the metric."""
        read = given(bench).valid
        targets = [] if read is None else [read.joined(path) for path in bench.roles.targets]
        if not any(t is not None and bool((t == IGNORED).any()) for t in targets):
            return None
        other = played(lambda _: True, 1)
        span = abs(perfect.metric - wrong.metric)
        if other is None or span == 0 or abs(other.metric - perfect.metric) < 0.02 * span:  # rounding
            return None
        said = f"With all real places answered rightly the metric is {perfect.metric:.4g} or {other.metric:.4g}"
        return (
            Severity.WARNING,
            f"{said}, as places that the loss ignores are answered.",
            "Leave places whose target is ignored out of the metric.",
        )

    def _answers_matter(self, bench: Bench, best: float) -> bool:
        """Whether the model as it is gets another number than made-up answers do."""
        made = bench.made()
        if bench.program.validate is None or made.valid is None:
            return False
        said = play(bench, made, Script(right=lambda at: at % 2 == 0, sure=SURE / 2, spread=0.5), OutputKind.LOGITS)
        return (
            said is not None and math.isfinite(said.metric) and abs(said.metric - best) > 1e-6 * (1 + abs(best))
        )  # rounding

    def _finding(
        self, sentence: str, advice: str, seen: dict[str, float], severity: Severity = Severity.WARNING
    ) -> Finding:
        return Finding(
            code=self.code,
            name=self.name,
            severity=severity,
            strength=Strength.PROVED,
            causes=("wrong_metric",),
            seen=sentence,
            advice=advice,
            follows=("threshold-misplaced", *WRONG_OUTPUTS),
            evidence=seen,
        )
