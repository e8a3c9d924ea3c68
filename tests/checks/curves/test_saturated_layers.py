"""Functions at their limits."""

from kilter.checks.curves.saturated_layers import SaturatedLayers
from kilter.testing.healthy.histories_of_layers import measured
from kilter.values.finding import Severity, Skipped
from kilter.values.history import History


def examined(**saturated):
    layers = {f"activation/{name}": 0.1 for name in saturated} | {"activation/z": 0.1}
    return list(SaturatedLayers().examine(measured(layers | {f"saturated/{name}": s for name, s in saturated.items()})))


def test_a_hidden_layer_that_began_there():
    (finding,) = examined(a=0.3, b=0.9)
    assert (finding.severity, finding.where) == (Severity.WARNING, ("b",))


def test_what_came_with_learning_is_a_note():
    (finding,) = examined(a=lambda at: 0.0 if at < 0.3 else 0.9)
    assert finding.severity is Severity.NOTE


def test_an_answer_that_is_sure_is_a_note():
    (finding,) = SaturatedLayers().examine(
        measured({"activation/a": 0.1, "saturated/a": 0.0, "activation/z": 0.5, "saturated/z": 0.9})
    )
    assert finding.severity is Severity.NOTE


def test_less_is_silent():
    assert examined(a=0.6) == []


def test_without_measurements_it_is_skipped():
    assert isinstance(next(SaturatedLayers().examine(History())), Skipped)
