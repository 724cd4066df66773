import math

import pytest
import torch

from genloom.autoregressive.choice import Choice, drawn
from genloom.errors import InputError

LOGITS = torch.tensor([[0.1, 2.0, -1.0, 1.2, 0.7, -3.0]])


def law(choice, seen=None):
    return choice.adjusted(LOGITS, seen).exp()[0]


def test_the_defaults_leave_the_law_as_it_is():
    torch.testing.assert_close(Choice().adjusted(LOGITS), LOGITS.log_softmax(-1))


@pytest.mark.parametrize("choice", [Choice(temperature=0.3), Choice(top_k=3), Choice(top_p=0.8), Choice(min_p=0.2),
                                    Choice(repetition=1.7), Choice(temperature=0.0),
                                    Choice(temperature=0.8, top_k=4, top_p=0.9, min_p=0.1, repetition=1.2)])
def test_probabilities_sum_to_one_and_the_likeliest_token_stays(choice):
    logits = torch.randn(50, 30, generator=torch.Generator().manual_seed(0))
    found = choice.adjusted(logits, torch.zeros(50, 30, dtype=torch.bool)).exp()
    torch.testing.assert_close(found.sum(-1), torch.ones(50))
    assert (found.gather(1, logits.argmax(-1, keepdim=True)) > 0).all()


def test_temperature_zero_is_the_limit_and_takes_the_first_of_equals():
    assert law(Choice(temperature=0.0)).tolist() == [0, 1, 0, 0, 0, 0]
    torch.testing.assert_close(law(Choice(temperature=0.01)), law(Choice(temperature=0.0)))
    assert Choice(temperature=0.0).adjusted(torch.zeros(1, 3)).exp().tolist() == [[1, 0, 0]]


@pytest.mark.parametrize("temperature", [1e-4, 1e-40, 1e-300, 5e-324])
def test_every_temperature_above_zero_is_a_law(temperature):
    found = Choice(temperature=temperature).adjusted(torch.tensor([[3.0, 5.0, -2.0, 5.0]]))
    assert found.exp().tolist() == [[0, 0.5, 0, 0.5]], "equals share what there is"


@pytest.mark.parametrize("repetition", [1e-300, 1e-40, 1e30, 1e300])
@pytest.mark.parametrize("temperature", [1.0, 1e-300, 1000.0])
def test_every_repetition_above_zero_is_a_law(repetition, temperature):
    seen = torch.tensor([[True, True, True, False, False, True]])
    found = Choice(repetition=repetition, temperature=temperature).adjusted(LOGITS, seen).exp()
    torch.testing.assert_close(found.sum(-1), torch.ones(1))


def test_top_p_keeps_the_fewest_tokens_that_reach_p():
    logits = torch.tensor([[0.5, 0.3, 0.15, 0.05]]).log()
    for p, left in ((0.4, 1), (0.5, 1), (0.51, 2), (0.79, 2), (0.81, 3), (0.96, 4)):
        assert int((Choice(top_p=p).adjusted(logits) > -torch.inf).sum()) == left, p


def test_min_p_is_a_share_of_the_likeliest():
    logits = torch.tensor([[0.5, 0.3, 0.15, 0.05]]).log()
    for p, left in ((0.05, 4), (0.2, 3), (0.4, 2), (0.7, 1), (1.0, 1)):
        assert int((Choice(min_p=p).adjusted(logits) > -torch.inf).sum()) == left, p


def test_repetition_makes_seen_tokens_less_likely_whatever_their_sign():
    seen = torch.tensor([[True, True, True, False, False, True]])
    changed, plain = law(Choice(repetition=1.5), seen), law(Choice())
    assert (changed[seen[0]] / changed[3] < plain[seen[0]] / plain[3]).all()


@pytest.mark.parametrize("choice", [Choice(top_k=3), Choice(top_p=0.8), Choice(min_p=0.2), Choice(temperature=0.6),
                                    Choice(temperature=0.7, top_k=20, top_p=0.9, min_p=0.05, repetition=1.3)])
def test_the_steps_are_those_of_transformers(choice):
    made = pytest.importorskip("transformers.generation.logits_process")
    logits = 3 * torch.randn(20, 40, generator=torch.Generator().manual_seed(1))
    ids = torch.randint(40, (20, 7), generator=torch.Generator().manual_seed(2))
    steps = [made.RepetitionPenaltyLogitsProcessor(choice.repetition), made.TemperatureLogitsWarper(choice.temperature)]
    steps += [made.TopKLogitsWarper(choice.top_k)] if choice.top_k else []
    steps += [made.TopPLogitsWarper(choice.top_p)] if choice.top_p < 1 else []
    steps += [made.MinPLogitsWarper(choice.min_p)] if choice.min_p else []
    expected = logits
    for step in steps:
        expected = step(ids, expected)
    seen = torch.zeros(20, 40, dtype=torch.bool).scatter_(1, ids, True)
    torch.testing.assert_close(choice.adjusted(logits, seen).exp(), expected.softmax(-1))


@pytest.mark.parametrize(("name", "value"), [("temperature", -1.0), ("temperature", math.nan),
                                             ("temperature", math.inf), ("top_k", -1), ("top_p", 0.0), ("top_p", 1.1),
                                             ("min_p", -0.1),
                                             ("min_p", 1.5), ("repetition", 0.0), ("repetition", math.nan)])
def test_what_is_no_law_is_refused(name, value):
    with pytest.raises(InputError, match=name):
        Choice(**{name: value})


def test_draws_follow_the_law_and_never_what_was_left_out():
    count, found = 200_000, Choice(top_k=4).adjusted(LOGITS)
    uniform = torch.rand(count, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    share = torch.bincount(drawn(found.expand(count, -1), uniform), minlength=6) / count
    torch.testing.assert_close(share, found.exp()[0], rtol=0, atol=5 * 0.5 / math.sqrt(count))
    assert (share[found[0] == -torch.inf] == 0).all()


def test_the_ends_of_the_unit_interval():
    law = torch.tensor([[0.0, 0.5, 0.5, 0.0]]).log()
    ends = torch.tensor([0.0, 1 - 2**-53], dtype=torch.float64)
    assert drawn(law.expand(2, -1), ends).tolist() == [1, 2]
