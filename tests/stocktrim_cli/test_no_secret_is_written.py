"""No secret is in any file, log or output: known ones are planted, and everything that was written is searched."""

import io
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import duckdb
import httpx2
import polars as pl
import pytest
import zstandard
from cryptography.fernet import Fernet

from tests.end_to_end.conftest import yesterday
from tests.pipelines.organisations.conftest import Person
from tests.stocktrim_cli.conftest import Terminal
from xero_sandbox.app.testing import RunningSandbox, running_sandbox
from xero_sandbox.worlds.generator import generate_wholesaler

CLIENT_SECRET = "canary-of-the-client-secret"
ZSTD = b"\x28\xb5\x2f\xfd"


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    small = generate_wholesaler(end=yesterday(), products=20, months=4)
    with running_sandbox([small], client_secret=CLIENT_SECRET) as running:
        yield running


@contextmanager
def everything_logged() -> Iterator[io.StringIO]:
    """Everything that any library logs, but not httpx and httpcore, which only the test's browser uses."""
    words = io.StringIO()
    handler, root = logging.StreamHandler(words), logging.getLogger()
    handler.addFilter(lambda record: not record.name.startswith("http"))
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield words
    finally:
        root.setLevel(before)
        root.removeHandler(handler)


def tokens(sandbox: RunningSandbox) -> set[str]:
    """The tokens of every sign-in as they stand now."""
    grants = sandbox.sandbox.identity.grants()
    return {
        token for grant in grants for token in (grant.access_token, grant.refresh_token, grant.replaced_token) if token
    }


def written(home: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file's bytes, and what is compressed in it."""
    for path in sorted(home.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        yield path, path.read_bytes()
        if path.suffix == ".parquet":
            yield path, repr(pl.read_parquet(path).rows()).encode()
        elif path.suffix == ".duckdb":
            yield path, b"\n".join(rows_of(path))
        elif path.suffix == ".zst":
            yield path, plain(path.read_bytes())


def rows_of(path: Path) -> Iterator[bytes]:
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        names = "select schema_name || '.' || table_name from duckdb_tables()"
        for (name,) in connection.execute(names).fetchall():
            frame = connection.sql(f"select columns(*)::varchar from {name}").fetchall()
            yield repr(frame).encode()
            blobs = [
                column for column, data_type, *_ in connection.sql(f"describe {name}").fetchall() if data_type == "BLOB"
            ]
            for column in blobs:
                yield from (
                    plain(blob) for (blob,) in connection.sql(f"select {column} from {name}").fetchall() if blob
                )


def plain(body: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompressobj().decompress(body) if body.startswith(ZSTD) else body


def debug_output(*arguments: str) -> str:
    """What the command with `--debug` prints, stack trace and all."""
    command = [sys.executable, "-m", "stocktrim_cli.main", "--debug", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=False)  # noqa: S603, our own command
    assert "Traceback" in done.stderr
    return done.stdout + done.stderr


def test_no_secret_is_in_any_file_log_or_output(
    terminal: Terminal, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = Fernet.generate_key().decode()
    monkeypatch.setenv("STOCKTRIM_SECRET_KEY", key)
    canaries, printed = {CLIENT_SECRET, key}, []
    person = Person(sandbox.worlds[0].organisation.name)

    def visit(address: str) -> None:
        person.open_page(address)
        person.leave()

    with everything_logged() as logged:
        for step in ("connect", "load", "doctor"):
            result = (
                terminal.connect(visit, "-o", "acme") if step == "connect" else terminal.stocktrim(step, "-o", "acme")
            )
            assert result.code == 0 or step == "doctor", result.err
            printed += [result.out, result.err]
            canaries |= tokens(sandbox)
            sandbox.sandbox.identity.expire_access_tokens()
        assert isinstance(person.landed, httpx2.Response)
        canaries |= set(parse_qs(urlsplit(str(person.landed.url)).query)["code"])
        sandbox.sandbox.identity._grants.clear()
        printed.append(debug_output("load", "-o", "acme"))
    assert len(canaries) >= 7
    texts = {"the output": "".join(printed).encode(), "the log": logged.getvalue().encode()}
    found = [(str(path), text) for path, text in written(terminal.stocktrim.home)]
    leaks = [
        (path, secret) for path, text in [*texts.items(), *found] for secret in canaries if secret.encode() in text
    ]
    assert not leaks
    for suffix, known in ((".sqlite", b"Demo Wholesale"), (".duckdb", b"P-0002"), (".parquet", b"P-0002")):
        assert [path for path, text in found if path.endswith(suffix) and known in text], (
            f"the search is blind in {suffix}"
        )
    assert [path for path, text in found if "/dagster/" in path and b"load_from_xero" in text]
    assert b"/api.xro/2.0/Items" in texts["the log"]
