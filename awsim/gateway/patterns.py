"""The patterns of botocore's models, which are Java's, for Python's `re`."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache


@cache
def matcher(pattern: str) -> Callable[[str], object] | None:
    """What tells whether a text satisfies a model's pattern; None where Python cannot tell."""
    compiled = compile_pattern(pattern)
    if compiled is None:
        return None
    return compiled.fullmatch if not pattern.startswith("^") and not pattern.endswith("$") else compiled.search


_JAVA_CLASSES = {
    r"\p{Alpha}": "a-zA-Z", r"\p{Alnum}": "a-zA-Z0-9", r"\p{Digit}": "0-9", r"\p{Lower}": "a-z", r"\p{Upper}": "A-Z",
    r"\p{Punct}": re.escape("!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~"), r"\p{ASCII}": r"\x00-\x7f", r"\p{Space}": r"\s",
    r"\p{Graph}": r"\x21-\x7e", r"\p{Print}": r"\x20-\x7e", r"\p{XDigit}": "0-9a-fA-F", r"\p{Blank}": r" \t",
    r"\p{IsAlphabetic}": r"^\W\d_", r"\p{Cntrl}": r"\x00-\x1f\x7f",
    r"\p{Cc}": r"\x00-\x1f\x7f-\x9f", r"\p{C}": r"\x00-\x1f\x7f-\x9f", r"\P{C}": r"^\x00-\x1f\x7f-\x9f",
    # Unicode categories Python's `re` does not know, by the nearest class it has.
    r"\p{L}\p{M}\p{Z}\p{N}\p{P}\p{S}": r"\s\S", r"\p{L}": r"^\W\d_", r"\p{N}": r"\d", r"\p{Nd}": r"\d", r"\p{Z}": r"\s",
}  # fmt: skip
_IN_CLASS = {
    r"\p{L}": r"\w",
    r"\p{IsAlphabetic}": r"\w",
    r"\p{M}": "",
    r"\p{S}": "$+<=>^`|~",
    r"\p{P}": re.escape("!\"#%&'()*,-./:;?@[]_{}"),
}


@cache
def compile_pattern(pattern: str) -> re.Pattern[str] | None:
    """A model's (Java) pattern for Python's `re`: translated where that can be done, None where it cannot."""
    text = pattern.replace(r"\z", r"\Z").replace(r"\h", r"[ \t]").replace("&&", "")
    # Java spells characters beyond the first plane as surrogates, and takes a hyphen after a class for itself.
    text = text.replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF")
    text = re.sub(r"(\[[^\]]*\\[wds])-(?=[^\]])", r"\1\\-", text)
    # Java's \w, \d and \s are ASCII; its \p classes are not.
    flags = re.ASCII
    if r"\p" in text or r"\P" in text:
        translated = _translate_classes(text)
        if translated is None:
            return None
        text, flags = translated, re.UNICODE
    # `$` and `^` of Java match at the very end and start only; Python's `$` would let a last newline pass.
    if text.endswith("$") and not text.endswith(r"\$"):
        text = text[:-1] + r"\Z"
    try:
        return re.compile(text, flags)
    except (re.error, OverflowError, RecursionError):
        return None


def _translate_classes(text: str) -> str | None:
    out = []
    position = 0
    depth = 0
    while position < len(text):
        character = text[position]
        if character == "\\" and text[position + 1 : position + 2] in ("p", "P"):
            end = text.find("}", position)
            name = (
                text[position : end + 1] if text[position + 2 : position + 3] == "{" else text[position : position + 3]
            )
            known = _IN_CLASS.get(name, _JAVA_CLASSES.get(name)) if depth else _JAVA_CLASSES.get(name)
            if known is None or (depth and known.startswith("^")):
                return None
            out.append(known if depth else f"[{known}]")
            position += len(name)
            continue
        if character == "\\":
            out.append(text[position : position + 2])
            position += 2
            continue
        if character == "[":
            depth += 1
        elif character == "]" and depth:
            depth -= 1
        out.append(character)
        position += 1
    return "".join(out)
