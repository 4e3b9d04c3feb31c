"""What all operations of Amazon MQ share: look-ups, engines, states and pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.gateway.validate import Violation
from awsim.service import Service
from awsim.services.mq.engines import ENGINES, Engine
from awsim.services.mq.records import REBOOTING, REPLICA, RUNNING, Broker, Configuration
from awsim.services.mq.refusals import bad, missing, unfit
from awsim.state import Collection
from awsim.state.pages import listed

_UP = (RUNNING, REPLICA)


class Common(Service):
    """Brokers and configurations by their ids."""

    name = "mq"
    validation_error = "BadRequestException"
    # Values of enumerations are taken in any case ("ActiveMQ"), and refused in the service's own words.
    checked = Service.checked - {"enum"}

    brokers = Collection("broker", key="id", quota="brokers")
    configurations = Collection("configuration", key="id")

    def violation(self, violations: Sequence[Violation]) -> AWSError:
        error = super().violation(violations)
        error.fields["ErrorAttribute"] = violations[0].path.rpartition(".")[2].partition("[")[0]
        return error

    # --- look-ups

    def broker(self, id: str) -> Broker:
        found: Broker | None = self.brokers.get(id)
        if found is None:
            raise missing("broker", id, "broker-id")
        return found

    def running(self, id: str) -> Broker:
        """A broker that can be changed."""
        broker = self.broker(id)
        state = self.state_of(broker)
        if state not in _UP:
            raise bad(f"Broker [{id}] is in state [{state}]. Make sure your broker is running.", "broker-id")
        return broker

    def configuration(self, id: str, attribute: str = "configuration-id") -> Configuration:
        found: Configuration | None = self.configurations.get(id)
        if found is None:
            raise missing("configuration", id, attribute)
        return found

    def state_of(self, broker: Broker) -> str:
        """A broker of which too much is out is being started again for as long."""
        state = broker.lifecycle.state
        faults = self.cloud.faults
        if state in _UP and faults:
            out = sum(faults.is_out(instance.zone) for instance in broker.instances)
            if not broker.survives(out):
                return REBOOTING
        return state

    @property
    def domain(self) -> str:
        return f"mq.{self.region}.amazonaws.com"

    # --- engines

    @staticmethod
    def engine(type: str) -> Engine:
        found = ENGINES.get(type.upper())
        if found is None:
            raise bad(f"Broker engine type [{type}] is invalid. Valid values: [{', '.join(ENGINES)}].", "engineType")
        return found

    @staticmethod
    def engine_version(engine: Engine, version: str | None) -> str:
        """The version that is asked for, by default the newest."""
        if version is None:
            return next(iter(engine.versions))
        if version not in engine.versions:
            raise unfit("engine version", version, engine.type, engine.versions, "engineVersion")
        return version

    @staticmethod
    def strategy(engine: Engine, given: str | None) -> str:
        found = (given or "SIMPLE").upper()
        if found not in engine.strategies:
            raise unfit("authentication strategy", found, engine.type, engine.strategies, "authenticationStrategy")
        return found

    # --- tags and pages

    def tagged(self, resource: Any, tags: Mapping[str, str] | None) -> None:
        resource.tags = resource.tags.with_(self, tags or {}, invalid="BadRequestException")

    def page(
        self,
        member: str,
        records: Iterable[Any],
        shown: Callable[[Any], Any],
        key: Callable[[Any], str],
        token: str | None,
        size: int | None,
    ) -> dict[str, Any]:
        most = size or int(self.limits["page-size"])
        return listed(
            member, records, shown, key, token, most, refusal=lambda: bad("The next token is invalid.", "nextToken")
        )
