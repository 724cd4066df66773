"""Words that are taken away: what is hidden cannot matter, and what a prediction rests on does."""

import math

import pytest
import torch

from genloom.autoregressive.ablation import ablate, deletion, hidden_log_probs, log_prob_of, spearman
from genloom.autoregressive.words import Word, words
from genloom.errors import InputError
from memorised import PIECES, REPEATED, memorised, repeated, tokens, untrained

TEXT = tokens("\nI am a little squirrel holding a walnut")


def words_of(text: torch.Tensor) -> tuple[Word, ...]:
    return words([PIECES[token] for token in text])


def test_a_copy_rests_on_what_is_copied() -> None:
    torch.manual_seed(5)
    text = repeated(1)[0]
    prefix, target = text[: REPEATED + 3], text[REPEATED + 3 : REPEATED + 4]
    found = ablate(memorised(), prefix, words_of(prefix), target)
    assert found.log_prob > math.log(0.5)
    assert int(found.hidden.argmin()) == 3
    assert found.hidden[3] < -1
    assert found.hidden[[0, 1]].abs().max() < 0.3


def test_a_hidden_word_can_be_any_other() -> None:
    gpt, other = untrained(), TEXT[:7].clone()
    other[3] = 20
    of = [hidden_log_probs(gpt, text, words_of(TEXT[:7]), TEXT[7:9], [{3}]).item() for text in (TEXT[:7], other)]
    assert of[0] == pytest.approx(of[1], abs=1e-5)
    assert ablate(gpt, TEXT[:7], words_of(TEXT[:7]), TEXT[7:9]).hidden[3] == pytest.approx(
        of[0] - log_prob_of(gpt, TEXT[:7], TEXT[7:9]), abs=1e-5)


def test_a_word_that_predicts_can_be_any_other_too() -> None:
    gpt, other = untrained(), TEXT[:7].clone()
    other[6] = 20
    own = words_of(TEXT[:7])
    of = [hidden_log_probs(gpt, text, own, TEXT[7:9], [{6}, {2, 6}, set()]) for text in (TEXT[:7], other)]
    assert torch.allclose(of[0][:2], of[1][:2], atol=1e-5)
    assert not torch.allclose(of[0][2], of[1][2], atol=1e-3)


def test_a_hidden_word_before_it_is_one_that_nobody_looks_at() -> None:
    gpt, text = untrained(), TEXT[:7]
    seen = torch.ones(1, 7, dtype=torch.bool)
    seen[0, 2] = False
    logs = gpt(text[None], seen=seen)[0, -1].double().log_softmax(0)
    assert hidden_log_probs(gpt, text, words_of(text), TEXT[7:8], [{2}]).item() == pytest.approx(
        logs[TEXT[7]].item(), abs=1e-5)


def test_a_deleted_word_is_a_shorter_text() -> None:
    gpt, text = untrained(1), TEXT[:6]
    found = ablate(gpt, text, words_of(text), TEXT[6:7])
    for k, word in enumerate(words_of(text)):
        rest = torch.cat((text[: word.first], text[word.last + 1 :]))
        assert found.deleted[k].item() == pytest.approx(log_prob_of(gpt, rest, TEXT[6:7]) - found.log_prob, abs=1e-6)


def test_the_log_probability_of_a_word_is_the_sum_over_its_tokens() -> None:
    gpt, text = untrained(), TEXT[:5]
    one = log_prob_of(gpt, text, TEXT[5:6])
    two = log_prob_of(gpt, TEXT[:6], TEXT[6:7])
    assert log_prob_of(gpt, text, TEXT[5:7]) == pytest.approx(one + two, abs=1e-5)
    assert hidden_log_probs(gpt, text, words_of(text), TEXT[5:7], [set()]).item() == pytest.approx(one + two, abs=1e-5)
    assert len(hidden_log_probs(gpt, text, words_of(text), TEXT[5:7], [])) == 0


def test_nothing_is_left_without_the_only_word() -> None:
    found = ablate(untrained(), TEXT[:1], words_of(TEXT[:1]), TEXT[1:2])
    assert math.isnan(found.deleted.item())
    assert math.isfinite(found.hidden.item())


def test_the_network_is_left_as_it_was() -> None:
    gpt = untrained().train()
    ablate(gpt, TEXT[:4], words_of(TEXT[:4]), TEXT[4:5])
    assert gpt.training
    assert all(parameter.requires_grad for parameter in gpt.parameters())


@pytest.mark.parametrize("words_", [words_of(TEXT[:5]), words_of(TEXT[:3]), (Word("x", 0, 1), Word("y", 1, 3)), ()])
def test_words_that_are_no_partition_are_refused(words_: tuple[Word, ...]) -> None:
    with pytest.raises(InputError, match="partition of the 4 tokens"):
        ablate(untrained(), TEXT[:4], words_, TEXT[4:5])
    with pytest.raises(InputError, match="targets"):
        ablate(untrained(), TEXT[:4], words_of(TEXT[:4]), TEXT[:0])


def test_spearman_is_that_of_scipy() -> None:
    from scipy.stats import spearmanr

    torch.manual_seed(0)
    for _ in range(20):
        a, b = torch.randint(5, (12,)).double(), torch.randint(5, (12,)).double()
        assert spearman(a, b) == pytest.approx(spearmanr(a, b).statistic, abs=1e-12)
    assert math.isnan(spearman(torch.ones(3), torch.tensor([1.0, 2.0, 3.0])))


def test_the_order_of_the_effects_is_lost_faster_than_a_random_one() -> None:
    torch.manual_seed(6)
    text = repeated(1)[0]
    prefix, target = text[: REPEATED + 3], text[REPEATED + 3 : REPEATED + 4]
    own = words_of(prefix)
    effect = ablate(memorised(), prefix, own, target)
    found = deletion(memorised(), prefix, own, target, {"effect": -effect.hidden, "reverse": effect.hidden}, chances=60)
    assert found.orders["effect"][0] == 3
    assert found.curves["effect"][0].item() == pytest.approx(effect.log_prob, abs=1e-5)
    assert found.curves["effect"][-1].item() == pytest.approx(found.curves["reverse"][-1].item(), abs=1e-5)
    assert found.area("effect") > found.by_chance.mean().item() > found.area("reverse")
    assert found.beaten("effect") < 0.3
    assert found.beaten("reverse") > 0.7
    again = deletion(memorised(), prefix, own, target, {"effect": -effect.hidden}, chances=60)
    assert torch.equal(again.random, found.random)


def test_one_word_has_one_order() -> None:
    found = deletion(untrained(), TEXT[:1], words_of(TEXT[:1]), TEXT[1:2], {"a": torch.ones(1)}, chances=3)
    assert found.beaten("a") == 1
    assert found.random.shape == (3, 2)
