"""Amazon EventBridge (regional)."""

from __future__ import annotations

from typing import ClassVar

from awsim.services.events.operations.archives import ArchiveOperations
from awsim.services.events.operations.buses import BusOperations
from awsim.services.events.operations.destinations import DestinationOperations
from awsim.services.events.operations.endpoints import EndpointOperations
from awsim.services.events.operations.partners import PartnerOperations
from awsim.services.events.operations.rules import RuleOperations


class Events(
    BusOperations, DestinationOperations, RuleOperations, EndpointOperations, ArchiveOperations, PartnerOperations
):
    """Amazon EventBridge: buses, rules and targets, archives and replays, connections and API destinations, global
    endpoints.

    Operations are in `operations/`, thin; what buses, archives and the rest do is in the plain classes beside them.
    """

    exact: ClassVar[frozenset[str]] = frozenset({"PutEventsResultEntryList"})
