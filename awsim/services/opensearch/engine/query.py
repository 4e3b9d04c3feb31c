"""Queries: what of an index they find, and how well each document fits (BM25, as Lucene computes it for one shard)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import log
from typing import Any

from awsim.services.opensearch.engine import fields
from awsim.services.opensearch.engine.problems import bad, not_modelled, unreadable

#: A document (id, source) -> its score, None where it does not fit.
Matcher = Callable[[str, Any], float | None]

_K1, _B = 1.2, 0.75
_BOUNDS: dict[str, Callable[[Any, Any], bool]] = {
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
}
_MATH = re.compile(r"([+-]\d+|/)([yMwdhHms])")
_UNITS = {"w": "weeks", "d": "days", "h": "hours", "H": "hours", "m": "minutes", "s": "seconds"}


class Corpus:
    """The documents that a query is asked of, and what scoring counts in them: worked out once it is needed."""

    def __init__(self, properties: fields.Properties, documents: Sequence[tuple[str, Any]], now: float) -> None:
        self.properties = properties
        self.documents = documents
        self.now = now
        self._texts: dict[str, tuple[dict[str, Counter[str]], float, Counter[str]]] = {}

    def terms(self, path: str) -> tuple[dict[str, Counter[str]], float, Counter[str]]:
        """Of a field: document -> how often it has each term; terms of a document on average; documents with a term."""
        found = self._texts.get(path)
        if found is None:
            kind = fields.type_of(self.properties, path)
            by_id: dict[str, Counter[str]] = {}
            for id, source in self.documents:
                held = fields.known(kind or "keyword", fields.held(self.properties, source, path))
                words = [word for one in held for word in (fields.tokens(one) if kind == "text" else [one])]
                if words:
                    by_id[id] = Counter(words)
            total = sum(counted.total() for counted in by_id.values())
            among = Counter(word for counted in by_id.values() for word in counted)
            found = self._texts[path] = (by_id, total / len(by_id) if by_id else 1.0, among)
        return found

    def score(self, path: str, id: str, word: Any) -> float | None:
        """How well a document fits a term; None where it has not got it."""
        by_id, average, among = self.terms(path)
        counted = by_id.get(id)
        if counted is None or word not in counted:
            return None
        idf = log(1 + (len(by_id) - among[word] + 0.5) / (among[word] + 0.5))
        # Fields that are no text have no norms.
        length = counted.total() / average if fields.type_of(self.properties, path) == "text" else 1.0
        frequency = counted[word]
        return (_K1 + 1) * idf * frequency / (frequency + _K1 * (1 - _B + _B * length))


def compiled(query: Any, corpus: Corpus) -> Matcher:
    """What finds documents for a query; raises Problem for one that cannot be read, or is not modelled."""
    if not isinstance(query, Mapping):
        raise unreadable("[_na] query malformed, must start with start_object")
    if len(query) != 1:
        if not query:
            raise bad("query malformed, empty clause found")
        raise unreadable(f"[{next(iter(query))}] malformed query, expected [END_OBJECT] but found [FIELD_NAME]")
    ((name, body),) = query.items()
    compiler = _COMPILERS.get(name)
    if compiler is None:
        raise not_modelled(f"OpenSearch: the query {name}") if name in _KNOWN else unreadable(f"unknown query [{name}]")
    if not isinstance(body, Mapping):
        raise unreadable(f"[{name}] query malformed, no start_object after query name")
    boost = _boost(body)
    matcher = compiler(body, corpus)
    if boost == 1:
        return matcher

    def boosted(id: str, source: Any) -> float | None:
        score = matcher(id, source)
        return None if score is None else score * boost

    return boosted


def _boost(body: Mapping[str, Any]) -> float:
    """The boost of a query, which stands beside or within its field."""
    inner = next((one for one in body.values() if isinstance(one, Mapping)), {}) if len(body) == 1 else {}
    boost = body.get("boost", inner.get("boost", 1))
    if isinstance(boost, bool) or not isinstance(boost, int | float) or boost < 0:
        raise bad(f"negative [boost] are not allowed in [boost], got [{boost}]")
    return float(boost)


def _one_field(name: str, body: Mapping[str, Any]) -> tuple[str, Any]:
    """The field that a query is about, and what it says of it."""
    named = [(key, value) for key, value in body.items() if key not in ("boost", "_name")]
    if len(named) != 1:
        if not named:
            raise bad("No text specified for text query" if name == "match" else "field name is null or empty")
        raise unreadable(f"[{name}] query doesn't support multiple fields, found [{named[0][0]}] and [{named[1][0]}]")
    return named[0]


def _options(name: str, options: Mapping[str, Any], known: Iterable[str]) -> None:
    for option in options:
        if option not in known and option not in ("boost", "_name"):
            raise not_modelled(f"OpenSearch: {option} of the query {name}")


def _kind(corpus: Corpus, path: str) -> str | None:
    """The type of a field; None where there is nothing to find in it: objects are none."""
    kind = fields.type_of(corpus.properties, path)
    return None if kind == "object" else kind


# --- each query


def _match_all(body: Mapping[str, Any], corpus: Corpus) -> Matcher:
    return lambda id, source: 1.0


def _match_none(body: Mapping[str, Any], corpus: Corpus) -> Matcher:
    return lambda id, source: None


def _term(body: Mapping[str, Any], corpus: Corpus) -> Matcher:
    path, given = _one_field("term", body)
    if isinstance(given, Mapping):
        _options("term", given, ("value",))
        if "value" not in given:
            raise bad("value cannot be null")
        given = given["value"]
    if path == "_id":
        return lambda id, source: 1.0 if id == str(given) else None
    kind = _kind(corpus, path)
    if kind is None:
        return _match_none(body, corpus)
    wanted = fields.comparable(kind, given)
    return lambda id, source: corpus.score(path, id, wanted)


def _terms(body: Mapping[str, Any], corpus: Corpus) -> Matcher:
    path, given = _one_field("terms", body)
    if not isinstance(given, list):
        raise (
            not_modelled("OpenSearch: terms that are looked up")
            if isinstance(given, Mapping)
            else unreadable(f"[terms] query does not support [{path}]")
        )
    kind = _kind(corpus, path)
    if path == "_id":
        return _ids({"values": given}, corpus)
    if kind is None:
        return _match_none(body, corpus)
    wanted = {fields.comparable(kind, one) for one in given}
    return lambda id, source: 1.0 if any(word in wanted for word in corpus.terms(path)[0].get(id, ())) else None


def _match(body: Mapping[str, Any], corpus: Corpus) -> Matcher:
    path, given = _one_field("match", body)
    operator = "or"
    if isinstance(given, Mapping):
        _options("match", given, ("query", "operator"))
        operator = str(given.get("operator", "or")).lower()
        given = given.get("query")
    if given is None:
        raise bad("No text specified for text query")
    if operator not in ("or", "and"):
        raise bad(f"operator needs to be either OR or AND, but not [{operator}]")
    kind = _kind(corpus, path)
    if kind is None:
        return _match_none(body, corpus)
    if kind != "text":
        return _term({path: given}, corpus)
    words = fields.tokens(str(fields.comparable("text", given)))

    def matcher(id: str, source: Any) -> float | None:
        scores = [score for score in (corpus.score(path, id, word) for word in words) if score is not None]
        if not scores or (operator == "and" and len(scores) < len(words)):
            return None
        return sum(scores)

    return matcher


def _range(body: Mapping[str, Any], corpus: Corpus) -> Matcher:
    path, given = _one_field("range", body)
    if not isinstance(given, Mapping):
        raise unreadable(f"[range] query does not support [{path}]")
    _options("range", given, _BOUNDS)
    kind = _kind(corpus, path)
    if kind is None:
        return _match_none(body, corpus)
    bounds = [
        (_BOUNDS[name], _bound(kind, value, corpus.now))
        for name, value in given.items()
        if name in _BOUNDS and value is not None
    ]

    def matcher(id: str, source: Any) -> float | None:
        held = fields.known(kind, fields.held(corpus.properties, source, path))
        if kind == "text":
            held = [word for one in held for word in fields.tokens(one)]
        return 1.0 if any(all(fits(value, bound) for fits, bound in bounds) for value in held) else None

    return matcher


def _bound(kind: str, value: Any, now: float) -> Any:
    """The bound of a range; dates may be sums: `now-1d/d`, `2026-01-01||+1w`."""
    if kind != "date" or not isinstance(value, str) or not (value.startswith("now") or "||" in value):
        return fields.comparable(kind, value)
    start, math = ("now", value[3:]) if value.startswith("now") else value.split("||", 1)
    moment = now if start == "now" else fields.comparable("date", start) / 1000
    when = datetime.fromtimestamp(moment, UTC)
    if _MATH.sub("", math):
        raise bad(f"operator not supported for date math [{math}]")
    for operation, unit in _MATH.findall(math):
        if unit in "yM":
            raise not_modelled("OpenSearch: date math with months and years")
        if operation == "/":
            when = _rounded(when, unit)
        else:
            try:
                when += timedelta(**{_UNITS[unit]: int(operation)})
            except OverflowError:
                raise bad(f"date math [{math}] leaves the range of dates") from None
    return round(when.timestamp() * 1000)


def _rounded(when: datetime, unit: str) -> datetime:
    parts: dict[str, int] = {"microsecond": 0}
    if unit != "s":
        parts["second"] = 0
        if unit != "m":
            parts["minute"] = 0
            if unit in "dw":
                parts["hour"] = 0
    when = when.replace(**parts)  # type: ignore[arg-type]
    return when - timedelta(days=when.weekday()) if unit == "w" else when


def _exists(body: Mapping[str, Any], corpus: Corpus) -> Matcher:
    path = body.get("field")
    if not isinstance(path, str):
        raise unreadable("[exists] must be provided with a [field]")

    def matcher(id: str, source: Any) -> float | None:
        return 1.0 if any(True for _ in fields.held(corpus.properties, source, path)) else None

    return matcher


def _prefix(body: Mapping[str, Any], corpus: Corpus) -> Matcher:
    path, given = _one_field("prefix", body)
    lower = False
    if isinstance(given, Mapping):
        _options("prefix", given, ("value", "case_insensitive"))
        lower = bool(given.get("case_insensitive"))
        given = given.get("value")
    if not isinstance(given, str):
        raise bad("value cannot be null")
    start = given.lower() if lower else given
    kind = _kind(corpus, path)
    if kind in fields.NUMBERS or kind in ("boolean", "date"):
        raise bad(
            f"Can only use prefix queries on keyword, text and wildcard fields - not on [{path}] which is of type "
            f"[{kind}]"
        )

    def matcher(id: str, source: Any) -> float | None:
        words = corpus.terms(path)[0].get(id, ())
        return 1.0 if any((word.lower() if lower else word).startswith(start) for word in words) else None

    return matcher


def _ids(body: Mapping[str, Any], corpus: Corpus) -> Matcher:
    given = body.get("values")
    if not isinstance(given, list):
        raise unreadable("[ids] requires providing a [values] array")
    wanted = {str(one) for one in given}
    return lambda id, source: 1.0 if id in wanted else None


def _bool(body: Mapping[str, Any], corpus: Corpus) -> Matcher:
    for name in body:
        if name not in (*_CLAUSES, "minimum_should_match", "boost", "_name"):
            raise unreadable(f"[bool] query does not support [{name}]")
    clauses: dict[str, list[Matcher]] = {}
    for name in _CLAUSES:
        given = body.get(name) or []
        clauses[name] = [compiled(one, corpus) for one in (given if isinstance(given, list) else [given])]
    needed = len(clauses["must"]) + len(clauses["filter"]) == 0 and bool(clauses["should"])
    least = _least(body.get("minimum_should_match", int(needed)), len(clauses["should"]))

    def matcher(id: str, source: Any) -> float | None:
        if any(one(id, source) is not None for one in clauses["must_not"]):
            return None
        if any(one(id, source) is None for one in clauses["filter"]):
            return None
        total = 0.0
        for one in clauses["must"]:
            score = one(id, source)
            if score is None:
                return None
            total += score
        scores = [score for score in (one(id, source) for one in clauses["should"]) if score is not None]
        if len(scores) < least:
            return None
        if not any(clauses[name] for name in ("must", "filter", "should")):
            return 1.0 if not clauses["must_not"] else 0.0
        return total + sum(scores)

    return matcher


def _least(given: Any, of: int) -> int:
    """minimum_should_match: a number or a share of the clauses; less than none is so many fewer than all."""
    text = str(given)
    try:
        if text.endswith("%"):
            share = int(text[:-1])
            return of * share // 100 if share >= 0 else of - of * -share // 100
        number = int(text)
    except ValueError:
        raise bad(f'For input string: "{given}"') from None
    return number if number >= 0 else of + number


_CLAUSES = ("must", "filter", "should", "must_not")
_COMPILERS: dict[str, Callable[[Mapping[str, Any], Corpus], Matcher]] = {
    "match_all": _match_all,
    "match_none": _match_none,
    "term": _term,
    "terms": _terms,
    "match": _match,
    "range": _range,
    "bool": _bool,
    "ids": _ids,
    "exists": _exists,
    "prefix": _prefix,
}
# Queries that OpenSearch has besides.
_KNOWN = frozenset(
    (
        "boosting", "combined_fields", "common", "constant_score", "dis_max", "distance_feature", "function_score",
        "fuzzy", "geo_bounding_box", "geo_distance", "geo_polygon", "geo_shape", "has_child", "has_parent", "hybrid",
        "intervals", "knn", "match_bool_prefix", "match_phrase", "match_phrase_prefix", "more_like_this",
        "multi_match", "nested", "neural", "neural_sparse", "parent_id", "percolate", "query_string", "rank_feature",
        "regexp", "script", "script_score", "simple_query_string", "span_containing", "span_first", "span_multi",
        "span_near", "span_not", "span_or", "span_term", "span_within", "terms_set", "wildcard", "wrapper",
    )
)  # fmt: skip
