import math
from pathlib import Path

import pytest
import torch
from gpt_small import small, text_file

from genloom.errors import InputError
from genloom.recipes.build_gpt import NAME, GptExperiment
from genloom.recipes.score_gpt import copied, score_sentence

SENTENCE = "I am a little squirrel holding a walnut"


@pytest.fixture
def experiment(tmp_path: Path) -> GptExperiment:
    return small(text_file(tmp_path))


def test_words_and_tokens_have_the_same_sum(experiment: GptExperiment) -> None:
    found = score_sentence(experiment, {NAME: experiment.network}, SENTENCE)
    assert b"".join(found.pieces).decode() == SENTENCE
    assert [word.shown for word, _ in found.words] == SENTENCE.split()
    assert sum(value for _, value in found.words) == pytest.approx(found.total, rel=1e-12)
    assert found.total == pytest.approx(found.scored.total)
    assert found.bits_per_byte == pytest.approx(-found.total / math.log(2) / len(SENTENCE))
    assert found.after == "\n"


def test_the_first_token_is_predicted_after_the_text_that_is_named(experiment: GptExperiment) -> None:
    with torch.no_grad():
        for parameter in experiment.network.parameters():
            parameter.mul_(5.0)
    usual, other = (score_sentence(experiment, {NAME: experiment.network}, SENTENCE, after)
                    for after in (None, "the cat. "))
    assert usual.log_probs[0] != other.log_probs[0]
    assert other.after == "the cat. "


def test_products_underflow_where_the_sum_does_not(experiment: GptExperiment) -> None:
    found = score_sentence(experiment, {NAME: experiment.network}, " ".join([SENTENCE] * 12))
    single, double = found.products
    assert single.zero is not None
    assert double.zero is not None
    assert single.zero < double.zero
    assert math.isfinite(found.total)


def test_all_of_it_is_json(experiment: GptExperiment) -> None:
    import json

    body = json.loads(json.dumps(score_sentence(experiment, {NAME: experiment.network}, "un café").to_json()))
    assert sum(token["log_prob"] for token in body["tokens"]) == pytest.approx(body["log_prob"])
    assert {"sentence", "after", "words", "products", "perplexity", "bits_per_byte"} <= body.keys()


def test_an_empty_sentence_is_refused(experiment: GptExperiment) -> None:
    with pytest.raises(InputError, match="some text"):
        score_sentence(experiment, {NAME: experiment.network}, "")


def test_the_longest_copy_is_found_or_why_not(tmp_path: Path) -> None:
    path = text_file(tmp_path)
    match = copied(small(path), "Oh, the squirrel likes a small café. Is that so?")
    assert not isinstance(match, str)
    assert match.text.strip() == "the squirrel likes a small café."
    experiment = small(path)
    experiment = GptExperiment(experiment.recipe, None, experiment.known)
    path.unlink()
    assert "data.text" in str(copied(experiment, "the cat"))
