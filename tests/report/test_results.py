import json
import math
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genloom.errors import DataError
from genloom.report.results import (
    Figure,
    Item,
    Page,
    Result,
    Table,
    from_json,
    read_results,
    to_json,
    write_results,
)


@pytest.fixture
def page():
    result = Result(name="loss", value=0.828, known=0.8266, known_name="Bayes", interval=(0.82, 0.83), n=10,
                    seeds=(0, 1), accepted=(-math.inf, 0.9), status="pass")
    item = Item(number="S2.1", title="Ünïcode ε", text=("a", "b"), results=(result, Result(name="gone", value=None)),
                figures=(Figure(path="figures/a.png", caption="c", alt="a"),),
                tables=(Table(header=("h",), rows=(("1",), ("2",))),))
    return Page(title="T", kind="study", name="toy", facts=(("data", "d"),), items=(item,), complete=False, notice="n",
                next_commands=("genloom list",), extra={"k": [1, None, "x"]})


def test_a_page_comes_back_from_json_as_it_was(page):
    assert from_json(json.loads(json.dumps(to_json(page), allow_nan=False))) == page


def test_a_page_comes_back_from_its_file_as_it_was(page, tmp_path):
    assert read_results(write_results(page, tmp_path / "results.json")) == page
    assert [file.name for file in tmp_path.iterdir()] == ["results.json"]


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_what_json_has_no_number_for_survives(value):
    item = Item(number="1", title="t", results=(Result(name="x", value=value),))
    page = Page(title="T", kind="run", name="r", items=(item,))
    text = json.dumps(to_json(page), allow_nan=False)
    assert str(from_json(json.loads(text)).items[0].results[0].value) == str(value)


@pytest.mark.parametrize(("change", "message"), [
    ({"title": 3}, "results.title: must be text, not 3"),
    ({"kind": "novel"}, "results.kind: must be one of"),
    ({"colour": 1}, "unknown field 'colour'"),
    ({"items": {}}, "results.items: must be a list"),
    ({"items": [{"number": "1"}]}, r"results.items\[0\]: the field 'title' is missing"),
    ({"items": [{"number": "1", "title": "t", "seconds": "long"}]}, r"results.items\[0\].seconds: must be a number"),
    ({"facts": [["one"]]}, r"results.facts\[0\]: must be a list of 2"),
    ({"complete": 1}, "true or false"),
    ({"format": 99}, "newer than 1"),
    ({"format": True}, "must be an integer"),
])
def test_a_wrong_field_is_named(page, change, message):
    with pytest.raises(DataError, match=message):
        from_json({**to_json(page), **change})


def test_a_missing_damaged_or_huge_file_is_one_typed_line(tmp_path):
    path = tmp_path / "results.json"
    for content in (None, b"", b"{", b"[" * 100_000, b"\xff\xfe", b"3", b"9" * 10_000):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(DataError) as caught:
            read_results(path)
        assert "\n" not in str(caught.value)


json_values = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
                           lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
                           max_leaves=12)
fields = st.sampled_from(["title", "kind", "name", "items", "facts", "format", "extra", "complete", "next_commands"])


@given(st.dictionaries(fields, json_values, max_size=9))
@settings(max_examples=100, deadline=None)
def test_fuzzed_json_gives_a_page_or_a_typed_error(data):
    with suppress(DataError):
        assert isinstance(from_json({"title": "t", "kind": "run", "name": "n", **data}), Page)


@given(json_values)
@settings(max_examples=100, deadline=None)
def test_fuzzed_items_give_a_page_or_a_typed_error(data):
    item = {"number": "1", "title": "t", "results": [data]}
    with suppress(DataError):
        assert isinstance(from_json({"title": "t", "kind": "run", "name": "n", "items": [item]}), Page)
