def test_what_the_data_say(kilter, small_file):
    ended = kilter("audit", small_file)

    assert ended.code == 0
    assert ended.out.startswith("audit of small")
    assert "can show differences of" in " ".join(ended.out.split())
    assert kilter("audit", small_file, "--json").document["design"].startswith("A test split of")


def test_findings_from_the_gate_on_are_exit_code_1(kilter, tmp_path):
    (tmp_path / "d.csv").write_text("x,same,y\n" + "".join(f"{i},{i},{i % 2}\n" for i in range(100)), "utf-8")
    path = tmp_path / "kilter.yaml"
    path.write_text("task: classification\ndata: {train: d.csv, target: y}\n", "utf-8")
    ended = kilter("audit", path, "--json", "--fail-on", "warning")

    assert (ended.code == 1) == (ended.document["status"] == "gated")
    assert ended.document["findings"]
    assert kilter("audit", path, "--gate", "off").code == 0


def test_data_that_cannot_be_read_are_exit_code_3(kilter, tmp_path):
    (tmp_path / "d.csv").write_text("x,y\n1,2,3\n", "utf-8")
    path = tmp_path / "kilter.yaml"
    path.write_text("task: regression\ndata: {train: d.csv, target: y}\n", "utf-8")
    ended = kilter("audit", path)

    assert ended.code == 3
    assert "d.csv:2" in ended.err
