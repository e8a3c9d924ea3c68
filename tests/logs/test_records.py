import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

from kilter.logs.records import framed, read_records


def number(content):
    return int.from_bytes(content, "little")


@given(st.binary(max_size=60))
def test_both_checksums_are_those_of_tensorboard(data):
    record = framed(data)

    assert number(record[:8]) == len(data)
    assert number(record[8:12]) == masked_crc32c(record[:8])
    assert record[12:-4] == data
    assert number(record[-4:]) == masked_crc32c(data)


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_what_was_framed_is_read(data):
    records = read_records(b"".join(map(framed, data)))

    assert (records.data, records.damaged, records.rest) == (tuple(data), 0, 0)


@pytest.mark.parametrize("cut", range(1, 19))
def test_a_record_that_was_cut_short_is_the_rest(cut):
    records = read_records(framed(b"one") + framed(b"two")[:-cut])

    assert (records.data, records.damaged, records.rest) == ((b"one",), 0, 19 - cut)


def test_a_damaged_record_is_counted_and_the_next_is_read():
    content = bytearray(framed(b"one") + framed(b"two") + framed(b"three"))
    content[19 + 12] ^= 1

    records = read_records(bytes(content))

    assert (records.data, records.damaged, records.rest) == ((b"one", b"three"), 1, 0)


def test_behind_a_damaged_length_nothing_is_found():
    content = bytearray(framed(b"one") + framed(b"two"))
    content[19 + 9] ^= 1

    records = read_records(bytes(content))

    assert (records.data, records.damaged, records.rest) == ((b"one",), 0, 19)


def test_a_tail_of_zeros_is_no_record():
    assert read_records(framed(b"one") + bytes(64)).data == (b"one",)


def test_large_data_are_taken_as_they_are():
    content = bytearray(framed(b"x" * 5000) + framed(b"small"))
    content[100] ^= 1

    assert [len(data) for data in read_records(bytes(content)).data] == [5000, 5]
