import json
import math

import pytest

from genloom.errors import CheckpointError
from genloom.training.files import append_line, read_rows
from genloom.training.log import Means, finite, truncate


def test_sums_go_on_exactly_through_json():
    straight, first = Means(), Means()
    for i in range(5):
        straight.add("loss", 0.1 * i)
        first.add("loss", 0.1 * i)
    second = Means()
    second.restore(json.loads(json.dumps(first.state())))
    for means in (straight, second):
        means.add("loss", 1 / 3)
    assert straight.means() == second.means()
    straight.reset()
    assert straight.means() == {}


@pytest.mark.parametrize("state", [[], {"loss": 3}, {"loss": ["x", 1]}, {"loss": [1]}])
def test_foreign_sums_are_a_typed_error(state):
    with pytest.raises(CheckpointError):
        Means().restore(state)


def test_truncating_drops_later_and_torn_rows(tmp_path):
    path = tmp_path / "metrics.jsonl"
    for step in range(1, 6):
        append_line(path, {"step": step})
    with path.open("a") as file:
        file.write('{"step": 6, "lo')
    truncate(path, 3)
    assert [row["step"] for row in read_rows(path)] == [1, 2, 3]
    assert path.read_bytes().endswith(b"\n")
    truncate(tmp_path / "absent", 3)


def test_json_never_holds_nan():
    assert finite({"a": math.inf, "b": 1.0, "c": "x"}) == {"a": None, "b": 1.0, "c": "x"}
