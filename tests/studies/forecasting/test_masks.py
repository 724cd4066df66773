"""S0.5 and S0.6: what masks hide."""

from genloom.studies.forecasting.masks import exchanged, how, why


def test_why_is_whole_and_the_leak_is_exact(tiny, check) -> None:
    answer = check(why, tiny, formula=True)
    causal, none, *_, once = answer.results
    assert (causal.value, causal.status) == (0, "pass")
    assert none.value > 0.001
    assert (once.value, once.status) == (0, "pass")


def test_how_is_whole(tiny, check) -> None:
    answer = check(how, tiny, formula=True)
    assert [result.status for result in answer.results[:4]] == ["pass"] * 4
    assert answer.results[4].value < 1, "multiplied after the softmax, rows sum to less"
    assert {result.status for result in answer.results[5:]} == {"pass"}
    assert len(answer.tables) == 2


def test_a_random_order_leaks(tiny) -> None:
    assert exchanged(tiny, "autoregressive", "shuffled").leak > 0
    assert exchanged(tiny, "autoregressive", "recent").leak == 0
    assert exchanged(tiny, "one-shot", "shuffled").leak == 0
