"""η = 1 is DDPM to rounding, η = 0 is a function of its start, whatever was trained."""

from genloom.studies.guided_sampling.ddim import ddim_sampler, ddim_scores


def test_the_exact_statements_hold(tiny, check) -> None:
    assert all(result.status == "pass" for result in check(ddim_sampler, tiny).results)


def test_ddim_s_pictures_stay_where_ddpm_s_move(tiny, check) -> None:
    answer = check(ddim_scores, tiny)
    assert answer.results[0].status == "pass"
    assert any("η = 1" in row[0] for row in answer.tables[0].rows)
