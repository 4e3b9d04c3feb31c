"""Whatever a request holds, the engine answers it: with a result, a refusal, or that it has no such thing."""

import json
import random

import pytest

from awsim.services.opensearch.engine import Ask, Cluster, answer

VALUES = [
    None, True, 0, -1, 2.5, 10**30, 1e308, "", "x", "now", "now-1d/d", "now+999999999d", "2026-01-01",
    "2026-01-01||+1M", "*", "a", "n", "d", "t.keyword", "_score", [], {}, ["a"], [1, "x", None], {"a": 1}, {"gte": 1},
    {"query": "x"}, {"order": "desc"}, "desc", "9999999999999", "1e5", "\ud800", "١",
]  # fmt: skip
KEYS = [
    "query", "match_all", "match", "term", "terms", "range", "bool", "must", "should", "minimum_should_match", "ids",
    "values", "exists", "field", "prefix", "size", "from", "sort", "_source", "includes", "track_total_hits",
    "min_score", "a", "n", "d", "t", "boost", "gte", "operator", "mappings", "properties", "type", "dynamic",
    "settings", "number_of_shards", "doc", "upsert", "order", "missing", "fields", "value",
]  # fmt: skip
FIELDS = ["a", "n", "d", "t", "t.keyword", "a.b", "_id", "none", "o", "o.p"]
PATHS = [
    "", "i", "J", "_search", "i/_search", "i/_count", "_bulk", "i/_doc/1", "i/_doc", "i/_update/1", "i/_create/2",
    "i/_mapping", "i/_source/1", "_cat/indices", "_cluster/health", "i,j/_search", "*/_search", "i/_refresh", "new",
    "%00", "%ff/_doc/1",
]  # fmt: skip
PROPERTIES = {
    "n": {"type": "long"},
    "d": {"type": "date"},
    "t": {"type": "text", "fields": {"keyword": {"type": "keyword"}}},
    "o": {"properties": {"p": {"type": "boolean"}}},
}


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def value(self, depth=0):
        if depth < 4 and self.random.random() < 0.55:
            parts = range(self.random.randint(0, 3))
            if self.random.random() < 0.75:
                return {self.random.choice(KEYS): self.value(depth + 1) for _ in parts}
            return [self.value(depth + 1) for _ in parts]
        return self.random.choice(VALUES)

    def query(self, depth=0):
        pick = self.random.choice
        name, field, value = pick(KEYS[1:7] + ["ids", "exists", "prefix"]), pick(FIELDS), pick(VALUES)
        if name == "bool" and depth < 3:
            return {"bool": {pick(["must", "should", "filter", "must_not"]): [self.query(depth + 1)]}}
        bodies = {
            "range": {field: {pick(["gte", "lt"]): value}},
            "terms": {field: [value, pick(VALUES)]},
            "ids": {"values": [value]},
            "exists": {"field": field},
            "bool": {"minimum_should_match": value},
        }
        return {name: bodies.get(name, {field: value})}

    def request(self):
        """(method, path, body)"""
        pick, kind = self.random.choice, self.random.random()
        if kind < 0.3:
            return "POST", pick(["/i/_search", "/_count"]), [{"query": self.query()}]
        if kind < 0.5:
            document = {pick(FIELDS): self.value(2) for _ in range(2)}
            return "PUT", f"/i/_doc/{self.random.randint(0, 5)}", [document]
        if kind < 0.6:
            action = {pick(["index", "create", "update", "delete"]): {"_index": "i", "_id": pick(VALUES)}}
            return "POST", "/_bulk", [action, self.value(), action, self.value()]
        return pick(["GET", "POST", "PUT", "DELETE", "HEAD"]), f"/{pick(PATHS)}", [self.value()]


@pytest.mark.parametrize("seed", range(20))
def test_every_request_has_an_answer(seed):
    maker, cluster = Maker(seed), Cluster()
    ids = iter(range(1_000_000))

    def ask(method, path, body):
        data = b"".join(json.dumps(part).encode() + b"\n" for part in body)
        return answer(
            Ask(cluster, method, path, {}, data, 1.0, lambda: f"id{next(ids)}", 0, 10_000, {"cluster_name": "c"})
        )

    assert ask("PUT", "/i", [{"mappings": {"properties": PROPERTIES}}]).status == 200
    for _ in range(60):
        request = maker.request()
        found = ask(*request)
        assert found.status in (200, 201, 400, 404, 409, 501), request
        json.dumps(found.body)
