"""docs/interfaces.md and the running system say the same."""

from pipelines.settings import KNOWN_VARIABLES
from tests.docs import bi_page
from tests.docs.interfaces_page import PAGE, VARIABLES, page, variables_read


def test_the_page_lists_what_the_system_has() -> None:
    assert PAGE.read_text() == page(), "run `make docs`, and tell readers of the CHANGELOG what changed"


def test_the_page_for_bi_lists_what_is_published() -> None:
    assert bi_page.PAGE.read_text() == bi_page.page(), "run `make docs`"


def test_every_variable_that_the_code_reads_is_listed() -> None:
    assert variables_read() == VARIABLES.keys()
    assert {name for name in VARIABLES if name.startswith("STOCKTRIM_")} == KNOWN_VARIABLES
