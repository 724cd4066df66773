"""S4.10 as an item of the report."""

import pytest
import torch

from genloom.metrics.interval import Interval
from genloom.nn.encoder import EncoderShape
from genloom.studies.context import Context
from genloom.studies.written import masking
from genloom.studies.written.hiding import Filled
from genloom.studies.written.masking import RATE, Learned, check
from genloom.studies.written.proof import Checked


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Context, Checked]:
    context = Context(folder=tmp_path_factory.mktemp("masking"), study="written", item="S4.10")
    return context, check(context, steps={"chain": 3, "text": 3, "photographs": 3}, windows=64,
                          shape=EncoderShape(width=16, blocks=1))


def test_the_closed_form_of_the_chain_needs_no_training(found) -> None:
    _, checked = found
    exact = [each for each in checked.results if "on draws" in each.name]
    assert [each.status for each in exact] == ["pass", "pass"]


def test_networks_that_learned_nothing_do_not_pass(found) -> None:
    _, checked = found
    status = {each.name: each.status for each in checked.results}
    for name in ("chain, 15% hidden: what the network lacks", "chain, 75% hidden: what the network lacks",
                 "text, 15% hidden", "photographs, 15% hidden"):
        assert [said for full, said in status.items() if full.startswith(name)] == ["fail"]


def test_figures_and_tables_are_whole(found) -> None:
    context, checked = found
    assert len(checked.results) == 9
    assert len(checked.figures) == 2
    for figure in checked.figures:
        assert figure.caption
        assert figure.alt
        assert (context.folder / figure.path).stat().st_size > 5000
    assert all(len(row) == len(table.header) for table in checked.tables for row in table.rows)
    lines = [row[2] for row in checked.tables[1].rows]
    assert {len(line) for line in lines} == {36}
    assert "□" in lines[1]
    assert "□" not in lines[2]
    assert all(a == b for a, b, hole in zip(lines[0], lines[2], lines[1], strict=True) if hole != "□")


def test_tiles_are_put_where_they_were() -> None:
    piece = torch.arange(2 * 48 * 48).view(2, 48, 48)
    tiles = piece.unfold(1, 6, 6).unfold(2, 6, 6).reshape(-1, 36)
    assert torch.equal(masking._whole(tiles, 8), piece)


def test_what_is_left_is_a_ratio_of_two_rates() -> None:
    def row(rate: float, value: float) -> Filled:
        return Filled(rate, Interval(value, value, value, 1), Interval(0.1, 0.1, 0.1, 1), None, None)

    each = Learned(None, None, [row(0.15, 0.8), row(0.75, 0.2)])
    assert each.left == pytest.approx(0.25)


@pytest.mark.slow
def test_every_check_holds_at_the_size_of_the_study(page) -> None:
    page(RATE)
