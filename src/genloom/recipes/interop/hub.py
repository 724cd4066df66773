"""Models from and to the hub of Hugging Face, by its own client; the `hub` extra."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from genloom.errors import DataError, MissingExtra
from genloom.recipes.interop.diffusers_folder import files_wanted

_PACKAGE, _EXTRA = "huggingface_hub", "hub"


class NotFetched(DataError):
    """A model that is not here and that the hub does not give: no connection, no such name, or no leave to read it."""


def pull(name: str, wanted: Callable[[list[str]], list[str]] = files_wanted) -> Path:
    """The folder of a model, owner/name or owner/name@revision; only the files that are read are fetched.

    wanted   of the names of all files those that are read; a `DataError` of its own where it is no such model

    Errors: `MissingExtra` without huggingface_hub; `NotFetched` where the model cannot be had, and `DataError` where it
    is of another kind.
    """
    hub = _client("importing from the hub")
    repository, _, revision = name.partition("@")
    try:
        files = hub.HfApi().list_repo_files(repository, revision=revision or None)
        chosen = wanted(list(files))
        return Path(hub.snapshot_download(repository, revision=revision or None, allow_patterns=chosen))
    except DataError as error:
        raise DataError(f"{name}: {error}") from None
    except Exception as error:  # the client raises errors of its own, of its transport and of the system
        raise NotFetched(f"{name} is no path here, and cannot be had from the hub: {_brief(error)}") from error


def kept(name: str) -> Path | None:
    """The folder of a model that was pulled before, as far as it is there; None where nothing is."""
    repository, _, revision = name.partition("@")
    try:
        return Path(_client("importing from the hub").snapshot_download(repository, revision=revision or None,
                                                                         local_files_only=True))
    except MissingExtra:
        raise
    except Exception:  # the client raises errors of its own where nothing is there
        return None


def push(folder: Path, name: str, *, private: bool = False) -> str:
    """Put a folder into the model owner/name, which is made where it is not there; returns its address.

    Errors: `MissingExtra` without huggingface_hub; `DataError` where the hub refuses.
    """
    hub = _client("exporting to the hub")
    try:
        api = hub.HfApi()
        made = api.create_repo(repo_id=name, private=private, exist_ok=True)
        api.upload_folder(repo_id=name, folder_path=str(folder), commit_message="A model trained with genloom")
    except Exception as error:  # as above
        raise DataError(f"{folder} is written, but cannot be put to the hub as {name}: {_brief(error)}; "
                        "`hf auth login` signs in") from error
    return str(made)


def require() -> None:
    """Refuse at once what would fail at the end.

    Errors: `MissingExtra` without huggingface_hub.
    """
    _client("exporting to the hub")


def _client(purpose: str) -> Any:
    try:
        import huggingface_hub
    except ImportError:
        raise MissingExtra(_PACKAGE, _EXTRA, purpose) from None
    return huggingface_hub


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
