"""S3.13."""

from genloom.studies.written.direct import DIRECT


def test_one_step_costs_the_same_for_every_time(page) -> None:
    found = page(DIRECT)
    assert [result.status for result in found.results].count("info") == 1  # seconds have no verdict
    assert sum("covariance" in result.name for result in found.results) == 3
