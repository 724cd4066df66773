"""S0.20."""

from genloom.studies.written import one_step_back
from genloom.studies.written.posterior import MEAN_AND_VARIANCE


def test_one_step_back_is_normal(page, monkeypatch) -> None:
    monkeypatch.setattr(one_step_back.regressed, "__defaults__", (50_000,))
    found = page(MEAN_AND_VARIANCE)
    assert {result.status for result in found.results} == {"pass"}
    assert found.tables[0].rows[0][:4] == ("1", "0", "1", "0")
    wrong = next(result for result in found.results if "Eq. 18" in result.name)
    assert wrong.value > 100 * wrong.known
