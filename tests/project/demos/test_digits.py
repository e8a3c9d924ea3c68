import numpy as np
from sklearn.datasets import load_digits

from kilter.data.reading import read_table
from kilter.project.demos.digits import write_data


def test_the_images_are_those_of_the_source(tmp_path):
    write_data(tmp_path)
    table = read_table(tmp_path / "digits.npz")

    assert np.array_equal(table.columns["image"], load_digits().images)
    assert np.array_equal(table.columns["digit"], load_digits().target)
