"""The REST API: requests, by method and path, and what the cluster answers.

Routes are a table; each handler gets the `Ask` and the parts of the path that its route leaves open.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

from awsim.services.opensearch.engine.cluster import Cluster
from awsim.services.opensearch.engine.index import Document, Index
from awsim.services.opensearch.engine.problems import Problem, bad, no_index, not_modelled
from awsim.services.opensearch.engine.searching import count, filtered, search


class Answer(NamedTuple):
    status: int
    body: Any
    """JSON, or text where it is a string."""


class Ask(NamedTuple):
    """A request. `make_id`: the id of a new document or index; `interval`: how long after a write searches find it;
    `window`: how far down the list of hits searches may go; `about`: what the cluster says of itself."""

    cluster: Cluster
    method: str
    path: str
    query: Mapping[str, str]
    body: bytes
    now: float
    make_id: Callable[[], str]
    interval: float
    window: float | None
    about: Mapping[str, Any]

    def json(self, otherwise: Any = None) -> Any:
        if not self.body.strip():
            if otherwise is None:
                raise Problem(400, "parse_exception", "request body is required")
            return otherwise
        return _object(self.body)

    def flag(self, name: str) -> bool:
        value = self.query.get(name)
        return value is not None and value.lower() not in ("false", "no", "off", "0")


def answer(ask: Ask) -> Answer:
    """What the cluster answers; refusals too."""
    try:
        return _answer(ask)
    except Problem as problem:
        return Answer(problem.status, problem.body())
    except RecursionError:
        return Answer(400, Problem(400, "x_content_parse_exception", "the request is nested too deeply").body())


def _answer(ask: Ask) -> Answer:
    parts = [unquote(part) for part in ask.path.strip("/").split("/")]
    method = "GET" if ask.method == "HEAD" else ask.method
    for methods, pattern, handler in _ROUTES:
        found = _fits(pattern, parts)
        if found is not None and method in methods:
            result = handler(ask, *found)
            return Answer(result.status, "") if ask.method == "HEAD" else result
    raise not_modelled(f"OpenSearch: {ask.method} /{'/'.join(parts)}")


def _fits(pattern: tuple[str | None, ...], parts: list[str]) -> list[str] | None:
    """What stands in the open places of a route; None where a path is not of it. Names of resources have no
    underscore at the front, but for the ids of documents and `_all`."""
    if len(pattern) != len(parts):
        return None
    found = []
    for place, (wanted, part) in enumerate(zip(pattern, parts, strict=True)):
        if wanted is None:
            if not part or (place == 0 and part.startswith("_") and part != "_all"):
                return None
            found.append(part)
        elif wanted != part:
            return None
    return found


# --- the cluster


def _root(ask: Ask) -> Answer:
    return Answer(200, {**ask.about, "tagline": "The OpenSearch Project: https://opensearch.org/"})


def _health(ask: Ask, name: str = "") -> Answer:
    indices = ask.cluster.named(name)
    shards = sum(int(index.settings["number_of_shards"]) for index in indices)
    nodes = 1
    told = {
        "cluster_name": ask.about["cluster_name"],
        "status": "green",
        "timed_out": False,
        "number_of_nodes": nodes,
        "number_of_data_nodes": nodes,
        "discovered_master": True,
        "discovered_cluster_manager": True,
        "active_primary_shards": shards,
        "active_shards": shards,
        "relocating_shards": 0,
        "initializing_shards": 0,
        "unassigned_shards": 0,
        "delayed_unassigned_shards": 0,
        "number_of_pending_tasks": 0,
        "number_of_in_flight_fetch": 0,
        "task_max_waiting_in_queue_millis": 0,
        "active_shards_percent_as_number": 100.0,
    }
    return Answer(200, told)


_COLUMNS = (
    "health",
    "status",
    "index",
    "uuid",
    "pri",
    "rep",
    "docs.count",
    "docs.deleted",
    "store.size",
    "pri.store.size",
)


def _cat_indices(ask: Ask, name: str = "") -> Answer:
    rows = []
    for index in ask.cluster.named(name):
        size = f"{sum(len(json.dumps(one.source)) for one in index.documents.values() if one.source is not None)}b"
        deleted = len(index.documents) - index.count
        values = (
            "green", "open", index.name, index.uuid, index.settings["number_of_shards"],
            index.settings["number_of_replicas"], str(index.count), str(deleted), size, size,
        )  # fmt: skip
        rows.append(dict(zip(_COLUMNS, values, strict=True)))
    wanted = ask.query.get("h")
    columns = wanted.split(",") if wanted else list(_COLUMNS)
    rows = [{name: row.get(name, "") for name in columns} for row in rows]
    if ask.query.get("format") == "json":
        return Answer(200, rows)
    if ask.flag("v") or ask.query.get("v") == "":
        rows.insert(0, {name: name for name in columns})
    widths = {name: max((len(row[name]) for row in rows), default=0) for name in columns}
    lines = [" ".join(row[name].ljust(widths[name]) for name in columns) for row in rows]
    return Answer(200, "".join(f"{line}\n" for line in lines))


# --- indices


def _create_index(ask: Ask, name: str) -> Answer:
    body = ask.json({})
    for part in body:
        if part not in ("settings", "mappings", "aliases"):
            raise Problem(400, "parse_exception", f"unknown key [{part}] for create index")
    if body.get("aliases"):
        raise not_modelled("OpenSearch: aliases")
    settings = body.get("settings") or {}
    inner = settings.get("index")
    flat = {**settings, **(inner if isinstance(inner, Mapping) else {})}
    flat = {key.removeprefix("index."): value for key, value in flat.items() if key != "index"}
    for key in ("number_of_shards", "number_of_replicas"):
        if key in flat:
            flat[key] = _whole(key, flat[key], 1 if key == "number_of_shards" else 0)
    ask.cluster.create(name, ask.make_id(), ask.now, flat, body.get("mappings") or {})
    return Answer(200, {"acknowledged": True, "shards_acknowledged": True, "index": name})


def _whole(name: str, value: Any, least: int) -> str:
    try:
        number = int(value)
    except (TypeError, ValueError):
        raise bad(f"Failed to parse value [{value}] for setting [index.{name}]") from None
    if number < least:
        raise bad(f"Failed to parse value [{number}] for setting [index.{name}] must be >= {least}")
    return str(number)


def _delete_index(ask: Ask, name: str) -> Answer:
    for index in ask.cluster.named(name):
        del ask.cluster.indices[index.name]
    return Answer(200, {"acknowledged": True})


def _show_index(ask: Ask, name: str) -> Answer:
    shown = {}
    for index in ask.cluster.named(name):
        settings = {
            **index.settings,
            "creation_date": str(round(index.created * 1000)),
            "uuid": index.uuid,
            "provided_name": index.name,
        }
        shown[index.name] = {"aliases": {}, "mappings": index.mapping, "settings": {"index": settings}}
    return Answer(200, shown)


def _mappings(ask: Ask, name: str = "") -> Answer:
    return Answer(200, {index.name: {"mappings": index.mapping} for index in ask.cluster.named(name)})


def _put_mapping(ask: Ask, name: str) -> Answer:
    body = ask.json()
    more = {key: value for key, value in body.items() if key != "properties"}
    for index in ask.cluster.named(name):
        index.map(body.get("properties") or {}, **more)
    return Answer(200, {"acknowledged": True})


def _refresh(ask: Ask, name: str = "") -> Answer:
    indices = ask.cluster.named(name)
    for index in indices:
        index.refresh()
    shards = sum(
        int(one.settings["number_of_shards"]) * (1 + int(one.settings["number_of_replicas"])) for one in indices
    )
    return Answer(200, {"_shards": {"total": shards, "successful": shards, "failed": 0}})


# --- documents


def _target(ask: Ask, name: str) -> Index:
    """The index that a document is written to; made for the first one."""
    found: Index | None = ask.cluster.indices.get(name)
    return found if found is not None else ask.cluster.create(name, ask.make_id(), ask.now, {}, {})


def _written(ask: Ask, index: Index, id: str, document: Document, result: str) -> dict[str, Any]:
    if ask.query.get("refresh") in ("", "true", "wait_for"):
        index.refresh()
    return {
        "_index": index.name,
        "_id": id,
        "_version": document.version,
        "result": result,
        "_shards": {"total": 2, "successful": 2, "failed": 0},
        "_seq_no": document.number,
        "_primary_term": 1,
    }


def _put_document(ask: Ask, name: str, id: str) -> Answer:
    return _index(ask, name, id, ask.json(), ask.query.get("op_type") == "create", _expected(ask.query))


def _create_document(ask: Ask, name: str, id: str) -> Answer:
    return _index(ask, name, id, ask.json(), True, {})


def _add_document(ask: Ask, name: str) -> Answer:
    return _index(ask, name, ask.make_id(), ask.json(), False, {})


def _index(ask: Ask, name: str, id: str, source: Any, create: bool, expected: Mapping[str, int]) -> Answer:
    if len(id.encode()) > 512:
        raise bad(f"id [{id}] is too long, must be no longer than 512 bytes but was: {len(id.encode())}")
    index = _target(ask, name)
    index.check(id, expected, create=create)
    result = "created" if index.get(id) is None else "updated"
    document = index.put(id, source, ask.now)
    return Answer(201 if result == "created" else 200, _written(ask, index, id, document, result))


def _expected(given: Mapping[str, Any]) -> dict[str, int]:
    """What a writer believes of a document: its sequence number and primary term."""
    found = {name: given[name] for name in ("if_seq_no", "if_primary_term") if name in given}
    if found and len(found) < 2:
        raise bad("ifSeqNo and ifPrimaryTerm must be set together")
    try:
        return {name: int(value) for name, value in found.items()}
    except (TypeError, ValueError):
        raise bad("Failed to parse [if_seq_no]") from None


def _get_document(ask: Ask, name: str, id: str) -> Answer:
    index = ask.cluster.index(name)
    found = index.get(id)
    if found is None:
        return Answer(404, {"_index": name, "_id": id, "found": False})
    wanted = ask.query.get("_source")
    shown = {
        "_index": name,
        "_id": id,
        "_version": found.version,
        "_seq_no": found.number,
        "_primary_term": 1,
        "found": True,
    }
    if wanted != "false":
        shown["_source"] = filtered(found.source, True if wanted in (None, "true") else wanted.split(","))
    return Answer(200, shown)


def _get_source(ask: Ask, name: str, id: str) -> Answer:
    found = ask.cluster.index(name).get(id)
    if found is None:
        raise Problem(404, "resource_not_found_exception", f"Document not found [{name}]/[{id}]")
    return Answer(200, found.source)


def _delete_document(ask: Ask, name: str, id: str) -> Answer:
    index = ask.cluster.index(name)
    index.check(id, _expected(ask.query))
    found = index.get(id) is not None
    document = index.delete(id, ask.now)
    shown = _written(ask, index, id, document, "deleted" if found else "not_found")
    return Answer(200 if found else 404, shown)


def _update_document(ask: Ask, name: str, id: str) -> Answer:
    return _update(ask, name, id, ask.json(), _expected(ask.query))


def _update(ask: Ask, name: str, id: str, body: Mapping[str, Any], expected: Mapping[str, int]) -> Answer:
    for part in body:
        if part not in ("doc", "upsert", "doc_as_upsert", "detect_noop"):
            raise not_modelled(f"OpenSearch: {part} in updates")
    if not isinstance(body.get("doc"), Mapping):
        raise Problem(400, "action_request_validation_exception", "Validation Failed: 1: script or doc is missing;")
    upsert = body["doc"] if body.get("doc_as_upsert") else body.get("upsert")
    index = _target(ask, name) if upsert is not None else ask.cluster.index(name)
    index.check(id, expected)
    found = index.get(id)
    if found is None:
        if upsert is None:
            more = {"index": name, "shard": "0", "index_uuid": index.uuid}
            raise Problem(404, "document_missing_exception", f"[{id}]: document missing", **more)
        return Answer(201, _written(ask, index, id, index.put(id, upsert, ask.now), "created"))
    assert found.source is not None
    source = _merged(found.source, body["doc"])
    if source == found.source and body.get("detect_noop", True):
        return Answer(200, _written(ask, index, id, found, "noop"))
    return Answer(200, _written(ask, index, id, index.put(id, source, ask.now), "updated"))


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(old)
    for name, value in new.items():
        known = result.get(name)
        both = isinstance(known, Mapping) and isinstance(value, Mapping)
        result[name] = _merged(known, value) if both else value  # type: ignore[arg-type]
    return result


# --- bulk

_ACTIONS = ("index", "create", "update", "delete")


def _bulk(ask: Ask, name: str | None = None) -> Answer:
    """Actions one after the other; one that fails does not keep the others from being done."""
    if not ask.body.endswith(b"\n"):
        raise bad("The bulk request must be terminated by a newline [\\n]")
    lines = iter(ask.body.splitlines())
    items = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        action, given = _action(line, number)
        source = None
        if action != "delete":
            source = next(lines, None)
            if source is None:
                raise bad("The bulk request must be terminated by a newline [\\n]")
        items.append({action: _done(ask, action, given, name, source)})
    if not items:
        told = "Validation Failed: 1: no requests added;"
        raise Problem(400, "action_request_validation_exception", told)
    failed = any("error" in result for item in items for result in item.values())
    return Answer(200, {"took": 1, "errors": failed, "items": items})


def _action(line: bytes, number: int) -> tuple[str, Mapping[str, Any]]:
    try:
        found = _object(line)
    except Problem:
        found = {}
    if len(found) != 1:
        raise bad(f"Malformed action/metadata line [{number}], expected START_OBJECT but found [VALUE_STRING]")
    ((action, given),) = found.items()
    if action not in _ACTIONS or not isinstance(given, Mapping):
        expected = ", ".join(sorted(_ACTIONS))
        raise bad(f"Malformed action/metadata line [{number}], expected one of [{expected}] but found [{action}]")
    return action, given


def _done(ask: Ask, action: str, given: Mapping[str, Any], name: str | None, line: bytes | None) -> dict[str, Any]:
    target = str(given.get("_index") or name or "")
    id = str(given["_id"]) if given.get("_id") is not None else ""
    try:
        if not target:
            raise Problem(400, "action_request_validation_exception", "Validation Failed: 1: index is missing;")
        result = _one(ask, action, given, target, id or (ask.make_id() if action in ("index", "create") else ""), line)
    except Problem as problem:
        return {"_index": target, "_id": id or None, "status": problem.status, "error": problem.cause()}
    return {**result.body, "status": result.status}


def _one(ask: Ask, action: str, given: Mapping[str, Any], name: str, id: str, line: bytes | None) -> Answer:
    if not id:
        raise Problem(400, "action_request_validation_exception", "Validation Failed: 1: id is missing;")
    expected = _expected(given)
    if action == "delete":
        index = ask.cluster.indices.get(name)
        if index is None:
            raise no_index(name)
        return _delete_document(
            ask._replace(query={**ask.query, **{key: str(one) for key, one in expected.items()}}), name, id
        )
    source = _object(line or b"")
    if action == "update":
        return _update(ask, name, id, source, expected)
    return _index(ask, name, id, source, action == "create", expected)


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        raise Problem(400, "mapper_parsing_exception", "failed to parse") from None
    if not isinstance(found, dict):
        raise Problem(400, "mapper_parsing_exception", "failed to parse: an object is expected")
    return found


# --- searches


def _search(ask: Ask, name: str = "") -> Answer:
    body = dict(ask.json({}))
    for option in ("size", "from"):
        if option in ask.query:
            body[option] = ask.query[option]
    if "sort" in ask.query:
        body["sort"] = ask.query["sort"].split(",")
    if "_source" in ask.query:
        wanted = ask.query["_source"]
        body["_source"] = {"true": True, "false": False}.get(wanted, wanted.split(","))
    if "q" in ask.query:
        raise not_modelled("OpenSearch: the query parameter q")
    if "scroll" in ask.query:
        raise not_modelled("OpenSearch: scrolling")
    return Answer(200, search(ask.cluster.named(name), body, ask.now, ask.interval, ask.window))


def _counted(ask: Ask, name: str = "") -> Answer:
    indices = ask.cluster.named(name)
    body = ask.json({})
    if set(body) - {"query"}:
        raise Problem(400, "parsing_exception", f"request does not support [{sorted(set(body) - {'query'})[0]}]")
    found = count(indices, body.get("query"), ask.now, ask.interval)
    shards = sum(int(index.settings["number_of_shards"]) for index in indices)
    return Answer(200, {"count": found, "_shards": {"total": shards, "successful": shards, "skipped": 0, "failed": 0}})


_ROUTES: tuple[tuple[str, tuple[str | None, ...], Callable[..., Answer]], ...] = (
    ("GET", ("",), _root),
    ("GET", ("_cluster", "health"), _health),
    ("GET", ("_cluster", "health", None), _health),
    ("GET", ("_cat", "indices"), _cat_indices),
    ("GET", ("_cat", "indices", None), _cat_indices),
    ("GET POST", ("_search",), _search),
    ("GET POST", (None, "_search"), _search),
    ("GET POST", ("_count",), _counted),
    ("GET POST", (None, "_count"), _counted),
    ("POST PUT", ("_bulk",), _bulk),
    ("POST PUT", (None, "_bulk"), _bulk),
    ("GET POST", ("_refresh",), _refresh),
    ("GET POST", (None, "_refresh"), _refresh),
    ("GET", ("_mapping",), _mappings),
    ("GET", (None, "_mapping"), _mappings),
    ("GET", (None, "_mappings"), _mappings),
    ("PUT POST", (None, "_mapping"), _put_mapping),
    ("PUT POST", (None, "_mappings"), _put_mapping),
    ("PUT POST", (None, "_doc", None), _put_document),
    ("POST", (None, "_doc"), _add_document),
    ("GET", (None, "_doc", None), _get_document),
    ("DELETE", (None, "_doc", None), _delete_document),
    ("PUT POST", (None, "_create", None), _create_document),
    ("POST", (None, "_update", None), _update_document),
    ("GET", (None, "_source", None), _get_source),
    ("PUT", (None,), _create_index),
    ("GET", (None,), _show_index),
    ("DELETE", (None,), _delete_index),
)  # fmt: skip
