"""Amazon Ion text, as imports read it: top-level values into attribute values as the wire has them.

Source: the Ion specification (text) for the grammar; Developer Guide, "DynamoDB data import formats", for what becomes
of its types: strings S, numbers N, blobs B, sets by annotation; none for symbols, timestamps, clobs or s-expressions.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Iterator
from typing import Any

_TOKEN = re.compile(
    r"""(?:\s|//[^\n]*|/\*.*?\*/)*(?:
    (?P<blob>\{\{\s*[A-Za-z0-9+/=\s]*\}\})
  | (?P<long>'''(?:[^\\]|\\.)*?''')
  | (?P<string>"(?:[^"\\\n]|\\.)*")
  | (?P<quoted>'(?:[^'\\\n]|\\.)*')
  | (?P<null>null(?:\.[a-z]+)?\b)
  | (?P<bool>(?:true|false)\b)
  | (?P<hex>-?0[xX][0-9a-fA-F_]+|-?0[bB][01_]+)
  | (?P<number>-?[0-9][0-9_]*(?:\.[0-9_]*)?(?:[dDeE][+-]?[0-9]+)?(?![\w:-]))
  | (?P<symbol>[A-Za-z_$][\w$]*)
  | (?P<mark>::|[][{}:,])
  | (?P<end>\Z)
  )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(\r?\n)|(.))", re.DOTALL)
_ESCAPED = {"0": "\0", "a": "\a", "b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "v": "\v"}
_SETS = {"$dynamodb_SS": ("SS", "S"), "$dynamodb_NS": ("NS", "N"), "$dynamodb_BS": ("BS", "B")}
_DEEPEST = 100


class NotIon(ValueError):
    """Text that is no Ion, or a value that DynamoDB has no type for."""


def values_of(text: str) -> Iterator[Any]:
    """The top-level values of a text in the wire's form (`{"M": {…}}`); a version marker is none. Raises NotIon."""
    reader = _Reader(text)
    while reader.kind != "end":
        if reader.text == "$ion_1_0":
            reader.next()
        else:
            yield reader.value()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self.next()

    def next(self) -> str:
        """Step to the following token; returns the text of the one before it."""
        before = getattr(self, "text", "")
        match = _TOKEN.match(self._text, self._at)
        if match is None:
            raise NotIon(f"not Ion at character {self._at}")
        self._at = match.end()
        self.kind = match.lastgroup or "end"
        self.text = match[self.kind]
        return before

    def value(self) -> dict[str, Any]:
        kind, text = self.kind, self.next()
        if kind in ("symbol", "quoted") and self.text == "::":
            self.next()
            return self._annotated(text.strip("'"))
        if kind == "string":
            return {"S": _unescaped(text[1:-1])}
        if kind == "long":
            parts = [text]
            while self.kind == "long":
                parts.append(self.next())
            return {"S": "".join(_unescaped(part[3:-3]) for part in parts)}
        if kind == "number":
            return {"N": text.replace("_", "").lower().replace("d", "e")}
        if kind == "hex":
            return {"N": str(int(text.replace("_", ""), 0))}
        if kind == "bool":
            return {"BOOL": text == "true"}
        if kind == "null":
            return {"NULL": True}
        if kind == "blob":
            return {"B": _base64("".join(text[2:-2].split()))}
        self._depth += 1
        if self._depth > _DEEPEST:
            raise NotIon("documents too deep")
        if text == "[":
            value: dict[str, Any] = {"L": self._list()}
        elif text == "{":
            value = {"M": self._struct()}
        else:
            raise NotIon(f"no attribute value: {text}")
        self._depth -= 1
        return value

    def _annotated(self, annotation: str) -> dict[str, Any]:
        value = self.value()
        if annotation not in _SETS:
            return value
        kind, member = _SETS[annotation]
        members = value.get("L")
        if members is None or any(member not in one for one in members):
            raise NotIon(f"no members of a set {kind}")
        return {kind: [one[member] for one in members]}

    def _list(self) -> list[Any]:
        members = []
        while self.text != "]" or self.kind != "mark":
            members.append(self.value())
            if not self._comma("]"):
                break
        self.next()
        return members

    def _struct(self) -> dict[str, Any]:
        members = {}
        while self.text != "}" or self.kind != "mark":
            kind, name = self.kind, self.next()
            if kind not in ("symbol", "quoted", "string", "null", "bool"):
                raise NotIon(f"no name of a field: {name}")
            if self.next() != ":":
                raise NotIon(f"no value of the field {name}")
            members[_unescaped(name[1:-1]) if kind in ("quoted", "string") else name] = self.value()
            if not self._comma("}"):
                break
        self.next()
        return members

    def _comma(self, closing: str) -> bool:
        """Step over a comma; False at the end of the document."""
        if self.kind == "mark" and self.text == ",":
            self.next()
            return True
        if self.kind != "mark" or self.text != closing:
            raise NotIon(f"expected , or {closing} and not {self.text or 'the end'}")
        return False


def _unescaped(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        digits = match[1] or match[2] or match[3]
        if digits:
            return chr(int(digits, 16))
        return "" if match[4] else _ESCAPED.get(match[5], match[5])

    joined = _ESCAPE.sub(one, text) if "\\" in text else text
    # Two halves of a character escaped apart.
    return joined.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _base64(text: str) -> str:
    """The blob, checked: the wire's form has it in base64 too."""
    try:
        return b64encode(b64decode(text, validate=True)).decode()
    except NotBase64:
        raise NotIon("a blob is not in base64") from None
