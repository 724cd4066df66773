"""What is known of each loss's runs."""



from genloom.studies.mnist_gans.rows import findings, rows
from genloom.studies.mnist_gans.work import play


def test_every_loss_has_a_row_with_its_runs(tiny) -> None:
    found = rows(tiny)
    assert [row.name for row in found] == ["non-saturating", "wgan", "r3gan"]
    for row in found:
        assert len(row.finished) == len(row.distances) == 2
        assert row.stable == 0, "nothing is learned in six steps"
        assert row.minutes == sum(row.trainings) > 0


def test_a_run_that_did_not_end_has_no_distance_and_is_not_stable(tiny) -> None:
    row = rows(tiny)[0]
    first, second = row.runs
    cut = row._replace(runs={**row.runs, second: None}, judged={**row.judged, second: None})
    assert len(cut.distances) == 1
    assert cut.finished[0][0] is row.runs[first]


def test_a_short_training_gives_no_findings(tiny) -> None:
    assert findings(play(tiny, "vanilla-gan")) == []
