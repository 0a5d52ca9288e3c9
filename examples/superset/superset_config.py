"""How Superset runs here: with a key of its own, and asking no other host for anything.

What belongs here: Superset's settings. What does not: what it shows (`dashboard.py`). Read more in README.md.
"""

import logging
import os
import secrets
from pathlib import Path
from typing import Final

HOME: Final = Path(os.environ["SUPERSET_HOME"])


def kept_secret(name: str) -> str:
    """Made at first use, and kept where only its owner reads it."""
    path = HOME / name
    if not path.exists():
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
    return path.read_text()


LOG_LEVEL = logging.ERROR
APP_NAME = "StockTrim pipelines"
SECRET_KEY = os.environ.get("SUPERSET_SECRET_KEY") or kept_secret("secret_key")
SQLALCHEMY_DATABASE_URI = f"sqlite:///{HOME / 'superset.db'}"
SESSION_COOKIE_SAMESITE = "Strict"

# Numbers are never cached: what is on the page is in the snapshot that is published now.
DATA_CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}

# The browser may ask this server only: no map tiles, no fonts, no picture that counts visitors.
TALISMAN_CONFIG = {
    "content_security_policy": {
        "default-src": "'self'",
        "object-src": "'none'",
        "frame-ancestors": "'none'",
        "img-src": "'self' blob: data:",
        "worker-src": "'self' blob:",
        "style-src": "'self' 'unsafe-inline'",
        "script-src": "'self' 'strict-dynamic'",
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,
}
