"""S1.5 as an item of the report."""

from types import SimpleNamespace

from genloom.studies.iclevr import gan_training, work
from genloom.studies.iclevr.gan_training import changes, training


def test_the_item_is_whole(tiny, check) -> None:
    answer = check(training, tiny, formula=True)
    assert len(answer.figures) == 3
    found = {result.name: result for result in answer.results}
    assert found["largest difference of a picture from the same drawn among others, levels of 255"].value == 0
    assert found["minutes of training"].status == "pass"
    assert "training pictures that it ranks above kept-back ones" in found


def test_noise_and_labels_both_move_a_picture(tiny) -> None:
    moved = changes(tiny)
    assert moved.noise > 0
    assert moved.labels >= 0
    assert moved.pairs == 32
    assert 3 < moved.real < 60, "of scenes whose objects stand elsewhere"


def test_a_gan_that_came_without_its_log_is_told_by_the_small_run_of_its_game(tiny, monkeypatch, tmp_path) -> None:
    here = work.gan(tiny)
    bare = here._replace(trained=here.trained._replace(name="shipped", path=tmp_path))
    monkeypatch.setattr(gan_training, "gan", lambda context: bare)
    logged = gan_training._logged(tiny)
    assert logged.name == "loss-own"
    assert "come" in gan_training._trained(tiny, bare, logged)
    assert gan_training._minutes(tiny, bare) == ()
    alone = bare._replace(trained=bare.trained._replace(networks={"generator": here.trained.networks["generator"]}))
    assert gan_training._discriminator(tiny, alone) == [], "no discriminator comes with genloom"
    assert gan_training._minutes(SimpleNamespace(seed=0, tier="gpu"), here)[0].status == "info"
