"""S3.11."""

from genloom.studies.written.stepwise import STEPWISE


def test_steps_cost_their_number(page) -> None:
    found = page(STEPWISE)
    assert [result.status for result in found.results].count("info") == 1  # seconds have no verdict
    assert found.tables[0].rows[-1][0] == "1000"
