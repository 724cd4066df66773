"""How long a training took."""

import json
import math
from types import SimpleNamespace

import pytest

from genloom.studies.iclevr import spent, work


def test_seconds_are_those_of_all_processes_of_a_run(tmp_path) -> None:
    path = tmp_path / "timing.jsonl"
    path.write_text("".join(json.dumps({"step": k, "seconds": s}) + "\n" for k, s in enumerate((1.0, 5.0, 2.0, 3.5))))
    assert spent.seconds(path) == pytest.approx(5 + 3.5)
    assert spent.minutes(SimpleNamespace(path=tmp_path)) == pytest.approx(8.5 / 60)


def test_a_run_tells_its_minutes_and_a_folder_without_a_log_none(tiny, tmp_path) -> None:
    assert 0 < spent.minutes(work.gan(tiny).trained) < 5
    assert math.isnan(spent.minutes(SimpleNamespace(path=tmp_path)))
