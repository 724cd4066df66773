import pytest
import torch

from genloom.studies.square.class_loss import loss_by_time
from genloom.studies.square.classes import s2_13, s2_14, s2_15
from genloom.studies.square.setting import setting


@pytest.mark.parametrize("item", [s2_13, s2_14, s2_15], ids=lambda item: item.number)
def test_items_are_whole(small_context, sizes, whole, item):
    answer = whole(small_context, item)
    assert answer.tables


def test_the_table_of_layers_counts_every_parameter(small_context, sizes):
    here = setting(small_context)
    rows = s2_13.work(small_context).tables[0].rows
    counts = [int(row[3].replace(",", "")) for row in rows]
    assert sum(counts[:-1]) == counts[-1] == sum(p.numel() for p in here.trained.networks["denoiser"].parameters())
    assert any(row[1] == "Embedding" and row[2].startswith("6 ×") for row in rows)


def test_a_class_is_worth_something_and_a_wrong_one_costs(small_context):
    curves = loss_by_time(setting(small_context), 0, points=500)
    assert (curves.best < curves.blind).all()
    assert curves.wrong.mean() > curves.told.mean() > curves.best.mean()


def test_every_point_is_counted_in_its_region(small_context):
    here = setting(small_context)
    rows = s2_14.work(small_context).tables[0].rows
    counted = torch.tensor([int(row[4].replace(",", "")) for row in rows])
    assert counted.equal(torch.bincount(here.boxes.locate(here.experiment.data.points), minlength=5))


def test_the_starts_of_the_classes_are_those_of_their_regions(small_context):
    table = s2_15.work(small_context).tables[1]
    assert table.rows[0] == ("centre", "(0.00, 0.00)", "1.041, 1.041", "0.000")  # √(1 + 1/12)
    assert table.rows[1][1] == "(−0.25, 0.75)"
