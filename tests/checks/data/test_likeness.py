"""What is alike, beside comparisons of all with all."""

import numpy as np
import pytest

from kilter.checks.data.likeness import alike_images, alike_numbers, alike_texts, reduced
from kilter.testing.tables import sentences


def naive(texts, least):
    sets = [{text[at : at + 5] for at in range(len(text) - 4)} for text in texts]
    return [
        (a, b)
        for a in range(len(texts))
        for b in range(a + 1, len(texts))
        if len(sets[a] & sets[b]) >= least * len(sets[a] | sets[b])
    ]


@pytest.mark.parametrize("seed", range(3))
def test_pairs_of_texts_are_those_of_a_comparison_of_all(seed):
    said = sentences(np.random.default_rng(seed), 120, length=12)
    said += [text.replace("a", "o", 1) for text in said[:30]] + [f"{text} and so on" for text in said[30:50]]
    assert sorted(map(tuple, alike_texts(said, least=0.8, fewest=5).tolist())) == naive(said, 0.8)


def test_case_and_spaces_do_not_count():
    pairs = alike_texts(["What is an atom made of?", " what  IS an atom made of? ", "x"], least=0.99, fewest=5)
    assert pairs.tolist() == [[0, 1]]


def test_short_texts_and_no_texts_make_no_pairs():
    assert alike_texts(["yes", "yes"], least=0.8, fewest=5).shape == (0, 2)
    assert alike_texts([], least=0.8, fewest=5).shape == (0, 2)


def test_crowds_of_equal_texts_are_not_compared_all_with_all():
    pairs = alike_texts(["one and the same text, over and over"] * 500, least=0.8, fewest=5)
    assert len(pairs) < 500 * 50
    assert len(np.unique(pairs)) == 500


def test_numbers_are_rounded_by_their_spread():
    draw = np.random.default_rng(0)
    table = np.round(draw.normal(size=(50, 3)), 1)
    table[1] = table[0] + 1e-6
    numbers = alike_numbers(table * (1, 1e6, 1e-6), np.zeros(50, int), share=0.01)
    assert numbers[0] == numbers[1]
    assert len(np.unique(numbers)) > 40


def test_images_are_compared_whatever_their_brightness():
    draw = np.random.default_rng(0)
    images = draw.integers(0, 200, (40, 20, 20, 3))
    images[7] = images[3] + 30
    assert alike_images(images, least=0.98).tolist() == [[3, 7]]
    assert alike_images(np.zeros((4, 8, 8)), least=0.98).shape == (0, 2)


def test_reduced_images_have_mean_0_and_length_1():
    small = reduced(np.random.default_rng(0).random((5, 28, 30)))
    assert small.shape == (5, 144)
    assert np.allclose(small.mean(axis=1), 0, atol=1e-6)
    assert np.allclose(np.linalg.norm(small, axis=1), 1)
