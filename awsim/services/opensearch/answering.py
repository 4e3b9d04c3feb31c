"""Requests to the endpoints of domains: who may make them, and what the cluster behind an endpoint answers.

Source: OpenSearch Service Developer Guide, "Identity and Access Management", "Quotas" (network limits).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from awsim.auth.policy.evaluate import Decision, denied_message
from awsim.errors import AWSError
from awsim.services.opensearch import offerings
from awsim.services.opensearch.connecting import Connecting
from awsim.services.opensearch.domain import Domain
from awsim.services.opensearch.engine import Answer, Ask, answer
from awsim.services.opensearch.refusals import no_domain
from awsim.services.opensearch.users import refusal

_METHODS = {"DELETE": "Delete", "GET": "Get", "HEAD": "Head", "PATCH": "Patch", "POST": "Post", "PUT": "Put"}
_JSON, _TEXT = "application/json; charset=UTF-8", "text/plain; charset=UTF-8"
_ID = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


class Answering(Connecting):
    """The data plane."""

    anonymous = frozenset({"AskDomain"})
    itemised = frozenset({"AskDomain"})

    def ask_domain(
        self,
        Host: str | None = None,
        Method: str = "GET",
        Path: str = "/",
        Query: Mapping[str, str] | None = None,
        Body: bytes = b"",
    ) -> dict[str, Any]:
        """A request to an endpoint: over HTTP, or as another service makes it. No model has it."""
        http = self.request.http
        if http is not None:
            Host, Method, Path, Query, Body = http.host, http.method, http.path, dict(http.query), http.read()
        home, domain = self._behind(Host or "")
        # What the journal has of it, and the permission it needs (`aws.calls.policy()`).
        self.request.params = {"Host": Host, "Method": Method, "Path": Path}
        if domain is not None:
            self.request.params["DomainName"] = domain.name
        try:
            self._let_in(home, domain, Method, Path, Body)
        except AWSError as error:
            return _http(error.status or 400, _JSON, json.dumps({"Message": error.message}))
        assert domain is not None
        found = None
        if domain.options["AdvancedSecurityOptions"].get("Enabled"):
            found = refusal(domain.master, self.caller, http.headers.get("authorization") if http else None)
        found = found or home.asked(domain, Method, Path, Query or {}, Body, home.limits.lag("index-refresh"))
        if isinstance(found.body, str):
            return _http(found.status, _TEXT, found.body)
        return _http(found.status, _JSON, json.dumps(found.body, separators=(",", ":")))

    def create_index(self, DomainName: str, IndexName: str, IndexSchema: Mapping[str, Any]) -> dict[str, Any]:
        self._by_operation(DomainName, "PUT", IndexName, IndexSchema)
        return {"Status": "CREATED"}

    def delete_index(self, DomainName: str, IndexName: str) -> dict[str, Any]:
        self._by_operation(DomainName, "DELETE", IndexName)
        return {"Status": "DELETED"}

    def get_index(self, DomainName: str, IndexName: str) -> dict[str, Any]:
        return {"IndexSchema": self._by_operation(DomainName, "GET", IndexName)[IndexName]}

    def update_index(self, DomainName: str, IndexName: str, IndexSchema: Mapping[str, Any]) -> dict[str, Any]:
        self._by_operation(DomainName, "PUT", f"{IndexName}/_mapping", IndexSchema.get("mappings") or {})
        return {"Status": "UPDATED"}

    def _by_operation(self, name: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """What the cluster answers to an operation of the control plane; its refusals are the operation's."""
        domain = self.domain(name)
        if not domain.has_endpoint:
            raise no_domain(name)
        data = b"" if body is None else json.dumps(body).encode()
        found = self.asked(domain, method, "/" + quote(path, safe="/"), {}, data)
        if found.status >= 400:
            error = found.body["error"]
            code = "ResourceAlreadyExistsException" if "already_exists" in error["type"] else "ValidationException"
            code = {404: "ResourceNotFoundException", 501: "NotImplemented"}.get(found.status, code)
            raise AWSError(code, error["reason"], status=501 if found.status == 501 else None)
        return dict(found.body)

    def asked(
        self, domain: Domain, method: str, path: str, query: Mapping[str, str], body: bytes, lag: float = 0
    ) -> Answer:
        """What the cluster of a domain of this instance answers; `lag`: how long after a write searches find it."""
        ask = Ask(
            cluster=domain.cluster,
            method=method,
            path=path,
            query=query,
            body=body,
            now=self.clock.time(),
            make_id=lambda: self.ids.text("document", 20, _ID),
            interval=lag,
            window=self.limits["result-window"],
            about=_about(domain),
        )
        return answer(ask)

    # --- who and where

    def _behind(self, host: str) -> tuple[Any, Domain | None]:
        """The instance and the domain that a host is of."""
        account, name = self.registry.hosts.get(host, (self.account, ""))
        home = self.at(account=account)
        return home, home.domains.get(name)

    def _let_in(self, home: Any, domain: Domain | None, method: str, path: str, body: bytes) -> None:
        """Refuse whom neither the access policy nor an identity policy lets in, and requests that are too large."""
        from awsim.gateway.authorizer import judged

        if domain is None or not domain.has_endpoint:
            raise AWSError("ResourceNotFoundException", "There is no domain at this endpoint.", status=404)
        small = offerings.is_bursting(domain.options["ClusterConfig"]["InstanceType"])
        home.limits.check("http-payload-small" if small else "http-payload", len(body))
        action = f"es:ESHttp{_METHODS.get(method, 'Get')}"
        decision = judged(self.request, action, domain.arn + path)
        if decision is None or decision.allowed:
            return
        raise AWSError("AccessDeniedException", self._told(decision, action), status=403)

    def _told(self, decision: Decision, action: str) -> str:
        if not self.caller.is_anonymous:
            return denied_message(decision)
        why = "with an explicit deny in a resource-based policy"
        if not decision.explicit:
            why = f"because no resource-based policy allows the {action} action"
        return f"User: anonymous is not authorized to perform: {action} {why}"


def _about(domain: Domain) -> dict[str, Any]:
    """What a cluster says of itself."""
    number = domain.version.partition("_")[2]
    version: dict[str, Any] = {"number": f"{number}.0", "build_type": "tar", "build_snapshot": False}
    if domain.engine_type == "OpenSearch":
        version["distribution"] = "opensearch"
        if domain.options["AdvancedOptions"].get("override_main_response_version") == "true":
            version["number"] = "7.10.2"
    return {
        "name": domain.name,
        "cluster_name": f"{domain.account}:{domain.name}",
        "cluster_uuid": domain.host.split(".")[0].rpartition("-")[2][:22],
        "version": version,
    }


def _http(status: int, type: str, body: str) -> dict[str, Any]:
    return {"__status__": status, "__headers__": {"Content-Type": type}, "Status": status, "Body": body.encode()}
