import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from kilter.models.recurrent import mirrored

from .conftest import texts
from .readers import begins_near_chance, is_blind_to_padding, survives_empty_texts, teaches_every_parameter


@pytest.mark.parametrize("name", ["lstm", "gru"])
@pytest.mark.parametrize("pooling", ["max", "mean", "sum", "first", "final", "attention"])
@pytest.mark.parametrize("bidirectional", [True, False])
def test_padding_and_neighbours_do_not_count(made, name, pooling, bidirectional):
    is_blind_to_padding(made(name, pooling=pooling, bidirectional=bidirectional, width=8, layers=2))


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_every_parameter_learns_from_any_text(made, name):
    survives_empty_texts(made(name))
    teaches_every_parameter(made(name), texts())
    begins_near_chance(made(name), texts())


@pytest.mark.parametrize("name", ["lstm", "gru"])
@pytest.mark.parametrize("bidirectional", [True, False])
def test_states_against_packed_sequences(made, name, bidirectional):
    model, given = made(name, width=8, layers=2, bidirectional=bidirectional), texts()
    kind = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[name]
    twin = kind(64, 8, num_layers=2, batch_first=True, bidirectional=bidirectional)
    state = {}
    for number, layer in enumerate(model.layers):
        cells = {"": layer.forward_cell, "_reverse": layer.backward_cell}
        for ending, cell in cells.items():
            tensors = cell.state_dict() if cell is not None else {}
            state |= {key.replace("_l0", f"_l{number}") + ending: tensor for key, tensor in tensors.items()}
    twin.load_state_dict(state)
    embedded = model.embedding(given["tokens"])
    packed = pack_padded_sequence(embedded, given["mask"].sum(1), batch_first=True, enforce_sorted=False)
    expected, _ = pad_packed_sequence(twin(packed)[0], batch_first=True, total_length=given["mask"].shape[1])
    states = embedded
    for layer in model.layers:
        states = layer(states, mirrored(given["mask"]))
    torch.testing.assert_close(states * given["mask"].unsqueeze(-1), expected)


@pytest.mark.parametrize("name", ["lstm", "gru"])
@pytest.mark.parametrize("bidirectional", [True, False])
def test_states_are_the_same_to_the_bit_whatever_the_padding(made, name, bidirectional):
    model = made(name, width=16, layers=2, bidirectional=bidirectional, pooling="final")
    for rows, length in ((6, 9), (17, 40)):
        for padding in (1, 13):
            answers = model(**texts(rows, length))
            assert torch.equal(model(**texts(rows, length, padding=padding)), answers)
