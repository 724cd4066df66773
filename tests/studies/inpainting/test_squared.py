"""S3.6 as an item of the report."""

import torch

from genloom.studies.inpainting.squared import door_rows, squared_error


def test_the_item_is_whole(tiny, check) -> None:
    check(squared_error, tiny)


def test_the_loss_has_no_gradient_at_known_pixels_and_the_network_sees_no_hidden_ones(tiny) -> None:
    results = {result.name: result for result in squared_error.work(tiny).results}
    for name in ("gradient of the loss at known pixels", "largest change of the answer when hidden pixels change"):
        assert results[name].value == 0
        assert results[name].status == "pass"


def test_rows_of_doors_have_one_column_for_each_room(tiny) -> None:
    from genloom.studies.inpainting.work import rooms

    there = rooms(tiny)
    rows = door_rows(there, {"truth": there.truth})
    assert [len(row) for row in rows.values()] == [8] * 4
    known = (there.here.mask == 1).expand(8, -1, -1, -1)
    assert torch.equal(rows["known"][known], rows["light door"][known])
    either = ((rows["truth"] == rows["light door"]).flatten(1).all(1)
              | (rows["truth"] == rows["dark door"]).flatten(1).all(1))
    assert either.all()
