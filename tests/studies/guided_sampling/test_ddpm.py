"""The rows share their starts, and every step is one call."""

from genloom.studies.guided_sampling.ddpm import ddpm_pictures, ddpm_scores


def test_the_grid_s_statements_hold(tiny, check) -> None:
    assert all(result.status == "pass" for result in check(ddpm_pictures, tiny).results)


def test_the_scores_are_whole(tiny, check) -> None:
    answer = check(ddpm_scores, tiny)
    assert len(answer.tables[0].rows) == 4
