"""docs/interfaces.md and the running system say the same."""

import json

from pipelines.settings import KNOWN_VARIABLES
from pipelines.storage.tables import PUBLISHED
from stocktrim_assets.dbt.dbt_project import MANIFEST
from tests.docs import bi_page, exceptions_page
from tests.docs.interfaces_page import PAGE, VARIABLES, page, variables_read


def test_the_page_lists_what_the_system_has() -> None:
    assert PAGE.read_text() == page(), "run `make docs`, and tell readers of the CHANGELOG what changed"


def test_the_page_for_bi_lists_what_is_published() -> None:
    assert bi_page.PAGE.read_text() == bi_page.page(), "run `make docs`"


def test_the_buyers_page_lists_every_kind_of_exception() -> None:
    assert exceptions_page.PAGE.read_text() == exceptions_page.page(), "run `make docs`"


def test_every_published_table_has_a_reader_that_dbt_knows() -> None:
    exposures = json.loads(MANIFEST.read_text())["exposures"].values()
    read = {node.split(".")[-1] for one in exposures for node in one["depends_on"]["nodes"]}
    assert read == {table.name for table in PUBLISHED}


def test_every_variable_that_the_code_reads_is_listed() -> None:
    assert variables_read() == VARIABLES.keys()
    assert {name for name in VARIABLES if name.startswith("STOCKTRIM_")} == KNOWN_VARIABLES
