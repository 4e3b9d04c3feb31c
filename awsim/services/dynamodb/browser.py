"""What no SDK asks of DynamoDB: health checks of load balancers, and browsers' CORS preflights."""

from __future__ import annotations

from typing import Any, ClassVar

from awsim.services.dynamodb.base import Base


class BrowserOperations(Base):
    """Requests that botocore's model does not have; anybody may make them."""

    anonymous: ClassVar[frozenset[str]] = frozenset({"HealthCheck", "Preflight"})

    def health_check(self) -> dict[str, Any]:
        http = self.request.http
        host = http.host if http is not None else ""
        return {"__headers__": {"Content-Type": "text/plain"}, "Body": f"healthy: {host} ".encode()}

    def preflight(self) -> dict[str, Any]:
        """Allows whatever is asked for, for two days; the headers that all answers have are the gateway's."""
        http = self.request.http
        headers: dict[str, str] = {"Content-Length": "0"}
        if http is not None and "origin" in http.headers:
            headers["Access-Control-Max-Age"] = str(int(self.limits["cors-max-age"]))
            for asked, allowed in (("method", "methods"), ("headers", "headers")):
                value = http.headers.get(f"access-control-request-{asked}")
                if value is not None:
                    headers[f"Access-Control-Allow-{allowed.title()}"] = value
        return {"__headers__": headers}
