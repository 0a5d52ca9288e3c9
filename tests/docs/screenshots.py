"""Every screen of the desk as a picture, in light, dark and on a phone: to be looked at, and for the pages.

    python -m tests.docs.screenshots [--folder .cache/screenshots] [--address SIGN_IN_ADDRESS] [screen ...]

It runs `stocktrim demo` in a home of its own, then `stocktrim serve`, and looks at the desk in Chromium; with the
address that a desk printed it looks at that one. `--docs` writes the pictures that README and docs show.
What belongs here: what is looked at. What does not: what must be true there (`tests/planner`).
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import BrowserContext, Page, sync_playwright

from stocktrim_cli.serve import free_port, stop

CHROMIUM: Final = "/usr/bin/chromium"
ROOT: Final = Path(__file__).parents[2]
IMAGES: Final = ROOT / "docs" / "images"
# Name, theme, width, height: a desk, the same at night, a tablet, a phone.
LOOKS: Final = (
    ("light", "light", 1440, 900), ("dark", "dark", 1440, 900), ("tablet", "light", 1024, 768),
    ("phone", "light", 390, 844),
)  # fmt: skip
# The pictures that README and docs show: the name of each, its screen and its look.
SHOWN: Final = {
    "dashboard": ("dashboard", "light"), "plan_product": ("plan_product", "light"), "orders": ("orders", "light"),
    "orders_phone": ("orders", "phone"), "data": ("data", "light"),
}  # fmt: skip
SCREENS: Final = {
    "dashboard": "/o/demo/",
    "plan": "/o/demo/plan?report=most_urgent",
    "plan_product": "/o/demo/plan?report=most_urgent&product={product}",
    "grid": "/o/demo/plan/grid",
    "product": "/o/demo/product?code={product}",
    "orders": "/o/demo/orders",
    "order": "/o/demo/orders?order={order}",
    "settings": "/o/demo/settings",
    "settings_supplier": "/o/demo/settings?supplier={supplier}",
    "data": "/o/demo/data",
    "exceptions": "/o/demo/exceptions",
    "service": "/o/demo/service",
}


@contextmanager
def served_demo() -> Iterator[str]:
    """The address that signs in to the desk over the demo organisation, which `stocktrim serve` serves."""
    with tempfile.TemporaryDirectory(prefix="screenshots-") as home:
        environment = {**os.environ, "STOCKTRIM_HOME": home, "STOCKTRIM_USER": "Anna", "PYTHONUNBUFFERED": "1"}
        program = [sys.executable, "-m", "stocktrim_cli.main"]
        subprocess.run([*program, "demo"], check=True, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603, our own
        ports = [f"--{name}-port={free_port(wanted)}" for name, wanted in _PORTS.items()]
        process = subprocess.Popen(  # noqa: S603, our own
            [*program, "serve", *ports], stdout=subprocess.PIPE, text=True, env=environment
        )
        try:
            assert process.stdout is not None
            yield next(found[0] for line in process.stdout if (found := re.search(r"http://\S+#\S+", line)))
        finally:
            stop(process)


_PORTS: Final = {"sandbox": 8765, "dagster": 3000, "desk": 8500}


def take(address: str, folder: Path, screens: list[str], looks: list[str]) -> list[Path]:
    """Take the pictures; the paths of all."""
    folder.mkdir(parents=True, exist_ok=True)
    taken: list[Path] = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(reduced_motion="reduce")
        page = context.new_page()
        page.goto(address)
        page.wait_for_url(re.compile(r"/o/"))
        named = _names(context, page)
        for name in screens:
            for look, theme, width, height in LOOKS:
                if look in looks:
                    page.set_viewport_size({"width": width, "height": height})
                    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
                    page.goto(_origin(page) + SCREENS[name].format(**named))
                    page.wait_for_load_state("networkidle")
                    taken.append(folder / f"{name}-{look}.png")
                    page.screenshot(path=taken[-1])
        browser.close()
    return taken


def take_shown(address: str) -> list[Path]:
    """Take the pictures of README and docs; their paths."""
    with tempfile.TemporaryDirectory() as folder:
        screens = list(dict.fromkeys(screen for screen, _ in SHOWN.values()))
        take(address, Path(folder), screens, sorted({look for _, look in SHOWN.values()}))
        IMAGES.mkdir(exist_ok=True)
        return [
            Path(shutil.copy(Path(folder) / f"{screen}-{look}.png", IMAGES / f"{name}.png"))
            for name, (screen, look) in SHOWN.items()
        ]


def _names(context: BrowserContext, page: Page) -> dict[str, str]:
    """The product that is to be ordered first, its supplier, and a draft order."""
    api = f"{_origin(page)}/api/v1/organisations/demo"
    lines = context.request.get(f"{api}/plan", params={"limit": "1"}).json()["lines"]
    orders = context.request.get(f"{api}/purchase-orders").json().get("orders", [])
    order = orders[0]["order_id"] if orders else ""
    return {"product": lines[0]["product_code"], "supplier": lines[0]["supplier_id"], "order": order}


def _origin(page: Page) -> str:
    return "/".join(page.url.split("/")[:3])


def main() -> None:
    """Take the pictures that the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("screens", nargs="*", metavar="screen", help=f"of {', '.join(SCREENS)}; all by default")
    parser.add_argument("--folder", type=Path, default=ROOT / ".cache" / "screenshots")
    parser.add_argument("--address", default="", help="what a desk printed, with the token behind #")
    parser.add_argument("--look", action="append", choices=[look[0] for look in LOOKS])
    parser.add_argument("--docs", action="store_true", help="write the pictures of README and docs")
    chosen = parser.parse_args()
    looks = chosen.look or [look[0] for look in LOOKS]
    wanted = chosen.screens or list(SCREENS)
    with served_demo() if not chosen.address else _given(chosen.address) as address:
        taken = take_shown(address) if chosen.docs else take(address, chosen.folder, wanted, looks)
    sys.stdout.writelines(f"{path}\n" for path in taken)


@contextmanager
def _given(address: str) -> Iterator[str]:
    yield address


if __name__ == "__main__":
    main()
