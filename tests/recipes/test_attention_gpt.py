"""The attention lab on a model whose habits are known."""

import json

import pytest
import torch

from genloom.recipes.attention_gpt import AttentionLook, as_json, look, strongest
from genloom.recipes.sentence_gpt import sentence
from memorised import REPEATED, WordTokenizer, memorised, repeated, untrained

TOKENIZER = WordTokenizer()


def copying() -> AttentionLook:
    """The third word of a string that is said again."""
    torch.manual_seed(4)
    text = TOKENIZER.decode(repeated(1)[0][: REPEATED + 3].tolist())
    return look(memorised(), TOKENIZER, sentence(memorised(), TOKENIZER, [], text))


def test_a_copy_looks_at_and_rests_on_what_is_copied() -> None:
    found = copying()
    assert found.rank == 0
    assert found.likely[0].text == found.sentence.target.shown
    assert found.likely[0].probability == pytest.approx(torch.tensor(found.log_prob).exp().item(), abs=1e-4)
    copied = found.words[2]
    assert copied.shown == found.sentence.target.shown
    assert strongest(found.blocks[0].weights, found.words, 1)[0][0] == copied
    assert copied in [word for word, _ in strongest(-found.ablation.hidden, found.words)]
    assert found.agreement("attention, block 1") > 0


def test_weights_of_words_sum_to_one_in_every_block() -> None:
    found = look(untrained(), TOKENIZER, sentence(untrained(), TOKENIZER, [0], "I am a little squirrel"))
    for block in found.blocks:
        assert block.weights.sum().item() == pytest.approx(1, abs=1e-6)
        assert 1 <= block.effective <= len(found.words)
    assert 0 <= found.distance <= 1
    assert found.through.sum().item() == pytest.approx(1, abs=1e-6)
    assert len(found.gradient) == len(found.words)


def test_json_holds_the_raw_the_masked_and_the_softmax_rows() -> None:
    from genloom.cli.output import plain

    found = copying()
    data = json.loads(json.dumps(plain(as_json(found)), allow_nan=False))
    row = data["blocks"][0]["tokens"]
    length = len(found.sentence.tokens)
    assert len(row["scores"]) == 4
    assert all(len(row[name][0]) == length for name in ("scores", "masked", "weights"))
    assert row["masked"][0][-1] is None
    assert data["blocks"][0]["sums"]["weights"] == pytest.approx(1, abs=1e-6)
    assert data["word"] == found.sentence.target.shown
    assert len(data["hidden"]) == len(data["words"]) == len(found.words)
    assert set(data["agreement"]) < set(data["deletion"])


def test_the_strongest_come_first_and_nothing_is_no_number() -> None:
    words = copying().words
    values = torch.full((len(words),), 0.1)
    values[1], values[3] = 5.0, float("nan")
    assert strongest(values, words, 2)[0] == (words[1], 5.0)
    assert words[3] not in [word for word, _ in strongest(values, words, len(words) - 1)]
