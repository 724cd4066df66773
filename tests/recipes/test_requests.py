"""What a family has no use for is refused by name."""

from dataclasses import fields

import pytest

from genloom.errors import InputError
from genloom.recipes.experiment import SampleRequest
from genloom.recipes.requests import SAMPLER, TEXT, refuse_idle

ASKED = {"sampler": "ddim", "steps": 3, "spacing": "karras", "eta": 0.5, "guidance": 2.0, "classifier": "c",
         "labels": "1", "prompt": "Alice", "tokens": 5, "temperature": 0.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0,
         "repetition": 1.0, "past": "slide"}


def test_every_option_is_known() -> None:
    assert {field.name for field in fields(SampleRequest)} == {*SAMPLER, *TEXT, "labels", "count", "seed"} == {
        *ASKED, "count", "seed"}


@pytest.mark.parametrize("name", ASKED)
def test_what_is_not_taken_is_refused_and_what_is_goes_through(name: str) -> None:
    request = SampleRequest(**{name: ASKED[name]})  # type: ignore[arg-type]
    refuse_idle(request, "a model", (name,), "it has none")
    with pytest.raises(InputError) as caught:
        refuse_idle(request, "a model", ("top_k", "min_p") if name not in ("top_k", "min_p") else (), "it has none")
    said = str(caught.value)
    assert said.startswith(f"{name} = {ASKED[name]!r}: must be left out: ")
    assert "a model takes --count" in said
    assert ("only a language model takes it" in said) is (name in TEXT)
    assert ("this model knows no classes" in said) is (name == "labels")


def test_what_is_taken_is_listed_as_flags() -> None:
    with pytest.raises(InputError, match="a model takes --count, --top-k, --min-p and --seed"):
        refuse_idle(SampleRequest(steps=1), "a model", ("top_k", "min_p"), "")


def test_nothing_asked_for_is_nothing_refused() -> None:
    refuse_idle(SampleRequest(count=3, seed=7), "a model", (), "")
