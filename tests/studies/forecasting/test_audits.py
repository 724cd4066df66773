"""The audit: models of the study pass, and what leaks is caught."""

from genloom.studies.forecasting.audits import LEAKING, audit, audited, caught, failing


def test_the_item_is_whole(tiny, check) -> None:
    answer = check(audit, tiny, formula=True)
    assert {result.status for result in answer.results} == {"pass"}, answer.text[1]


def test_every_kind_of_model_is_audited_and_leaks_are_caught(tiny) -> None:
    assert {"transformer-3", "transformer-4", "full", "performer", "strided", "local"} <= set(audited(tiny))
    assert all(len(checks) >= 8 for checks in audited(tiny).values())
    assert failing(caught(tiny)["step by step, no mask"])
    assert failing(caught(tiny)[LEAKING])
