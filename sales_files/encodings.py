"""The text of a file in any usual encoding: UTF-8, UTF-16, UTF-32, Windows-1252, with or without a mark.

What belongs here: bytes to text. What does not: lines and fields (`table.py`).
Read more in docs/sales_files.md.
"""

import codecs
from pathlib import Path
from typing import Final

from sales_files.sales_file_error import SalesFileError

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_NO_TEXT: Final = {
    b"PK\x03\x04": "an Excel workbook or another archive: save the sheet as CSV (UTF-8), and give that file",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook: save the sheet as CSV (UTF-8), and give that file",
    b"\x1f\x8b": "compressed: unpack it first",
    b"%PDF": "a PDF: export it as CSV (UTF-8), and give that file",
}
_LOOKED_AT: Final = 4096
_MOSTLY: Final = 0.9


def utf8_text(path: Path, data: bytes) -> tuple[bytes, list[str]]:
    """The text of a file in UTF-8, without a mark, and a note if it was in Windows-1252.

    Raises:
        SalesFileError: the file is no text, or in no usual encoding.
    """
    for beginning, what in _NO_TEXT.items():
        if data.startswith(beginning):
            raise SalesFileError(f"{path} is {what}.")
    mark, encoding = next((pair for pair in _MARKS if data.startswith(pair[0])), (b"", _without_mark(data)))
    try:
        text = data.decode(encoding)
        notes: list[str] = []
    except UnicodeDecodeError:
        text, notes = _in_western_europe(path, data, encoding)
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise SalesFileError(
            f"{path}, line {line}: there is a NUL character, so this is not text; export it as CSV (UTF-8)."
        )
    if encoding == "utf-8" and not notes:
        return data.removeprefix(mark), notes
    return text.removeprefix("\ufeff").encode(), notes


def _without_mark(data: bytes) -> str:
    """UTF-16 if nearly every second byte is 0, as in English text; otherwise UTF-8."""
    head = data[:_LOOKED_AT]
    for encoding, zeros, letters in (("utf-16-le", head[1::2], head[::2]), ("utf-16-be", head[::2], head[1::2])):
        if len(data) % 2 == 0 and zeros and zeros.count(0) > _MOSTLY * len(zeros) and not letters.count(0):
            return encoding
    return "utf-8"


def _in_western_europe(path: Path, data: bytes, encoding: str) -> tuple[str, list[str]]:
    try:
        if encoding == "utf-8":
            return data.decode("cp1252"), ["The text is not UTF-8: it is read as Windows-1252 (Western Europe)."]
    except UnicodeDecodeError:
        pass
    raise SalesFileError(f"{path} is not text in UTF-8, UTF-16 or Windows-1252; export it as CSV (UTF-8).") from None
