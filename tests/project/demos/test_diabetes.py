from kilter.data.reading import read_table
from kilter.project.demos.diabetes import COLUMNS, write_data


def test_the_table_is_in_the_measurements_own_units(tmp_path):
    write_data(tmp_path)
    table = read_table(tmp_path / "patients.csv")

    assert list(table.columns) == [*COLUMNS, "progression"]
    assert len(table) == 442
    assert [table.columns[name][0] for name in ("age", "body_mass_index", "hdl", "progression")] == [59, 32.1, 38, 151]
