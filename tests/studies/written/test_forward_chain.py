"""S0.19 at a smaller number of walkers; the study's own is the slow one."""

import pytest

from genloom.studies.written import forgetting
from genloom.studies.written.forward_chain import CONVERGENCE


def test_the_chain_forgets_its_start(page, monkeypatch) -> None:
    monkeypatch.setattr(forgetting.walk, "__defaults__", (20_000,))
    found = page(CONVERGENCE)
    assert {result.status for result in found.results} == {"pass"}
    assert len(found.figures) == 2
    steps = {row[0]: int(row[3]) for row in found.tables[0].rows}
    assert steps["0.10"] == pytest.approx(2 * 5.704 / 0.10536, abs=1)  # 2 log 300 / −log(1 − c)


@pytest.mark.slow
def test_the_chain_forgets_its_start_at_full_size(page) -> None:
    page(CONVERGENCE)
