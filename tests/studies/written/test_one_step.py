"""S3.12."""

from genloom.studies.written import noise_sums, one_step
from genloom.studies.written.one_step import REPARAMETERISED


def test_many_steps_of_noise_are_one(page, monkeypatch) -> None:
    monkeypatch.setattr(one_step, "POINTS", 200)
    monkeypatch.setattr(noise_sums, "PERMUTATIONS", 1999)
    found = page(REPARAMETERISED)
    assert {result.status for result in found.results} == {"pass"}
    assert any("Eq. 15" in result.name for result in found.results)
