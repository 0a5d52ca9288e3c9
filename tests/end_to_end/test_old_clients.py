"""What is published opens in clients that are older than ours."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet
import pytest

from pipelines.storage.tables import PUBLISHED
from tests.end_to_end.conftest import KEY

OLD_CLIENTS = ("duckdb==1.1.3", "pyarrow==14.0.2", "numpy<2", "pytz")
READING = Path(__file__).with_name("reading_with_an_old_client.py")
# The place of a DuckDB file's storage version, and the number that every DuckDB from 1.0 to 1.1 writes and reads.
VERSION_BYTES, VERSION_OF_1_0 = slice(12, 20), 64


@pytest.fixture
def snapshot(planned_home: Path) -> Path:
    return (planned_home / "organisations" / KEY / "published").resolve()


@pytest.fixture(scope="session")
def old_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Python that has the old clients, in an environment of its own."""
    environment = tmp_path_factory.mktemp("old clients")
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)  # noqa: S603, ours
    python = str(environment / "bin" / "python")
    install = [python, "-m", "pip", "install", "--quiet", "--only-binary", ":all:", *OLD_CLIENTS]
    result = subprocess.run(install, capture_output=True, text=True, check=False)  # noqa: S603, ours
    if result.returncode != 0:
        pytest.skip(f"{', '.join(OLD_CLIENTS)} cannot be installed here: {result.stderr.strip().splitlines()[-1]}")
    return python


def test_the_published_file_has_the_storage_version_that_old_clients_read(snapshot: Path) -> None:
    header = (snapshot / "stocktrim.duckdb").read_bytes()[:20]
    assert header[8:12] == b"DUCK"
    assert int.from_bytes(header[VERSION_BYTES], "little") == VERSION_OF_1_0
    for table in PUBLISHED:
        assert pyarrow.parquet.read_table(snapshot / f"{table.name}.parquet").column_names == table.published_columns


@pytest.mark.soak
def test_duckdb_1_1_and_an_old_pyarrow_read_every_published_table(snapshot: Path, old_python: str) -> None:
    read = subprocess.run([old_python, READING, snapshot], capture_output=True, text=True, check=False)  # noqa: S603, ours
    assert read.returncode == 0, read.stderr
    result = json.loads(read.stdout)
    assert result["clients"] == {"duckdb": "1.1.3", "pyarrow": "14.0.2"}
    assert {name: columns for name, (_, columns) in result["tables"].items()} == {
        table.name: len(table.published_columns) for table in PUBLISHED
    }
    assert result["tables"]["order_plan"][0] > 0
