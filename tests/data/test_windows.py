import pickle

import torch
from hypothesis import given
from hypothesis import strategies as st

from kilter.data.ragged import Ragged
from kilter.data.windows import Windows

sequences = st.lists(st.lists(st.integers(1, 1000), max_size=12), min_size=1, max_size=12)


@given(sequences.flatmap(lambda given: st.tuples(st.just(given), st.lists(st.integers(0, len(given) - 1)))))
def test_windows_are_the_naively_padded_sequences(both):
    given_sequences, rows = both
    tokens, mask = Windows.of(Ragged.of(given_sequences)).select(torch.tensor(rows, dtype=torch.int64))
    longest = max((len(given_sequences[row]) for row in rows), default=0)
    padded = [given_sequences[row] + [0] * (longest - len(given_sequences[row])) for row in rows]
    assert tokens.dtype == torch.int64
    assert tokens.tolist() == padded
    assert mask.dtype == torch.bool
    assert mask.tolist() == [[token > 0 for token in row] for row in padded]


def test_windows_of_nothing():
    assert len(Windows.of(Ragged.of([])).ids) == 0


def test_they_can_be_sent_to_another_process():
    windows = pickle.loads(pickle.dumps(Windows.of(Ragged.of([[1, 2], [3]]))))
    assert windows.select(torch.tensor([1, 0]))[0].tolist() == [[3, 0], [1, 2]]
