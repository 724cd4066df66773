"""The figures of all losses."""

from genloom.studies.mnist_gans.compared_figures import pictures, points, told
from genloom.studies.mnist_gans.rows import rows


def test_each_has_all_losses_and_one_that_never_ended_is_left_out(tiny) -> None:
    found = rows(tiny)
    some = found[0].finished[0][0]
    gone = found[1]._replace(runs=dict.fromkeys(found[1].runs), judged=dict.fromkeys(found[1].judged))
    for kept in (found, [found[0], gone]):
        for figure in (points(tiny, kept, some), pictures(tiny, kept), told(tiny, kept)):
            assert (tiny.folder / figure.path).stat().st_size > 3000
    assert "WGAN" not in pictures(tiny, [found[0], gone]).alt
