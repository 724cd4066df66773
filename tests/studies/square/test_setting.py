from genloom.studies.square.setting import setting


def test_five_regions_tile_the_square(small_context):
    here = setting(small_context)
    assert here.classes == 5
    assert float(here.boxes.volumes.sum()) == 4
    assert len({float(volume) for volume in here.boxes.volumes}) > 1
