"""Bad settings of a process are one sentence that names the variable."""

import pytest

from pipelines.errors import UsageError
from pipelines.settings import SettingsError, read_settings
from pipelines.store.engine import open_store


@pytest.mark.parametrize(
    "address",
    [
        "http://api.xero.com", "http://10.0.0.1", "http://169.254.169.254", "https://169.254.169.254", "ftp://127.0.0.1",
        "api.xero.com", "https://", "http://[", "file:///etc/passwd",
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["XERO_API_URL", "XERO_IDENTITY_URL", "XERO_LOGIN_URL"])
def test_an_address_is_https_or_this_machine(name: str, address: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} is "):
        read_settings({name: address})


@pytest.mark.parametrize(
    "address", ["https://api.xero.com/", "http://127.0.0.1:8765", "http://localhost:1", "http://[::1]:1"]
)
def test_https_and_this_machine_are_fine(address: str) -> None:
    assert read_settings({"XERO_API_URL": address}).xero_api_url == address.rstrip("/")


def test_a_misspelt_variable_is_not_ignored() -> None:
    with pytest.raises(SettingsError, match=r"^STOCKTRIM_DATABSE_URL is not a setting: use one of .*DATABASE_URL"):
        read_settings({"STOCKTRIM_" + "DATABSE_URL": "sqlite://"})


@pytest.mark.parametrize("url", ["nonsense", "mysql://user:hunter2@host/db", "postgresql://user:hunter2@host:port/db"])
def test_a_store_that_cannot_be_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(UsageError, match="STOCKTRIM_DATABASE_URL") as refused:
        open_store(url)
    assert "hunter2" not in str(refused.value)


def test_secrets_stay_out_of_the_repr() -> None:
    result = read_settings({
        "STOCKTRIM_DATABASE_URL": "postgresql://u:hunter2@h/d", "XERO_CLIENT_SECRET": "hunter3",
        "STOCKTRIM_SECRET_KEY": "hunter4",
    })  # fmt: skip
    assert "hunter" not in repr(result)
