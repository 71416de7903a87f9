"""Text files of people: which encoding they are in."""

from pathlib import Path

from catalog.errors import FileUnreadable

MAX_BYTES = 20_000_000
_WITH_MARK = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
_OLD = ["cp1252", "cp1250", "cp1251", "cp1256", "shift_jis", "gb18030", "big5", "euc_kr"]


def read_bytes(path: Path) -> bytes:
    """All of a text file.  Raises: FileUnreadable, ValueError (too large)."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise FileUnreadable(f"{path}: {error.strerror or error}") from error
    if len(data) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES // 1_000_000} MB")
    return data


def decoded(data: bytes) -> tuple[str, str | None]:
    """The text, and a remark where its encoding had to be guessed.

    UTF-8, or what a byte order mark names; else the most likely of the older encodings.
    Raises: ValueError when it is not text.
    """
    for mark, encoding in _WITH_MARK.items():
        if data.startswith(mark):
            return _as(data, encoding), None
    if b"\0" in data:
        raise ValueError("it is not text")
    try:
        return data.decode("utf-8"), None
    except UnicodeDecodeError:
        return _guessed(data)


def _as(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError(
            f"it begins as {encoding.upper()} and goes on as something else"
        ) from error


def _guessed(data: bytes) -> tuple[str, str]:
    from charset_normalizer import from_bytes

    best = from_bytes(data, cp_isolation=_OLD).best()
    encoding = best.encoding if best else "cp1252"
    remark = f"it is not UTF-8; read as {encoding.replace('cp', 'Windows-')}"
    return data.decode(encoding, "replace"), f"{remark}, so look whether its accents are right"
