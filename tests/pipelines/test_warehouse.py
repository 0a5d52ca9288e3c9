"""The warehouse's file: what is wrong with it is one sentence, and it is never made anew in silence."""

from pathlib import Path

import pytest

from pipelines.warehouse import FILE_NAME, WarehouseError, open_warehouse


def open_and_close(folder: Path) -> None:
    with open_warehouse(folder):
        pass


@pytest.mark.parametrize("bytes_kept", [100, 4096])
def test_fault_71_a_damaged_warehouse_is_named_with_what_to_do_and_left_as_it_is(
    tmp_path: Path, bytes_kept: int
) -> None:
    open_and_close(tmp_path)
    path = tmp_path / FILE_NAME
    damaged = path.read_bytes()[:bytes_kept].ljust(8192, b"?")
    path.write_bytes(damaged)
    with pytest.raises(WarehouseError, match=r"warehouse\.duckdb cannot be opened .* --refresh"):
        open_and_close(tmp_path)
    assert path.read_bytes() == damaged
