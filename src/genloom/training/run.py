"""A run is a folder that explains itself.

recipe.yaml, command.txt, environment.json   what was asked, how, and where it ran
metrics.jsonl, evaluations.jsonl             rows that depend on the recipe alone
timing.jsonl                                 wall clock, throughput, memory
checkpoints/STEP/                            weights and optimizer state
samples/, status.json                        pictures on the way, and how the run stands
"""

import contextlib
import json
import shlex
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal

from genloom.errors import RunError
from genloom.training import distributed, files, lock

State = Literal["running", "finished", "interrupted", "failed"]

_RECIPE, _STATUS, _LOCK = "recipe.yaml", "status.json", ".lock"


class RunFolder:
    """A run's folder; make one with `RunFolder.create`, find one with `RunFolder.open`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __repr__(self) -> str:
        return f"RunFolder({str(self.path)!r})"

    @classmethod
    def create(cls, path: Path, recipe_yaml: str, command: Sequence[str],
               environment: Mapping[str, Any]) -> "RunFolder":
        """A new run at `path`. In a helper process of a distributed run nothing is written: the first process did.

        Errors: `RunError` if there is something at `path` already, or it cannot be made.
        """
        run = cls(path)
        if not distributed.is_main():
            return run
        try:
            path.mkdir(parents=True, exist_ok=True)
            run._require_empty()
            with run.lock():
                run._require_empty()  # again: another process may have been as quick
                files.write_atomically(path / "command.txt", f"{shlex.join(command)}\n".encode())
                files.write_atomically(path / "environment.json", json.dumps(dict(environment), indent=1).encode())
                files.write_atomically(path / _RECIPE, recipe_yaml.encode())  # last: with it the folder is a run
        except OSError as error:
            raise RunError(f"{path} cannot be made: {error.strerror}") from error
        return run

    @classmethod
    def open(cls, path: Path) -> "RunFolder":
        """The run at `path`.

        Errors: `RunError` if there is none.
        """
        if not (path / _RECIPE).is_file():
            reason = "has no recipe.yaml" if path.is_dir() else "is not a folder"
            raise RunError(f"{path} is not a run: it {reason}; `genloom train RECIPE --out NEW` makes one")
        return cls(path)

    def _require_empty(self) -> None:
        if any(entry.name != _LOCK for entry in self.path.iterdir()):
            raise RunError(f"{self.path} is not empty; go on with `genloom resume {shlex.quote(str(self.path))}`, "
                           "or choose another --out")

    @property
    def recipe_yaml(self) -> str:
        """The resolved recipe."""
        return (self.path / _RECIPE).read_text("utf-8")

    @property
    def checkpoints(self) -> Path:
        """Folder of the checkpoints."""
        return self.path / "checkpoints"

    @property
    def status(self) -> dict[str, Any]:
        """How the run stands: state, step, steps, reason. A run that says it is running but is not was interrupted."""
        with contextlib.suppress(OSError, ValueError):
            status = json.loads((self.path / _STATUS).read_text("utf-8"))
            if isinstance(status, dict):
                if status.get("state") == "running" and not lock.is_held(self.path / _LOCK):
                    return {**status, "state": "interrupted", "reason": "the process ended without a word"}
                return status
        return {"state": "interrupted", "step": 0, "reason": "not started"}

    def set_status(self, state: State, step: int, steps: int, reason: str = "") -> None:
        """Write status.json."""
        body = {"state": state, "step": step, "steps": steps, "reason": reason}
        files.write_note(self.path / _STATUS, json.dumps(body).encode())

    def lock(self) -> AbstractContextManager[None]:
        """Keep every other process out for the length of a `with` block.

        Errors: `RunInUse` that says who has the folder.
        """
        return lock.hold(self.path / _LOCK)
