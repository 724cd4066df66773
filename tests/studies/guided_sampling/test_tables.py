"""Every row has a place for the reader's own mark, and the real digits' row stands below."""

from genloom.metrics.interval import Interval
from genloom.studies.guided_sampling.judges import clean_judge
from genloom.studies.guided_sampling.tables import floor, percent, row, scoring_table


def test_the_last_column_is_blank(tiny) -> None:
    one = row(tiny, "DDPM", "ddpm", 5)
    table = scoring_table([one], clean_judge(tiny), floor(tiny))
    assert table.header[-1] == "yours"
    assert all(cells[-1] == "" for cells in table.rows)
    assert table.rows[-1][0] == "real"


def test_shares_are_in_percent() -> None:
    assert percent(Interval(0.5, 0.25, 0.75, 10)) == "50.0 [25.0, 75.0]"
