"""The predicted word is the last one, given or written by the model itself."""

import pytest
import torch

from genloom.autoregressive.characters import Characters
from genloom.autoregressive.choice import Choice
from genloom.errors import InputError
from genloom.recipes import sentence_gpt
from genloom.recipes.sentence_gpt import sentence, word_count
from memorised import SENTENCE, WordTokenizer, memorised, untrained

START = [0]
TOKENIZER = WordTokenizer()


def test_the_last_word_given_is_predicted() -> None:
    found = sentence(untrained(), TOKENIZER, START, "I am a little squirrel ")
    assert found.target.shown == "squirrel"
    assert (found.number, found.generated, found.place) == (5, 0, 4)
    assert [word.shown for word in found.words] == ["⏎", "I", "am", "a", "little"]
    assert torch.equal(torch.cat((found.prefix, found.targets)), found.tokens)
    assert found.text == "I am a little squirrel"


def test_the_model_writes_what_is_missing() -> None:
    found = sentence(memorised(), TOKENIZER, START, "I am a little squirrel holding a walnut", number=11)
    assert (found.number, found.generated) == (11, 3)
    assert found.text.split() == SENTENCE[:11]
    assert found.target.shown == SENTENCE[10]


def test_what_is_written_depends_on_the_seed() -> None:
    texts = {sentence(untrained(), TOKENIZER, START, "I am", number=6, choice=Choice(), seed=seed).text
             for seed in (0, 0, 1, 2)}
    assert len(texts) == 3


@pytest.mark.parametrize(("text", "number", "said"), [
    ("", 0, "at least two words"), ("I", 0, "at least two words"), ("\n", 3, "at least two words"),
    ("I am a", 3, "more than the 3 words"), ("I am a", 2, "more than the 3 words"),
    ("a " * 40, 0, "at most 32 tokens"), ("I am", 33, "at most 32 tokens")])
def test_sentences_that_cannot_be_looked_at(text: str, number: int, said: str) -> None:
    with pytest.raises(InputError, match=said):
        sentence(memorised(), TOKENIZER, START, text, number=number)


def test_a_model_that_writes_no_words_is_given_up() -> None:
    gpt = untrained()
    with torch.no_grad():
        gpt.token_table.weight[0] = 9 * gpt.norm_out.weight  # the end of a line, for ever
        gpt.norm_out.bias.fill_(1.0)
    with pytest.raises(InputError, match="without ending word 3"):
        sentence(gpt, TOKENIZER, START, "I am", number=3)


def test_a_number_of_words_that_no_context_holds_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentence_gpt, "generate", lambda *_, **__: pytest.fail("nothing is to be written"))
    with pytest.raises(InputError, match=r"1,000,001 tokens or more.*fewer --words"):
        sentence(untrained(), TOKENIZER, START, "I am", number=10**6)


def test_writing_ends_where_the_context_does() -> None:
    gpt = untrained()
    with torch.no_grad():
        gpt.token_table.weight[0] = 9 * gpt.norm_out.weight
        gpt.norm_out.bias.fill_(1.0)
    with pytest.raises(InputError, match="context of 32 tokens: it wrote 30 tokens without ending word 9"):
        sentence(gpt, TOKENIZER, START, "I am", number=9)


@pytest.mark.parametrize(("text", "count"), [("So - it is", 3), ("the cat\u3000sees", 2), ("", 0), ("!? …", 0),
                                             (" one\n two\n", 2), ("a\x1cb", 1)])
def test_words_are_counted_as_a_sentence_counts_them(text: str, count: int) -> None:
    assert word_count(Characters(""), text) == count
