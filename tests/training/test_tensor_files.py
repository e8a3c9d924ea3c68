import os
import zlib

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file

from kilter.training.tensor_files import Content, content_of, write_tensors, write_text
from kilter.values.errors import TrainingError

TYPES = [
    *(torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2),
    *(torch.complex64, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint64, torch.uint32, torch.uint16),
    *(torch.uint8, torch.bool),
]


def bits(tensor):
    return tensor.detach().resolve_conj().resolve_neg().contiguous().reshape(-1).view(torch.uint8).tolist()


def assert_back(path, tensors):
    """The reference library reads what was written, to the bit."""
    written = write_tensors(path, tensors)
    again = load_file(path)
    assert again.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert (again[name].dtype, again[name].shape) == (tensor.dtype, tensor.shape), name
        assert bits(again[name]) == bits(tensor), name
    assert written == content_of(path) == Content(path.stat().st_size, zlib.crc32(path.read_bytes()))


def test_the_reference_library_reads_every_type(tmp_path):
    made = {str(kind): torch.randn(3, 2).mul(9).abs().to(kind) for kind in TYPES}
    assert_back(tmp_path / "all", made)


@given(
    st.dictionaries(
        st.text(max_size=6).filter(lambda name: name != "__metadata__"),
        st.tuples(st.sampled_from(TYPES[:4] + TYPES[-3:]), st.lists(st.integers(0, 3), max_size=3)),
        max_size=5,
    )
)
def test_names_types_and_shapes_in_any_mixture(tmp_path_factory, kinds):
    tensors = {name: torch.randn(shape).to(kind) for name, (kind, shape) in kinds.items()}
    assert_back(tmp_path_factory.mktemp("mixture") / "file", tensors)


def test_however_they_lie_in_memory(tmp_path):
    whole = torch.arange(24.0).view(2, 3, 4)
    complex_ = torch.randn(3, dtype=torch.complex64)
    assert_back(
        tmp_path / "views",
        {
            "turned": whole[0].t(),
            "part": whole[:, 1],
            "spread": torch.ones(1).expand(3, 4),
            "last": torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last),
            "conjugate": complex_.conj(),
            "negative": complex_.conj().imag,
            "learnt": torch.nn.Parameter(torch.ones(2)),
        },
    )


def test_more_than_one_part(tmp_path):
    assert_back(tmp_path / "large", {"a": torch.arange(700_001, dtype=torch.int32), "b": torch.ones(3)})


def test_a_text_and_its_sum(tmp_path):
    path = tmp_path / "text"
    assert write_text(path, "Grüße") == content_of(path)
    assert path.read_text("utf-8") == "Grüße"


def test_what_was_written_is_on_the_disk_before_anything_is_said(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", synced.append)
    write_tensors(tmp_path / "a", {"one": torch.ones(2)})
    write_text(tmp_path / "b", "b")
    assert len(synced) == 2


@pytest.mark.parametrize("tensor", [torch.eye(3).to_sparse(), torch.ones(2, dtype=torch.complex128)])
def test_what_the_form_does_not_have_is_said_with_its_place(tmp_path, tensor):
    with pytest.raises(TrainingError, match=r"at layer\.weight: dense tensors of float64.*have the model"):
        write_tensors(tmp_path / "file", {"layer.weight": tensor})
