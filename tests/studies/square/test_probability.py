import math

import pytest

from genloom.recipes.registry import recipe
from genloom.studies.context import Context
from genloom.studies.square import runs
from genloom.studies.square.probability import s2_19, s2_20


def test_the_items_are_whole(small_context, sizes, whole):
    answer = whole(small_context, s2_19)
    plain, told, erratum = answer.tables
    assert len(plain.rows) >= 5
    places = [row[1] for row in told.rows]
    assert any(places.count(place) == 2 for place in places)  # one location with two classes
    assert any(row[-1] == "−∞" for row in plain.rows)
    assert any(row[-1] == f"−{math.log(4):.3f}" for row in plain.rows)
    assert erratum.rows[0][0].startswith("−L_T alone")
    assert len(whole(small_context, s2_20).text) == 3


@pytest.mark.slow
def test_the_trained_models_agree_with_their_known_answers(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "recipe", recipe)  # not the small one of a test before this
    context = Context(folder=tmp_path, study="square")
    results = {result.name: result for item in (s2_19, s2_20) for result in item.work(context).results}
    failed = [f"{name}: {result.value}" for name, result in results.items() if result.status == "fail"]
    assert not failed
