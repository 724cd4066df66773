"""The inversion lab: what is reached, what the nearest tokens say, and what searches find."""

import json

import pytest
import torch

from genloom.errors import InputError
from genloom.recipes.invert_gpt import Plan, as_json, interval, invert_sentence, retyped
from memorised import SENTENCE, WordTokenizer, memorised, untrained

TOKENIZER = WordTokenizer()
STRANGE = "walnut a paw my w3"


def test_every_start_reaches_the_sentence_at_its_own_outputs() -> None:
    said: list[str] = []
    found = invert_sentence(memorised(), TOKENIZER, [0], f" {STRANGE} ", Plan(count=4, control=True), say=said.append)
    assert found.exact == 4
    assert found.text == STRANGE
    assert found.interval == interval(found.found)
    assert found.interval[0] == pytest.approx(0.51, abs=0.01)
    assert found.interval[1] == 1
    assert found.steps == sorted(at or 0 for at in found.found.steps)[1:3][0] or found.steps is not None
    assert found.control is not None
    assert sorted(found.control.target.tolist()) == sorted(found.found.target.tolist())
    assert found.found.log_probs.mean() > found.before.mean()
    assert len(said) == 2
    assert found.searches == ()


def test_a_search_starts_from_the_nearest_tokens() -> None:
    plan = Plan(reading="continuation", length=2, count=2, steps=30, searches=2, exchanges=0)
    found = invert_sentence(memorised(), TOKENIZER, [0], " ".join(SENTENCE), plan)
    best = int(found.found.log_probs.mean(1).argmax())
    assert torch.equal(found.searches[0].tokens, found.near.tokens[best])
    assert not torch.equal(found.searches[1].tokens, found.near.tokens[best])


def test_a_memorised_sentence_alone_is_likely() -> None:
    found = invert_sentence(memorised(), TOKENIZER, [0], " ".join(SENTENCE), Plan(count=1, steps=0))
    assert found.before.exp().min() > 0.5
    far = invert_sentence(untrained(), TOKENIZER, [0], "I " * 32, Plan(count=1, steps=0))
    assert not torch.isfinite(invert_sentence(untrained(), TOKENIZER, [0, 0], "I " * 32, Plan(
        count=1, steps=0)).before).any()
    assert torch.isfinite(far.before).all()


def test_json_has_all_numbers() -> None:
    found = invert_sentence(memorised(), TOKENIZER, [0], STRANGE, Plan(count=2, steps=2, control=True, searches=1,
                                                                       exchanges=1, batch=4))
    from genloom.cli.output import plain

    data = json.loads(json.dumps(plain(as_json(found, TOKENIZER)), allow_nan=False))
    assert (data["exact"], data["starts"], data["median_steps"]) == (0, 2, None)
    assert len(data["each"]) == 2
    assert len(data["each"][0]["log_probs"]) == len(data["tokens"]) == 5
    assert data["searches"][0]["retyped"] is True
    assert data["control"]["exact"] == 0


def test_a_prompt_that_is_read_as_other_tokens_is_not_retyped() -> None:
    found = invert_sentence(memorised(), TOKENIZER, [0], STRANGE, Plan(count=1, steps=1, searches=1, exchanges=0))

    class Merging(WordTokenizer):
        def encode(self, text: str) -> list[int]:
            return super().encode(text)[:-1]

    assert retyped(found.searches[0], TOKENIZER)
    assert not retyped(found.searches[0], Merging())


@pytest.mark.parametrize(("text", "plan"), [("", Plan()), ("I am", Plan(length=5)), ("I " * 33, Plan())])
def test_sentences_that_cannot_be_inverted(text: str, plan: Plan) -> None:
    with pytest.raises(InputError):
        invert_sentence(untrained(), TOKENIZER, [0], text, plan)
