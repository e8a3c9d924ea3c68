"""A model that does not beat the simplest baseline."""

from dataclasses import replace

from kilter.checks.results.no_better_than_chance import NoBetterThanChance
from kilter.testing.healthy.outcomes import of_classes
from kilter.values.finding import Severity, Skipped


def test_where_nobody_learns_labels_are_suspected():
    (finding,) = NoBetterThanChance().examine(of_classes(0.36, linear=0.36, confidence=0.5))
    assert finding.severity is Severity.WARNING
    assert finding.causes[0] == "label_misaligned"
    assert "no other baseline is better, either" in finding.seen


def test_where_a_simple_model_learns_the_training_is_suspected():
    (finding,) = NoBetterThanChance().examine(of_classes(0.36, linear=0.9, confidence=0.5))
    assert finding.evidence["better baselines"] == ["linear"]
    assert finding.causes[0].startswith("lr_")


def test_with_few_examples_it_is_a_note_that_there_are_few():
    (finding,) = NoBetterThanChance().examine(of_classes(0.45, linear=0.45, rows=12, confidence=0.5))
    assert finding.severity is Severity.NOTE
    assert finding.causes == ("too_little_data",)


def test_a_model_that_beats_it_is_silent_and_without_baselines_it_is_skipped():
    assert list(NoBetterThanChance().examine(of_classes(0.9))) == []
    alone = replace(of_classes(0.9), baselines=(), comparisons=())
    assert isinstance(next(NoBetterThanChance().examine(alone)), Skipped)
