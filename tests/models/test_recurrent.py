import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from kilter.models.recurrent import mirrored

from .conftest import texts
from .readers import begins_near_chance, is_blind_to_padding, survives_empty_texts, teaches_every_parameter


@pytest.mark.parametrize("name", ["lstm", "gru"])
@pytest.mark.parametrize("pooling", ["max", "mean", "first", "final"])
@pytest.mark.parametrize("bidirectional", [True, False])
def test_padding_and_neighbours_do_not_count(made, name, pooling, bidirectional):
    is_blind_to_padding(made(name, pooling=pooling, bidirectional=bidirectional, width=8, layers=2))


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_every_parameter_learns_from_any_text(made, name):
    survives_empty_texts(made(name))
    teaches_every_parameter(made(name), texts())
    begins_near_chance(made(name), texts())


def test_both_directions_against_packed_sequences(made):
    model, given = made("lstm", width=8), texts()
    layer = model.layers[0]
    twin = torch.nn.LSTM(64, 8, batch_first=True, bidirectional=True)
    state = dict(layer.forward_cell.state_dict())
    state |= {f"{name}_reverse": tensor for name, tensor in layer.backward_cell.state_dict().items()}
    twin.load_state_dict(state)
    embedded = model.embedding(given["tokens"])
    packed = pack_padded_sequence(embedded, given["mask"].sum(1), batch_first=True, enforce_sorted=False)
    expected, _ = pad_packed_sequence(twin(packed)[0], batch_first=True, total_length=given["mask"].shape[1])
    states = layer(embedded, mirrored(given["mask"])) * given["mask"].unsqueeze(-1)
    torch.testing.assert_close(states, expected)
