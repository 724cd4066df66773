"""S1.6 as an item of the report."""

from torch import nn

from genloom.nn.dit import DiT, DiTShape
from genloom.recipes.images import Network
from genloom.studies.iclevr.architecture import _stages, _words, architecture, counted
from genloom.studies.iclevr.work import ddpm


def test_the_item_is_whole_and_its_counts_hold(tiny, check) -> None:
    answer = check(architecture, tiny, formula=True)
    assert [result.status for result in answer.results[:2]] == ["pass", "pass"]
    assert answer.tables[1].rows[-1][0] == "all"


def test_layers_are_counted_by_their_sizes(tiny) -> None:
    for network in (ddpm(tiny).trained.networks["denoiser"],
                    nn.Sequential(nn.Linear(3, 4, bias=False), nn.Conv2d(2, 5, 3)),
                    DiT(DiTShape(size=16, patch=4, width=16, blocks=2, heads=2, label_set=24, tokens=3))):
        assert counted(network) == sum(p.numel() for p in network.parameters())


def test_a_transformer_has_its_own_words_and_stages() -> None:
    network = DiT(DiTShape(size=16, patch=4, width=16, blocks=2, heads=2, label_set=24, tokens=3))
    rows = _stages(network).rows
    assert len(rows) == 2 + 2
    assert rows[1][1] == "19 tokens"
    assert "4 × 4 patches" in _words(network, Network())[0]
