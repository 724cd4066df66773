"""S0.5 and S0.6: a decoder that cheats, and one that cannot."""

import pytest

from genloom.studies.context import Context
from genloom.studies.written import masks
from genloom.studies.written.masked_decoder import taught
from genloom.studies.written.masks import HOW, WHY


def test_what_is_exact_needs_no_training(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(masks, "taught", lambda masked, seed: taught(masked, seed, steps=3, count=200))
    here = Context(folder=tmp_path, study="written", seed=1)
    why, how = WHY.check(here), HOW.check(here)
    assert {result.status for result in why.results[4:]} == {"pass"}, "leaks"
    assert "fail" in {result.status for result in why.results[:4]}, "three steps teach nothing"
    assert "fail" not in {result.status for result in how.results}
    assert how.results[-1].value > 1e-3, "without a mask one pass is another function"
    assert all((tmp_path / figure.path).exists() for figure in (*why.figures, *how.figures))


@pytest.mark.slow
def test_every_number_holds(page) -> None:
    assert "genloom study forecasting" in page(WHY).text[-1]
    page(HOW)
