"""The study has the checklist's items in their order, is registered, and runs whole from the command line."""

import json

import pytest

from genloom.cli.entry import main
from genloom.recipes.gan_losses import LOSSES
from genloom.recipes.registry import STUDIES, resolve
from genloom.studies.iclevr import gan_losses
from genloom.studies.iclevr.deliverables import STUDY


def test_the_numbers_are_the_checklist_s_and_the_further_experiments(tiny) -> None:
    numbers = [each.number for each in STUDY.deliverables]
    assert numbers == [*(f"S1.{k}" for k in range(1, 24)), "swaps", "unseen", "cost", "copies"]
    assert STUDY.data_for(tiny) == "a few small scenes"
    assert set(STUDY.expected) == {"laptop", "gpu"}
    assert STUDY.chosen(["swaps", "4"]) == {"swaps", "S1.4"}


def test_it_is_registered_under_its_name() -> None:
    assert resolve(STUDIES[STUDY.name].function) is STUDY


@pytest.mark.slow
def test_the_whole_study_runs_from_the_command_line_without_any_data(tiny, tmp_path, monkeypatch) -> None:
    """On rendered scenes, with sizes that take a minute: no item fails, and each is in the report."""
    monkeypatch.setattr(gan_losses, "LOSSES", {name: LOSSES[name] for name in ("hinge", "wgan-gp")})
    monkeypatch.delenv("GENLOOM_DATA", raising=False)
    code = main(["study", "iclevr", "--out", str(tmp_path / "study"), "--quiet", "--seed", "3", "--threads", "1",
                 "--data-root", str(tmp_path / "nowhere")])
    found = json.loads((tmp_path / "study" / "results.json").read_text())
    failed = {item["number"]: item["reason"] for item in found["items"] if item["status"] != "done"}
    assert failed == {}
    assert code == 0
    assert found["complete"]
    assert (tmp_path / "study" / "report.html").stat().st_size < 5_000_000
