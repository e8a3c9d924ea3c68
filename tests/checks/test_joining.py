"""What probes saw and what curves showed: roots before consequences, nothing twice."""

from kilter.checks.joining import join
from kilter.values.finding import Examination, Finding, Severity, Skipped, Strength

NOTE, WARNING, FAILURE = Severity


def found(code, name, severity, *causes, seen="seen", strength=Strength.MEASURED):
    return Finding(
        code=code, name=name, severity=severity, seen=seen, advice="Mend it.", causes=causes, strength=strength
    )


def joined(probed, rehearsed):
    return join(Examination(findings=tuple(probed)), Examination(findings=tuple(rehearsed))).findings


DIVERGENCE = found("C101", "divergence", FAILURE, "lr_too_high", "missing_warmup", seen="it ends at 9")
OVERFITTING = found("C103", "overfitting", WARNING, "overfitting", "too_little_data", seen="it rose")


def test_a_symptom_of_the_same_cause_is_told_with_the_root_and_makes_it_as_grave():
    rate = found("H101", "rate-too-high", WARNING, "lr_too_high")
    (only,) = joined([rate], [DIVERGENCE])

    assert only.name == "rate-too-high"
    assert only.severity is FAILURE
    assert only.evidence["rehearsed"] == ["C101 divergence: it ends at 9"]


def test_a_mechanism_explains_what_the_training_loss_does_whatever_the_causes():
    clipped = found("L110", "clipping", WARNING, "grad_clip_too_small")
    slow = found("C104", "no-learning", WARNING, "lr_too_low", "label_noise")

    assert [finding.name for finding in joined([clipped], [slow])] == ["clipping"]


def test_what_spoils_validation_alone_explains_only_what_shares_its_cause():
    mode = found("L104", "validation-mode", WARNING, "eval_in_train_mode")
    noisy = found("C127", "validation-noise", WARNING, "little_data", "eval_in_train_mode")

    assert [each.name for each in joined([mode], [DIVERGENCE])] == ["divergence", "validation-mode"]
    assert [each.name for each in joined([mode], [noisy])] == ["validation-mode"]


def test_what_was_noted_is_raised_only_by_a_symptom_of_its_first_cause():
    noted = found("H999", "large-for-its-rows", NOTE, "overfitting", "lr_too_high")
    (only,) = joined([noted], [OVERFITTING])

    assert (only.name, only.severity) == ("large-for-its-rows", WARNING)
    assert [each.name for each in joined([noted], [DIVERGENCE])] == ["divergence", "large-for-its-rows"]


def test_a_note_among_symptoms_raises_nothing():
    noted = found("H999", "large-for-its-rows", NOTE, "overfitting")
    still = found("C105", "still-improving", NOTE, "overfitting")

    assert [each.severity for each in joined([noted], [still])] == [NOTE]


def test_what_nothing_explains_stands_behind_the_probes_of_its_severity():
    shifted = found("B109", "preprocessing-differs", WARNING, "val_preprocess_mismatch", strength=Strength.SUSPECTED)

    assert [each.name for each in joined([shifted], [OVERFITTING])] == ["preprocessing-differs", "overfitting"]


def test_a_trial_explains_what_is_no_graver():
    decay = found("H103", "weight-decay", WARNING, "weight_decay_too_high")
    slow = found("C104", "no-learning", WARNING, "lr_too_low", "label_noise")

    assert [each.name for each in joined([decay], [slow])] == ["weight-decay"]
    assert [each.name for each in joined([decay], [DIVERGENCE])] == ["divergence", "weight-decay"]


def test_a_comparison_with_other_models_explains_nothing_and_comes_last():
    behind = found("H115", "behind-simple-models", WARNING, "underfit_capacity")
    cut = found("C124", "schedule-length", WARNING, "schedule_length_mismatch")

    assert [each.name for each in joined([behind], [cut])] == ["schedule-length", "behind-simple-models"]


def test_the_same_error_is_said_once():
    broke = found("P100", "probe-failed", FAILURE, seen="`step` raised ValueError: odd.")

    assert len(joined([broke], [broke])) == 1


def test_without_findings_of_probes_the_curves_speak_for_themselves():
    assert joined([], [OVERFITTING, DIVERGENCE]) == (DIVERGENCE, OVERFITTING)


def test_skipped_checks_and_times_of_both_are_kept():
    probed = Examination(findings=(), skipped=(Skipped(name="a", reason="b"),), seconds={"a": 1.0})
    rehearsed = Examination(findings=(), skipped=(Skipped(name="c", reason="d"),), seconds={"c": 2.0})
    both = join(probed, rehearsed)

    assert [each.name for each in both.skipped] == ["a", "c"]
    assert dict(both.seconds) == {"a": 1.0, "c": 2.0}
