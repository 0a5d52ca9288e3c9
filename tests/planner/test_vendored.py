"""What comes from others lies here as it was published: no other host is asked, and nothing was changed."""

import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("folder", ["planner/static/vendor", "tests/planner/vendor"])
def test_vendored_files_have_their_checksums_and_licences(folder: str) -> None:
    place = ROOT / folder
    lines = [line.partition("  ") for line in (place / "SHA256SUMS").read_text().splitlines()]
    listed = {name: checksum for checksum, _, name in lines}
    found = [path for path in place.rglob("*") if path.is_file() and path.name != "SHA256SUMS"]
    files = {str(path.relative_to(place)): path for path in found}
    assert {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()} == listed
    for package in {path.parent for path in files.values()}:
        assert (package / "LICENSE").is_file()


def test_no_template_asks_another_host_or_needs_an_unsafe_policy() -> None:
    for path in (ROOT / "planner/templates").rglob("*.html"):
        text = path.read_text()
        assert not re.findall(r"""(?:src|href|action)=["']?(?:https?:)?//""", text), path
        assert not re.findall(r"""\s(?:style|on\w+)=["']|<style|<script(?![^>]*\ssrc=)|hx-on|javascript:""", text), path
