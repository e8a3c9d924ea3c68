"""Attention to one place."""

from kilter.checks.curves.attention_collapse import AttentionCollapse
from kilter.testing.healthy.histories import falling
from kilter.testing.healthy.histories_of_layers import measured
from kilter.values.finding import Severity, Skipped
from kilter.values.history import History

UNLEARNT = falling(2.3, 2.2, 1)


def examined(entropy, train=None):
    return list(AttentionCollapse().examine(measured({"entropy/a": entropy, "entropy/b": 0.8}, train=train)))


def collapsing(at):
    return 0.9 if at < 0.3 else 0.01


def test_a_collapse_without_learning():
    (finding,) = examined(collapsing, UNLEARNT)
    assert (finding.severity, finding.causes[0], finding.where) == (Severity.WARNING, "attention_collapse", ("a",))


def test_a_sharp_attention_that_learns_is_a_note():
    (finding,) = examined(collapsing)
    assert finding.severity is Severity.NOTE


def test_one_sharp_attention_of_many_is_a_note():
    layers = {"entropy/a": 0.01, "entropy/b": 0.8, "entropy/c": 0.7}
    (finding,) = AttentionCollapse().examine(measured(layers, train=UNLEARNT))
    assert finding.severity is Severity.NOTE


def test_one_that_began_so_was_not_drawn_together_by_steps():
    (finding,) = examined(0.1, UNLEARNT)
    assert finding.severity is Severity.WARNING
    assert "lr_too_high" not in finding.causes


def test_an_open_attention_is_silent():
    assert examined(0.4, UNLEARNT) == []


def test_without_measurements_it_is_skipped():
    assert isinstance(next(AttentionCollapse().examine(History())), Skipped)
