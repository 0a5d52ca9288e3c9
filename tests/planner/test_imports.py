"""What a process of the desk holds in memory all day: no library that a page does not need."""

import subprocess
import sys

# Each takes 10 to 50 MiB: the warehouse, files of sales, the sign-in of a team, planning itself.
NOT_HELD = {"authlib", "duckdb", "joserfc", "pandas", "pyarrow", "scipy", "sklearn", "statsforecast"}


def test_the_desk_holds_no_library_that_its_pages_do_not_need() -> None:
    program = "import sys\nimport planner.desk_app\nprint(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603, our own
    imported = {name.partition(".")[0] for name in run.stdout.split()}
    assert "polars" in imported
    assert not NOT_HELD & imported
