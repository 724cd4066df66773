"""Pictures are judged beside as many real ones."""

import torch

from genloom.studies.mnist_gans import judges, work


def test_real_digits_are_judged_as_many_and_are_stable(tiny) -> None:
    played = work.play(tiny, "tiny-gan")
    real, found = judges.floor(tiny, played), judges.judged(tiny, played)
    assert real.scores.n == found.scores.n == judges.count(tiny, played.experiment) == 40
    assert real.scores.frechet < found.scores.frechet
    assert real.sure.value > 0.5
    assert 0.7 < real.spread < 1.3
    assert judges.distance(played) == "FD-digits"
    assert real.interval.low <= real.interval.value <= real.interval.high


def test_one_picture_many_times_is_not_stable(tiny) -> None:
    played = work.play(tiny, "tiny-gan")
    alike = played.experiment.kept.pictures[:1].expand(40, -1, -1, -1).contiguous()
    found = judges.judge(played.experiment, alike)
    assert not found.stable
    assert found.spread == 0
    assert found.classes.seen == 1


def test_every_digit_with_varied_pixels_is_stable(tiny) -> None:
    played = work.play(tiny, "tiny-gan")
    assert judges.judge(played.experiment, played.experiment.kept.pictures[:300]).stable


def test_specks_are_bright_pixels_that_stand_alone() -> None:
    pictures = torch.zeros(3, 1, 6, 6, dtype=torch.uint8)
    pictures[0, 0, 0, 0] = pictures[0, 0, 3, 3] = 255
    pictures[1, 0, 2, 2] = pictures[1, 0, 3, 3] = 200  # neighbours by a corner
    pictures[2, 0, 2, 2] = 127
    assert judges.specks(pictures).tolist() == [2, 0, 0]


def test_the_table_has_a_row_of_real_digits_below(tiny) -> None:
    played = work.play(tiny, "tiny-gan")
    table = judges.scores_table(tiny, {"tables": played}, "About.")
    assert [row[0] for row in table.rows] == ["tables", "real digits"]
    assert all(len(row) == len(table.header) for row in table.rows)


def test_an_untrained_generator_is_the_scale_of_the_verdict(tiny) -> None:
    played = work.play(tiny, "tiny-gan")
    results = judges.run_results(tiny, played, "tables")
    fresh = judges.untrained(tiny, played)
    assert results[0].accepted[1] == judges.limit(fresh) == fresh.scores.frechet / 5
    assert f"{fresh.scores.frechet:.3g}" in judges.learned(fresh)
    assert [result.status for result in results[:2]].count("fail") >= 1, "twelve steps teach nothing"
    assert torch.isfinite(torch.tensor([float(result.value) for result in results])).all()
