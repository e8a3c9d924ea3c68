"""Inputs of training and validation that were made differently."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np

from kilter.checks.program.batches.likeness import Likeness, likeness
from kilter.checks.program.batches.relations import relations
from kilter.checks.program.bench import Bench
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import counted, shown
from kilter.values.finding import Finding, Severity, Skipped, Strength

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CUT: tuple[str, ...] = ("split-by-class", "one-input", "numbers-missing", "huge-rows")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PreprocessingDiffers(ProgramProbe):
    """Columns of numbers have the same scale in training and validation.

    **What it proves.** Means or spreads of the columns are others in validation, and once each split is standardised
    by itself the columns have the same form: one split was scaled, centred or encoded and the other was not, or with
    other numbers. The model meets inputs that it never saw.

    **How.** Distance of the means and ratio of the spreads of each column, among rows with the same shares of classes;
    and the distance of the quantiles after standardising. Two splits of one source differ by the noise of their size.

    **When it stays silent.** Less than half of the columns moved by `moved` spreads or were stretched by a factor of
    `stretched`, and none by six times that; or their form differs, too, which is `inputs-differ` or `input-noise`.

    **What it costs.** One reading of the loaders, shared with other checks.

    **Source.** Breck et al. 2019, Data validation for machine learning (MLSys), training–serving skew.
    """

    code: ClassVar[str] = "B109"
    name: ClassVar[str] = "preprocessing-differs"
    moved: float = 0.75  # spreads between the means
    stretched: float = 1.6  # ratio of the spreads
    form: float = 0.2  # mean distance of standardised quantiles, and the noise of the splits' size

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        seen = likeness(bench)
        if seen is None:
            yield Skipped(name=self.name, reason="there are no columns of numbers, or too few rows, in both splits")
            return
        same_form = seen.body & (seen.shape < self.form + 2 * seen.noise)
        far = seen.body & (
            (seen.moved > self.moved + 4 * seen.noise)
            | (np.abs(seen.stretched) > np.log(self.stretched) + 3 * seen.noise)
        )
        all_over = far.sum() > 0.5 * seen.body.sum() and same_form[far].mean() > 0.5  # most columns
        extreme = ((seen.moved > 3) | (np.abs(seen.stretched) > np.log(10))) & same_form  # no sample of one source
        if not all_over and not extreme.any():
            return
        if looks_noisy(seen):
            return
        told: NDArray[np.bool_] = far if all_over else extreme
        names = [name for name, is_told in zip(seen.names, told, strict=True) if is_told]
        reached = relations(bench)
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE if all_over else Severity.WARNING,
            strength=Strength.MEASURED,
            causes=("val_preprocess_mismatch", "distribution_shift"),
            seen=f"{counted(len(names), 'column')} of {len(seen.names)} {'have' if len(names) > 1 else 'has'} another"
            f" scale in validation (means {float(np.median(seen.moved[told])):.2g} spreads apart, spreads"
            f" {float(np.exp(np.median(seen.stretched[told]))):.2g} times those of training) and the same form once"
            " standardised.",
            advice="Fit the scaling on training rows and apply that very scaling to both splits.",
            where=shown(names),
            follows=(*_CUT, "repeated-noise"),
            evidence={
                "columns": len(names),
                "moved": float(np.median(seen.moved[told])),
                "stretched": float(np.exp(np.median(seen.stretched[told]))),
                "form": float(np.median(seen.shape[told])),
                "training_to_validation": None if reached is None else reached.forth,
                "within_validation": None if reached is None else reached.valid,
            },
        )


def looks_noisy(seen: Likeness) -> bool:
    """Whether training has validation's means and covariances and more variance: noise that no two columns share.

    A scaling by s takes s² of variances and covariances alike. The error of the covariances grows with the noise.
    """
    together = abs(seen.covariance - 1) < max(0.6, 0.1 * (seen.variance - 1))
    still = float(np.median(seen.moved)) < 0.25 + 4 * seen.noise  # a quarter of the spread
    return len(seen.names) > 2 and together and still and seen.variance > 1.5  # half as much again


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class InputNoise(ProgramProbe):
    """Training inputs are no noisier than is good for them.

    **What it proves.** Training rows are validation's plus noise that no two columns share, so much of it that cheap
    learners taught on them fail where those taught on validation do not: an augmentation that is too strong.

    **How.** Training has the covariances between columns that validation has, but larger variances; and the skill of
    cheap learners within training and from training to validation falls behind that within validation.

    **When it stays silent.** The variance is less than half as large again, or nothing is lost by it: augmentation is
    meant to make training harder, not to hide what is to be learnt.

    **What it costs.** Some hundred milliseconds for all checks that use the learners.

    **Source.** Humbatova, Jahangirova and Tonella 2021, DeepCrime (ISSTA), noise in training data.
    """

    code: ClassVar[str] = "B110"
    name: ClassVar[str] = "input-noise"
    lost: float = 0.4  # of the skill within validation, by rows of training

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        seen, reached = likeness(bench), relations(bench)
        if seen is None or reached is None:
            yield Skipped(name=self.name, reason="there are no columns of numbers with targets, or too few rows")
            return
        if not looks_noisy(seen) or reached.valid < 0.3:  # nothing that could be lost
            return
        left = max(reached.train, reached.back) / reached.valid
        behind = reached.valid - max(reached.train, reached.back)
        if left > 1 - self.lost or behind < reached.margin or reached.forth > reached.valid - reached.margin:
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.MEASURED,
            causes=("input_noise",),
            seen=f"Training inputs have {seen.variance:.2g} times the variance of validation's at {seen.covariance:.2g}"
            f" times their covariances, and cheap learners reach {reached.train:.2f} of the way to perfection on them,"
            f" {reached.valid:.2f} on validation's.",
            advice="Lessen the noise that is added to training inputs; mind the scale they are in when it is added.",
            follows=(*_CUT, "repeated-noise"),
            evidence={
                "variance": seen.variance,
                "covariance": seen.covariance,
                "within_training": reached.train,
                "training_to_validation": reached.forth,
                "within_validation": reached.valid,
            },
        )


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class InputsDiffer(ProgramProbe):
    """Validation inputs are such as were trained on.

    **What it proves.** Columns of validation lie elsewhere than those of training, in another form, and what cheap
    learners learn from training fails on validation though validation by itself can be learnt: the splits are of
    different sources, or one of them was mirrored, turned, encoded or filtered.

    **How.** Means, spreads and quantiles of the columns among rows with the same shares of classes, and the skill of
    the learners within and across the splits.

    **When it stays silent.** Half of the columns or more agree, or the learners transfer; or another finding explains
    it.

    **What it costs.** Some hundred milliseconds for all checks that use the learners.

    **Source.** Rabanser, Günnemann and Lipton 2019, Failing loudly (NeurIPS).
    """

    code: ClassVar[str] = "B111"
    name: ClassVar[str] = "inputs-differ"
    strange: float = 1.5  # distance between the splits' inputs, over that within one
    lost: float = 0.4  # of the skill within validation

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        seen, reached = likeness(bench), relations(bench)
        if seen is None or reached is None or reached.strangeness is None:
            yield Skipped(name=self.name, reason="there are no columns of numbers with targets, or too few rows")
            return
        if (
            looks_noisy(seen) or reached.strangeness < self.strange or min(reached.train, reached.valid) < 0.3
        ):  # nothing that could be lost
            return
        far = (
            (seen.moved > 0.5 + 4 * seen.noise) | (np.abs(seen.stretched) > np.log(1.5)) | (seen.shape > 0.3)
        )  # half a spread, half as wide again
        if far.mean() < 0.2 or reached.forth > (1 - self.lost) * min(
            reached.valid, reached.train
        ):  # a fifth of the columns
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.MEASURED,
            causes=("val_preprocess_mismatch", "distribution_shift"),
            seen=f"{int(far.sum())} of {len(far)} columns lie elsewhere in validation; cheap learners reach"
            f" {reached.forth:.2f} of the way to perfection from training to it, {reached.valid:.2f} within it.",
            advice="Compare how rows of both splits are read, turned and encoded; then how they were drawn.",
            follows=(*_CUT, "preprocessing-differs", "input-noise", "classes-missing"),
            evidence={
                "strangeness": reached.strangeness,
                "columns": int(far.sum()),
                "training_to_validation": reached.forth,
                "within_validation": reached.valid,
                "within_training": reached.train,
            },
        )
