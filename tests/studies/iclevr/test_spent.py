"""How long a training took."""

import json
import math
from types import SimpleNamespace

import pytest

from genloom.studies.iclevr import spent, work


def test_minutes_are_those_of_the_log(tmp_path) -> None:
    (tmp_path / "timing.jsonl").write_text(json.dumps({"step": 9, "seconds": 510.0}) + "\n")
    assert spent.minutes(SimpleNamespace(path=tmp_path)) == pytest.approx(8.5)


def test_a_clock_takes_the_quickest_call_after_a_first_one() -> None:
    calls = []
    assert 0 <= spent.clock(lambda: calls.append(0), 2) < 1
    assert len(calls) == 3


def test_a_run_tells_its_minutes_and_a_folder_without_a_log_none(tiny, tmp_path) -> None:
    assert 0 < spent.minutes(work.gan(tiny).trained) < 5
    assert math.isnan(spent.minutes(SimpleNamespace(path=tmp_path)))
