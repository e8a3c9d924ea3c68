import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kilter.data.ragged import Ragged

sequences = st.lists(st.lists(st.integers(0, 2**31 - 1)))


@given(sequences)
def test_sequences_come_back(given_sequences):
    ragged = Ragged.of(given_sequences)
    assert [ragged[row].tolist() for row in range(len(ragged))] == given_sequences
    assert ragged.lengths.tolist() == [len(sequence) for sequence in given_sequences]


def test_types_and_words():
    ragged = Ragged.of([[1, 2], []])
    assert ragged.flat.dtype == np.int32
    assert repr(ragged) == "Ragged(2 sequences, 2 items)"
