"""Weight decay."""

import torch

from kilter.checks.program.loop.decay import Decay


def test_a_decay_inside_of_adam_is_a_note(alarms, notes):
    def adam(model):
        return torch.optim.Adam(model.parameters(), weight_decay=0.1)

    assert alarms(Decay(), optimizer=adam) == []
    assert [note.causes[0] for note in notes(Decay(), optimizer=adam)] == ["l2_in_adam", "decay_on_norm_or_bias"]


def test_a_decay_that_is_decoupled_and_spares_biases(notes):
    def sorted_out(model):
        flat = [parameter for parameter in model.parameters() if parameter.ndim == 1]
        rest = [parameter for parameter in model.parameters() if parameter.ndim > 1]
        return torch.optim.AdamW([{"params": rest}, {"params": flat, "weight_decay": 0.0}], weight_decay=0.1)

    assert notes(Decay(), optimizer=sorted_out) == []
    assert notes(Decay()) == []
