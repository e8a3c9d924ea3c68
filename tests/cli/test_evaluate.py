import shutil


def test_scoring_again_gives_the_same_scores(kilter, trained, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(trained.path, folder)
    before = kilter("report", trained.path, "--json").document["scores"]
    ended = kilter("evaluate", folder, "--json", "--quiet")

    assert ended.code == 0
    assert ended.document["scores"] == before


def test_nothing_can_be_set(kilter, trained):
    assert kilter("evaluate", trained.path, "--set", "train.seed=1").code == 2


def test_what_is_no_run_is_said(kilter, tmp_path):
    ended = kilter("evaluate", tmp_path)

    assert ended.code == 2
    assert "is no run" in ended.err
