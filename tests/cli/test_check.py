def test_a_healthy_pipeline_passes(kilter, small_file):
    ended = kilter("check", small_file, "--json")

    assert ended.code == 0
    assert ended.document["status"] == "done"
    assert ended.document["seconds"]


def test_a_pipeline_that_is_wrong_is_exit_code_1(kilter, small_file, monkeypatch, tmp_path):
    (tmp_path / "broken_model.py").write_text(
        "import torch\n"
        "class Deaf(torch.nn.Module):\n"
        "    def __init__(self, numbers, outputs):\n"
        "        super().__init__()\n"
        "        self.out = torch.nn.Linear(numbers, outputs)\n"
        "    def forward(self, numbers):\n"
        "        return self.out(numbers * 0)\n",
        "utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    ended = kilter("check", small_file, "--set", "model=broken_model:Deaf")

    assert ended.code == 1
    assert "FAILURE" in ended.out
