import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kilter.data.image_variations import cut_out, flipped, rotated, shifted, turned

from .varying import KEY, ROWS, depends_on_seed_and_epoch, is_the_same_in_any_company


def images(rows=40, channels=2, height=5, width=6):
    return torch.randn(rows, channels, height, width, generator=torch.Generator().manual_seed(0))


def naive_shift(image, down, right):
    moved = np.empty_like(image)
    _, height, width = image.shape
    for y in range(height):
        for x in range(width):
            moved[:, y, x] = image[:, min(max(y - down, 0), height - 1), min(max(x - right, 0), width - 1)]
    return moved


def test_images_move_by_whole_pixels_and_repeat_their_edge():
    met = set()
    for before, after in zip(images().numpy(), shifted(images(), most=2, rows=ROWS, **KEY).numpy(), strict=True):
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
    given_images = images(500)
    made = flipped(given_images, rows=range(500), **KEY)
    mirrored = (made == given_images.flip(3)).flatten(1).all(1)
    assert (mirrored ^ (made == given_images).flatten(1).all(1)).all()
    assert mirrored.float().mean() == pytest.approx(0.5, abs=0.07)


def naive_turn(image, angle):
    """Each pixel from where it was before the turn, between its four neighbours, the edge repeated."""
    made = np.empty_like(image)
    _, height, width = image.shape
    middle_y, middle_x = (height - 1) / 2, (width - 1) / 2
    for y in range(height):
        for x in range(width):
            # Counter-clockwise as one sees it, while y points downwards
            from_x = math.cos(angle) * (x - middle_x) - math.sin(angle) * (y - middle_y) + middle_x
            from_y = math.sin(angle) * (x - middle_x) + math.cos(angle) * (y - middle_y) + middle_y
            from_x, from_y = min(max(from_x, 0), width - 1), min(max(from_y, 0), height - 1)
            left, top = math.floor(from_x), math.floor(from_y)
            right, bottom = min(left + 1, width - 1), min(top + 1, height - 1)
            to_right, to_bottom = from_x - left, from_y - top
            above = (1 - to_right) * image[:, top, left] + to_right * image[:, top, right]
            below = (1 - to_right) * image[:, bottom, left] + to_right * image[:, bottom, right]
            made[:, y, x] = (1 - to_bottom) * above + to_bottom * below
    return made


@pytest.mark.parametrize("shape", [(5, 6), (7, 7), (3, 9)])
def test_images_are_turned_as_the_naive_way_turns_them(shape):
    given_images = images(12, 2, *shape)
    angles = torch.linspace(-math.pi, math.pi, 12, dtype=torch.float64)
    made = turned(given_images, angles)
    for before, angle, after in zip(given_images.double().numpy(), angles.tolist(), made.numpy(), strict=True):
        np.testing.assert_allclose(after, naive_turn(before, angle), atol=2e-5)


def test_a_quarter_turn_is_exact_and_counter_clockwise():
    given_images = images(3, 2, 5, 5)
    quarter = turned(given_images, torch.full((3,), math.pi / 2))
    torch.testing.assert_close(quarter, given_images.rot90(1, (2, 3)), atol=1e-5, rtol=0)


def test_the_angles_are_those_up_to_the_largest():
    bar = torch.zeros(400, 1, 21, 21)
    bar[:, :, 10, 20] = 1  # to the right of the middle: where it goes to says the angle
    made = rotated(bar, degrees=60, rows=range(400), **KEY).flatten(1)
    place = made.argmax(1)
    angles = torch.rad2deg(torch.atan2(10.0 - place // 21, place % 21 - 10.0))
    seen = angles[made.amax(1) > 0.4]  # those that did not fall between pixels
    assert len(seen) > 150
    assert -66 <= seen.min() < -50
    assert 50 < seen.max() <= 66
    assert abs(seen.mean()) < 7


@pytest.mark.parametrize("side", [1, 2, 3, 4])
def test_a_square_of_each_image_is_blank(side):
    given_images = images(400, 2, 6, 9) + 10
    made = cut_out(given_images, side=side, rows=range(400), **KEY)
    blank = (made == 0).all(1)
    assert torch.equal(blank, (made == 0).any(1))
    assert torch.equal(made[~(made == 0)], given_images[~(made == 0)])
    heights, widths = blank.any(2).sum(1), blank.any(1).sum(1)
    assert torch.equal(heights * widths, blank.sum((1, 2)))  # a rectangle, whole but where it reaches over the edge
    assert heights.max() == widths.max() == side
    assert heights.min() >= (side + 1) // 2
    assert blank.any(0).all()  # every pixel is blank in some image


VARIATIONS = {
    "shift": lambda rows, **key: shifted(images(40, 1, 6, 6)[rows], most=3, rows=rows, **key),
    "flip": lambda rows, **key: flipped(images(40, 1, 6, 6)[rows], rows=rows, **key),
    "rotate": lambda rows, **key: rotated(images(40, 3, 9, 7)[rows], degrees=30, rows=rows, **key),
    "cutout": lambda rows, **key: cut_out(images(40, 1, 6, 6)[rows], side=2, rows=rows, **key),
}


@pytest.mark.parametrize("name", VARIATIONS)
@given(order=st.permutations(ROWS), size=st.integers(1, 40))
def test_a_row_varies_alike_whenever_it_is_asked_for(name, order, size):
    is_the_same_in_any_company(VARIATIONS[name], order, size)


@pytest.mark.parametrize("name", VARIATIONS)
def test_another_epoch_or_seed_varies_otherwise(name):
    depends_on_seed_and_epoch(VARIATIONS[name])
