"""All samplers stand in one table; the cheapest that is no worse is found by its calls."""

from genloom.studies.guided_sampling.compared import _first_as_good, all_rows, compared


def test_the_item_is_whole(tiny, check) -> None:
    answer = check(compared, tiny)
    assert len(answer.figures) == 2
    assert {row[0] for row in answer.tables[0].rows} >= {"DDPM", "DDIM", "DPM-Solver++", "UniPC", "Heun"}


def test_no_sampler_is_named_where_none_is_as_good(tiny) -> None:
    full = all_rows(tiny)["DDPM"][-1]
    assert _first_as_good(tiny, [full], full).startswith("No other sampler here comes within its error")
