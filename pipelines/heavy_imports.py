"""Imports that take seconds: without the garbage collector, and while something else is awaited.

What belongs here: how much is imported at once. What does not: what is imported (who needs it names it).
A module that takes a tenth of a second or more is imported inside the function that needs it, so that nobody else pays.
Read more in docs/operations.md.
"""

import gc
import importlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager


@contextmanager
def without_collection() -> Iterator[None]:
    """A block that imports much: collections would find nothing in it, and take a quarter of its time.

    What the block has made counts as permanent, so that later collections leave it out.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


@contextmanager
def importing(*modules: str) -> Iterator[None]:
    """A block that waits for another process, with these modules imported on a thread until its end."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        imports = pool.submit(_import, modules)
        yield
        imports.result()


def _import(modules: tuple[str, ...]) -> None:
    with without_collection():
        for module in modules:
            importlib.import_module(module)
