"""Searches: the documents of some indices that fit a query, ordered, cut into a page and shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cmp_to_key, partial
from typing import Any, NamedTuple

from awsim.services.opensearch.engine import fields
from awsim.services.opensearch.engine.index import Document, Index
from awsim.services.opensearch.engine.problems import Problem, bad, not_modelled
from awsim.services.opensearch.engine.query import Corpus, compiled

_OPTIONS = frozenset(
    (
        "query",
        "size",
        "from",
        "sort",
        "_source",
        "track_total_hits",
        "track_scores",
        "version",
        "seq_no_primary_term",
        "timeout",
        "min_score",
    )
)
_SIZE = 10
_TOTALS = 10_000
"""Up to how many hits OpenSearch counts unless it is asked to."""


class Hit(NamedTuple):
    home: Index
    id: str
    document: Document
    score: float
    keys: tuple[Any, ...]


class Order(NamedTuple):
    """What hits are sorted by."""

    path: str
    descending: bool
    last: bool  # where documents without the field go


def search(
    indices: Sequence[Index], body: Mapping[str, Any], now: float, interval: float, window: float | None
) -> dict[str, Any]:
    """The answer to a search; `window`: how far down the list of hits a page may go."""
    for name in body:
        if name not in _OPTIONS:
            raise not_modelled(f"OpenSearch: {name} in searches")
    size, start = _count(body, "size", _SIZE), _count(body, "from", 0)
    if window is not None and start + size > window:
        raise bad(
            f"Result window is too large, from + size must be less than or equal to: [{int(window)}] but was "
            f"[{start + size}]. See the scroll api for a more efficient way to request large data sets. This limit "
            "can be set by changing the [index.max_result_window] index level setting."
        )
    order = _orders(body.get("sort"))
    hits: list[Hit] = [hit for index in indices for hit in _found(index, body, order, now, interval)]
    if order:
        hits.sort(key=cmp_to_key(partial(_compare, order)))
    else:
        hits.sort(key=lambda hit: -hit.score)
    scored = not order or bool(body.get("track_scores")) or any(each.path == "_score" for each in order)
    top = max((hit.score for hit in hits), default=None) if scored else None
    shards = sum(int(index.settings["number_of_shards"]) for index in indices)
    found: dict[str, Any] = {
        "max_score": top,
        "hits": [_shown(hit, body, scored, bool(order)) for hit in hits[start : start + size]],
    }
    total = _total(len(hits), body.get("track_total_hits", True if len(hits) <= _TOTALS else _TOTALS))
    return {
        "took": 1,
        "timed_out": False,
        "_shards": {"total": shards, "successful": shards, "skipped": 0, "failed": 0},
        "hits": {**total, **found},
    }


def count(indices: Sequence[Index], query: Any, now: float, interval: float) -> int:
    return sum(len(_found(index, {"query": query}, (), now, interval)) for index in indices)


def _count(body: Mapping[str, Any], name: str, default: int) -> int:
    value = body.get(name, default)
    try:
        number = int(value)
    except (TypeError, ValueError):
        raise bad(f"Failed to parse int parameter [{name}] with value [{value}]") from None
    if number < 0:
        raise bad(f"[{name}] parameter cannot be negative, found [{number}]")
    return number


def _total(hits: int, track: Any) -> dict[str, Any]:
    if track is False:
        return {}
    if track is True or not isinstance(track, int) or hits <= track:
        return {"total": {"value": hits, "relation": "eq"}}
    return {"total": {"value": track, "relation": "gte"}}


def _found(index: Index, body: Mapping[str, Any], order: Sequence[Order], now: float, interval: float) -> list[Hit]:
    there = [(id, document) for id, document in index.searchable(now, interval)]
    corpus = Corpus(index.properties, [(id, document.source) for id, document in there], now)
    matcher = compiled(body.get("query") or {"match_all": {}}, corpus)
    kinds = [_kind(index, each) for each in order]
    least = body.get("min_score", 0)
    if isinstance(least, bool) or not isinstance(least, int | float):
        raise bad(f"Failed to parse float parameter [min_score] with value [{least}]")
    hits = []
    for id, document in there:
        score = matcher(id, document.source)
        if score is not None and score >= least:
            keys = tuple(_key(each, kind, index, id, document, score) for each, kind in zip(order, kinds, strict=True))
            hits.append(Hit(index, id, document, score, keys))
    return hits


# --- sorting


def _orders(given: Any) -> list[Order]:
    if not given:
        return []
    found = []
    for each in given if isinstance(given, list) else [given]:
        if isinstance(each, str):
            path, _, direction = each.partition(":")
            options: Any = {"order": direction} if direction else {}
        elif isinstance(each, Mapping) and len(each) == 1:
            ((path, options),) = each.items()
        else:
            raise bad("malformed sort format, within the sort array, an object, or an actual string are allowed")
        if isinstance(options, str):
            options = {"order": options}
        if not isinstance(options, Mapping):
            raise bad("malformed sort format, within the sort array, an object, or an actual string are allowed")
        for name in options:
            if name not in ("order", "missing", "unmapped_type"):
                raise not_modelled(f"OpenSearch: {name} in sort")
        way = str(options.get("order", "desc" if path == "_score" else "asc")).lower()
        if way not in ("asc", "desc"):
            raise bad(f"Unknown SortOrder [{way}]")
        found.append(Order(path, way == "desc", options.get("missing", "_last") != "_first"))
    return found


def _kind(index: Index, order: Order) -> str | None:
    if order.path in ("_score", "_doc", "_id"):
        return None
    kind = fields.type_of(index.properties, order.path)
    if kind == "text":
        raise bad(
            f"Text fields are not optimised for operations that require per-document field data like aggregations and "
            f"sorting, so these operations are disabled by default. Please use a keyword field instead. Alternatively, "
            f"set fielddata=true on [{order.path}] in order to load field data by uninverting the inverted index. Note "
            "that this can use significant memory."
        )
    if kind is None:
        raise Problem(400, "query_shard_exception", f"No mapping found for [{order.path}] in order to sort on")
    return kind


def _key(order: Order, kind: str | None, index: Index, id: str, document: Document, score: float) -> Any:
    if kind is None:
        return {"_score": score, "_doc": document.number, "_id": id}[order.path]
    values = fields.known(kind, fields.held(index.properties, document.source, order.path))
    if not values:
        return None
    return max(values) if order.descending else min(values)


def _compare(orders: Sequence[Order], ours: Hit, theirs: Hit) -> int:
    for order, one, other in zip(orders, ours.keys, theirs.keys, strict=True):
        if one == other:
            continue
        if one is None or other is None:
            return 1 if (one is None) == order.last else -1
        try:
            less = one < other
        except TypeError:  # two indices that disagree about the field's type
            less = str(one) < str(other)
        return -1 if less != order.descending else 1
    return 0


# --- showing


def _shown(hit: Hit, body: Mapping[str, Any], scored: bool, ordered: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {"_index": hit.home.name, "_id": hit.id, "_score": hit.score if scored else None}
    if body.get("version"):
        shown["_version"] = hit.document.version
    if body.get("seq_no_primary_term"):
        shown.update({"_seq_no": hit.document.number, "_primary_term": 1})
    wanted = body.get("_source", True)
    if wanted is not False:
        shown["_source"] = filtered(hit.document.source, wanted)
    if ordered:
        shown["sort"] = list(hit.keys)
    return shown


def filtered(source: Any, wanted: Any) -> Any:
    """The fields of a document that are asked for."""
    if wanted is True or wanted is None:
        return source
    if isinstance(wanted, Mapping):
        included, excluded = (
            _list(wanted.get("includes", wanted.get("include"))),
            _list(wanted.get("excludes", wanted.get("exclude"))),
        )
    else:
        included, excluded = _list(wanted), []
    return _filtered(source, included, excluded, "")


def _filtered(source: Any, included: list[str], excluded: list[str], path: str) -> Any:
    result = {}
    for name, value in source.items():
        whole = path + name
        if any(_covers(pattern, whole) for pattern in excluded):
            continue
        if not included or any(_covers(pattern, whole) for pattern in included):
            inside = any(pattern.startswith(f"{whole}.") for pattern in excluded)
            result[name] = (
                _filtered(value, [], excluded, f"{whole}.") if inside and isinstance(value, Mapping) else value
            )
        elif isinstance(value, Mapping) and any(pattern.startswith(f"{whole}.") for pattern in included):
            result[name] = _filtered(value, included, excluded, f"{whole}.")
    return result


def _covers(pattern: str, path: str) -> bool:
    return fnmatchcase(path, pattern) or path.startswith(f"{pattern}.")


def _list(given: Any) -> list[str]:
    if given is None:
        return []
    return [str(one) for one in given] if isinstance(given, list) else [str(given)]
