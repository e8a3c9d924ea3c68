def test_what_the_data_say(kilter, small_file):
    ended = kilter("audit", small_file)

    assert ended.code == 0
    assert ended.out.startswith("audit of small")
    assert "can show differences in accuracy of" in " ".join(ended.out.split())
    assert "trainings a side" not in ended.out
    assert kilter("audit", small_file, "--json").document["design"].startswith("A test split of")


def test_seeds_that_are_planned_say_what_they_could_show(kilter, small_file):
    design = kilter("audit", small_file, "--json", "--seeds", 5, "--seed-deviation", 0.02).document["design"]

    assert "With 5 trainings a side" in design
    assert "scores vary by 2 points from seed to seed" in design
    refused = kilter("audit", small_file, "--seed-deviation", 0.02)
    assert refused.code == 2
    assert "with one training a side" in refused.err


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
