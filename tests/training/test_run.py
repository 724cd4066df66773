import json
import subprocess
import sys

import pytest

from genloom.errors import RunError, RunInUse
from genloom.training.run import RunFolder


def make(path):
    return RunFolder.create(path, "name: x\n", ["genloom", "train", "ve square"], {"python": "3"})


def test_a_run_explains_itself(tmp_path):
    run = make(tmp_path / "deep" / "run")
    assert RunFolder.open(run.path).recipe_yaml == "name: x\n"
    assert (run.path / "command.txt").read_text() == "genloom train 've square'\n"
    assert json.loads((run.path / "environment.json").read_text()) == {"python": "3"}
    assert run.status["reason"] == "not started"


def test_what_is_there_is_never_overwritten(tmp_path):
    make(tmp_path / "run")
    with pytest.raises(RunError, match=r"run is not empty; go on with `genloom resume .*run`, or choose another --out"):
        make(tmp_path / "run")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(b"x")
    with pytest.raises(RunError):
        make(tmp_path / "photos")
    assert [p.name for p in (tmp_path / "photos").iterdir()] == ["a.jpg"]
    with pytest.raises(RunError, match="cannot be made"):
        make(tmp_path / "photos" / "a.jpg" / "run")


@pytest.mark.parametrize("name", ["absent", "empty"])
def test_what_is_no_run_is_not_opened(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(RunError, match=f"{name} is not a run: it .*makes one"):
        RunFolder.open(tmp_path / name)


def test_a_run_that_says_it_runs_is_asked_whether_it_lives(tmp_path):
    run = make(tmp_path / "run")
    with run.lock():
        run.set_status("running", 5, 10)
        code = "import sys, pathlib, genloom.training as t; print(t.RunFolder(pathlib.Path(sys.argv[1])).status)"
        command = [sys.executable, "-c", code, str(run.path)]
        seen = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert "'running'" in seen
        with pytest.raises(RunInUse), run.lock():
            pass
    assert run.status == {"state": "interrupted", "step": 5, "steps": 10, "reason": "the process ended without a word"}
    (run.path / "status.json").write_text("[torn")
    assert run.status["state"] == "interrupted"


def test_a_helper_process_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("LOCAL_RANK", "1")
    make(tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_opening_a_run_needs_no_torch():
    code = "import sys; from genloom.training.run import RunFolder; from genloom.training.screen import Screen; " \
           "assert 'torch' not in sys.modules and 'rich' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
