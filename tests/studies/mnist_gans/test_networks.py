"""S0.12 and S0.17 as items of the report."""

import torch

from genloom.studies.mnist_gans.networks import course, mlp, pair_tables, sample_noise


def test_the_items_are_whole_and_every_verdict_holds(tiny, check) -> None:
    for item in (mlp, course):
        assert all(result.status == "pass" for result in check(item, tiny).results), item.number


def test_noise_is_uniform_and_a_row_does_not_depend_on_how_many_are_drawn() -> None:
    noise = sample_noise(400, 96, 7)
    assert noise.shape == (400, 96)
    assert noise.abs().max() <= 1
    assert abs(float(noise.mean())) < 0.02
    assert torch.equal(sample_noise(5, 96, 7), noise[:5])
    assert not torch.equal(sample_noise(5, 96, 8), noise[:5])


def test_the_tables_end_in_the_sum_of_parameters() -> None:
    made, judged = pair_tables("course")
    assert made.rows[-1][-1].replace("\u202f", "") == "6675009"
    assert judged.rows[-1][-1].replace("\u202f", "") == "1102721"
