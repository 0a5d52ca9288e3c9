"""Whether two versions of the code make the same plans, to the byte: of three generated companies and of real sales.

    python -m benchmarks.same_plans keep DIRECTORY       # with the one version
    python -m benchmarks.same_plans compare DIRECTORY    # with the other

Each company is connected, loaded and planned on a fixed day by the command itself, in a home of its own, with settings
at every level. What is kept are the published tables as they can be read, without the instants and the fingerprints
that differ from run to run; `STOCKTRIM_SALES_FILE` names the real sales, which are left out if it is not set.
Sentences may be reworded: a table that differs only in the columns of `SENTENCES` is named, and counts as the same.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl

from benchmarks.sandbox import environment_of, sandbox

LAST_DAY: Final = "2026-11-29"
AS_OF: Final = "2026-11-30"
SEEDS: Final = (7, 8, 9)
SETTINGS: Final = (
    ("lead_time_days", "21"),
    ("lead_time_days", "35", "--product", "P-0002"),
    ("batch_size", "12", "--product", "P-0003"),
    ("minimum_order_quantity", "50", "--product", "P-0004"),
    ("maximum_shelf_level", "40", "--product", "P-0005"),
    ("bundle_of", "P-0007:2; P-0008:1", "--product", "P-0006"),
    ("overridden_demand", "3", "--product", "P-0009"),
)
# Instants, and what is made of them, of chance, or of the version of the code.
UNLIKE: Final = (
    "plan_id", "planned_at", "inputs_hash", "code_version", "data_loaded_at", "loaded_at", "changed_at", "load_id",
    "run_id", "order_id", "purchase_order_number", "updated_at", "started_at", "ended_at", "made_at", "at",
)  # fmt: skip
# Columns of sentences for people; no number, code or date is among them.
SENTENCES: Final = {
    "model_choice": ("reason",), "model_scores": ("reason",), "xero_readiness": ("effect", "what_to_do"),
}  # fmt: skip


def main() -> None:
    """Keep the plans, or compare them with those that were kept; exits with 1 if a table differs."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    arguments.add_argument("what", choices=["keep", "compare"])
    arguments.add_argument("directory", type=Path)
    given = arguments.parse_args()
    differing = 0
    for name, words in _companies().items():
        kept = given.directory / name
        kept.mkdir(parents=True, exist_ok=True)
        for table, content in _tables(words):
            path = kept / f"{table}.csv"
            if given.what == "keep":
                path.write_bytes(content)
            elif not path.exists() or path.read_bytes() != content:
                sentences = SENTENCES.get(table, ())
                is_reworded = path.exists() and is_same_but_for(sentences, path.read_bytes(), content)
                differing += not is_reworded
                where = f" only in the sentences of {', '.join(sentences)}" if is_reworded else ""
                print(f"{name}: {table} differs{where}")
                (kept / f"{table}.now.csv").write_bytes(content)
        print(f"{name}: {hashlib.sha256(b''.join(p.read_bytes() for p in sorted(kept.glob('*.csv')))).hexdigest()}")
    sys.exit(1 if differing else 0)


def is_same_but_for(sentences: tuple[str, ...], kept: bytes, content: bytes) -> bool:
    """Whether two contents of a table have the same columns, and the same rows but for its columns of sentences."""
    before, after = (pl.read_csv(table, infer_schema=False) for table in (kept, content))
    if not sentences or before.columns != after.columns:
        return False
    before, after = (frame.drop(sentences).sort(pl.exclude(sentences), nulls_last=True) for frame in (before, after))
    return before.equals(after)


def _companies() -> dict[str, tuple[str, ...]]:
    made_up = {f"seed {seed}": ("--products", "60", "--months", "26", "--seed", str(seed)) for seed in SEEDS}
    file = os.environ.get("STOCKTRIM_SALES_FILE")
    return made_up | ({"real sales": ("--sales", file)} if file else {})


def _tables(words: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """The name and the content of each published table of a company that was connected, loaded and planned."""
    with tempfile.TemporaryDirectory() as home, sandbox((*words, "--end", LAST_DAY)) as address:
        environment = environment_of(home, address)
        settings = [("settings", "set", *setting) for setting in SETTINGS if "--sales" not in words]
        for verb in (("connect", "--custom"), ("load",), *settings, ("plan", "--as-of", AS_OF)):
            command = [sys.executable, "-m", "stocktrim_cli.main", *verb]
            subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)  # noqa: S603, our own
        for path in sorted((Path(home) / "organisations" / "demo" / "published").glob("*.parquet")):
            frame = pl.read_parquet(path)
            alike = frame.select(sorted(set(frame.columns) - set(UNLIKE)))
            yield path.stem, alike.sort(alike.columns, nulls_last=True).write_csv().encode()


if __name__ == "__main__":
    main()
