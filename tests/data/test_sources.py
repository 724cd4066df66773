import re
import subprocess
import sys

import pytest

from genloom.data.points import PATTERNS
from genloom.data.sources import SOURCES, describe, list_sources, source
from genloom.errors import UnknownName

FILES = [file for known in SOURCES.values() for file in known.files]


def test_checksums_are_sha256_and_paths_are_unique_and_relative() -> None:
    for file in FILES:
        assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
        assert file.content_sha256 is None or re.fullmatch(r"[0-9a-f]{64}", file.content_sha256)
        assert not file.path.startswith(("/", ".."))
        assert file.bytes > 0
    assert len({file.path for file in FILES}) == len({file.sha256 for file in FILES}) == len(FILES)


def test_every_url_is_https_and_names_one_fixed_version() -> None:
    for file in FILES:
        if "githubusercontent" in file.url:
            assert re.search(r"/[0-9a-f]{40}/", file.url)
        assert file.url == "" or file.url.startswith("https://")
        assert file.url == "" or file.url.rpartition("/")[2]


def test_a_source_can_be_fetched_or_says_how_to_get_it() -> None:
    for known in SOURCES.values():
        assert known.licence
        assert known.summary
        if known.kind == "fetched":
            assert all(file.url for file in known.files)
        if known.kind == "local":
            assert known.how
            assert not any(file.url for file in known.files)


def test_what_takes_another_s_place_is_made_here() -> None:
    instead = {known.name: known.instead for known in SOURCES.values() if known.instead}
    assert instead == {"mnist": "digits", "cats64": "shapes", "iclevr": "scenes", "ett": "transformer",
                       "alice": "python-docs"}
    assert all(SOURCES[name].kind == "embedded" for name in instead.values())


def test_every_pattern_is_listed_and_embedded_ones_come_first() -> None:
    rows = list_sources()
    assert [row.name for row in rows[: len(PATTERNS)]] == list(PATTERNS)
    assert {row.kind for row in rows} == {"embedded", "fetched", "local"}
    assert next(row.megabytes for row in rows if row.name == "ett") == pytest.approx(2.589657)


@pytest.mark.parametrize("name", SOURCES)
def test_a_description_gives_licence_checksums_and_origin(name: str) -> None:
    told = [text for _, text in describe(name)]
    assert source(name).licence in told
    for file in source(name).files:
        assert file.sha256 in told
        assert not file.url or file.url in told


def test_a_typo_gets_a_suggestion() -> None:
    with pytest.raises(UnknownName, match="did you mean 'mnist'"):
        source("minst")


def test_listing_imports_nothing_heavy() -> None:
    code = ("import sys; from genloom.data.sources import list_sources; list_sources();"
            "print({'torch', 'numpy', 'pooch', 'requests'} & set(sys.modules))")
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
