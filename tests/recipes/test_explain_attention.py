"""What is said of attention is what the numbers say."""

import torch

from genloom.autoregressive.words import Word
from genloom.nn.gpt import GPT, GPTShape
from genloom.recipes.attention_gpt import AttentionLook, look
from genloom.recipes.explain_attention import difference, percent, quoted, sums, why
from genloom.recipes.sentence_gpt import sentence
from memorised import REPEATED, WORDS, WordTokenizer, memorised, repeated, untrained

TOKENIZER = WordTokenizer()


def looked(gpt: GPT, text: str, before: tuple[int, ...] = (0,)) -> AttentionLook:
    return look(gpt, TOKENIZER, sentence(gpt, TOKENIZER, before, text))


def test_a_copy_is_explained_by_what_is_copied() -> None:
    torch.manual_seed(4)
    found = looked(memorised(), TOKENIZER.decode(repeated(1)[0][: REPEATED + 3].tolist()), ())
    sure, where, rests, agree = why(found)
    assert f"Word 9 is “{found.sentence.target.shown}”, which was given" in sure
    assert "was the model's first choice" in sure
    assert f"at “{found.words[2].shown}”" in where
    assert f"“{found.words[2].shown}” log p falls by" in rests
    assert "rank correlation of" in agree


def test_what_matters_little_is_not_said_to_matter() -> None:
    gpt = untrained()
    with torch.no_grad():
        gpt.token_table.weight.mul_(1e-3)
    _, _, rests, _ = why(looked(gpt, "I am a little squirrel"))
    assert rests.startswith("No single word is needed")
    assert "speaks against" not in rests


def test_the_sums_are_told_apart() -> None:
    found = looked(untrained(), "I am a little squirrel")
    block = found.blocks[0]
    text = sums(found, block)
    assert "weights 1.0000" in text
    assert "masked −∞" in text
    assert f"{block.rows.sums.seen:.2f}".replace("-", "−") in text
    assert "with the 1 later token " in text


def test_the_difference_of_one_block_is_none() -> None:
    gpt = GPT(GPTShape(vocabulary=len(WORDS), context=32, width=16, blocks=1, heads=2)).eval()
    found = looked(gpt, "I am a little squirrel")
    assert "one block" in difference(found)
    assert "one block looked" in why(found)[1]
    both = looked(untrained(), "I am a little squirrel")
    assert percent(both.distance) in difference(both)


def test_a_word_of_many_tokens_says_so_and_the_last_word_is_carried() -> None:
    found = looked(untrained(), "I am a little squirrel")
    assert "tokens)" not in why(found)[1]
    merged = found.sentence
    one = Word(" I am", 1, 2)
    other = merged.__class__(merged.tokens, merged.pieces, (merged.words[0], one, *merged.words[3:]), merged.target, 0)
    again = look(untrained(), TOKENIZER, other)
    text = why(again)[1]
    assert ("(2 of the 5 tokens)" in text) == ("“I am”" in text)
    assert quoted(Word("\n", 0, 0)) == "the line's end"
