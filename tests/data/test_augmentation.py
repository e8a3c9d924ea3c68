import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kilter.data.augmentation import flipped, shifted, with_noise, without_tokens
from kilter.data.vocabulary import RESERVED, UNKNOWN

ROWS = list(range(40))
KEY = {"seed": 3, "epoch": 2}


def tokens():
    made = torch.randint(0, 50, (40, 30), generator=torch.Generator().manual_seed(0))
    made[:, 20:] = 0
    return made


def test_a_share_of_tokens_becomes_unknown_and_marks_stay():
    given_tokens = torch.randint(RESERVED, 50, (500, 60), generator=torch.Generator().manual_seed(0))
    made = without_tokens(given_tokens, share=0.3, rows=range(500), **KEY)
    assert ((made == given_tokens) | (made == UNKNOWN)).all()
    assert (made == UNKNOWN).float().mean() == pytest.approx(0.3, abs=0.01)
    marked = without_tokens(tokens(), share=0.9, rows=ROWS, **KEY)
    assert torch.equal(marked[tokens() < RESERVED], tokens()[tokens() < RESERVED])


def test_noise_has_its_deviation():
    made = with_noise(torch.zeros(500, 20), deviation=0.5, rows=range(500), **KEY)
    assert made.dtype == torch.float32
    assert made.std().item() == pytest.approx(0.5, rel=0.03)
    assert abs(made.mean().item()) < 0.02


def naive_shift(image, down, right):
    moved = np.empty_like(image)
    _, height, width = image.shape
    for y in range(height):
        for x in range(width):
            moved[:, y, x] = image[:, min(max(y - down, 0), height - 1), min(max(x - right, 0), width - 1)]
    return moved


def test_images_move_by_whole_pixels_and_repeat_their_edge():
    images = torch.randn(40, 2, 5, 6, generator=torch.Generator().manual_seed(0))
    made = shifted(images, most=2, rows=ROWS, **KEY)
    met = set()
    for before, after in zip(images.numpy(), made.numpy(), strict=True):
        moves = [
            (down, right)
            for down in range(-2, 3)
            for right in range(-2, 3)
            if np.array_equal(naive_shift(before, down, right), after)
        ]
        assert len(moves) == 1
        met.update(moves)
    assert len(met) > 15  # of 25


def test_every_other_image_is_mirrored():
    images = torch.randn(500, 2, 3, 4, generator=torch.Generator().manual_seed(0))
    made = flipped(images, rows=range(500), **KEY)
    mirrored = (made == images.flip(3)).flatten(1).all(1)
    assert (mirrored ^ (made == images).flatten(1).all(1)).all()
    assert mirrored.float().mean() == pytest.approx(0.5, abs=0.07)


VARIATIONS = {
    "tokens": lambda rows, **key: without_tokens(tokens()[rows], share=0.5, rows=rows, **key),
    "noise": lambda rows, **key: with_noise(torch.zeros(40, 7)[rows], deviation=1, rows=rows, **key),
    "shift": lambda rows, **key: shifted(torch.arange(40 * 36.0).reshape(40, 1, 6, 6)[rows], most=3, rows=rows, **key),
    "flip": lambda rows, **key: flipped(torch.arange(40 * 36.0).reshape(40, 1, 6, 6)[rows], rows=rows, **key),
}


@pytest.mark.parametrize("name", VARIATIONS)
@given(st.permutations(ROWS), st.integers(1, 40))
def test_a_row_varies_alike_whenever_it_is_asked_for(name, order, size):
    whole = VARIATIONS[name](ROWS, **KEY)
    for start in range(0, 40, size):
        rows = order[start : start + size]
        assert torch.equal(VARIATIONS[name](rows, **KEY), whole[rows])


@pytest.mark.parametrize("name", VARIATIONS)
def test_another_epoch_or_seed_varies_otherwise(name):
    made = [VARIATIONS[name](ROWS, seed=seed, epoch=epoch) for seed, epoch in ((0, 0), (0, 1), (1, 0))]
    assert not torch.equal(made[0], made[1])
    assert not torch.equal(made[0], made[2])
