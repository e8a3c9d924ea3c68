from collections import Counter

from kilter.data.reading import read_table
from kilter.project.demos.cancer import write_data


def test_the_table_is_that_of_the_source(tmp_path):
    write_data(tmp_path)
    table = read_table(tmp_path / "tumours.csv")

    assert Counter(table.columns["diagnosis"].tolist()) == {"benign": 357, "malignant": 212}
    assert len(table.columns) == 31
    assert table.columns["mean_radius"][0] == 17.99
    assert table.columns["diagnosis"][0] == "malignant"
