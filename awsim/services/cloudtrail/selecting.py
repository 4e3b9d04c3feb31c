"""Event selectors of trails, and what else of their events can be chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.services.cloudtrail import selectors
from awsim.services.cloudtrail.lookups import LookUps
from awsim.services.cloudtrail.refusals import bad_selectors, combination


class Selecting(LookUps):
    def put_event_selectors(
        self,
        TrailName: str,
        EventSelectors: Sequence[Mapping[str, Any]] = (),
        AdvancedEventSelectors: Sequence[Mapping[str, Any]] = (),
    ) -> dict[str, Any]:
        trail = self.trail(TrailName, own=True)
        if bool(EventSelectors) is bool(AdvancedEventSelectors):
            raise bad_selectors("Specify either EventSelectors or AdvancedEventSelectors, not both.")
        if AdvancedEventSelectors:
            self.limits.check("selector-values", selectors.check_advanced(AdvancedEventSelectors))
            trail.advanced, trail.selectors = tuple(AdvancedEventSelectors), selectors.DEFAULT
            return {"TrailARN": trail.arn, "AdvancedEventSelectors": list(trail.advanced)}
        self.limits.check("event-selectors", len(EventSelectors))
        whole = selectors.complete(EventSelectors)
        values = sum(len(resource.get("Values") or ()) for one in whole for resource in one["DataResources"])
        self.limits.check("data-resources", values)
        trail.advanced, trail.selectors = (), tuple(whole)
        return {"TrailARN": trail.arn, "EventSelectors": whole}

    def get_event_selectors(self, TrailName: str) -> dict[str, Any]:
        trail = self.trail(TrailName)
        if trail.advanced:
            return {"TrailARN": trail.arn, "AdvancedEventSelectors": list(trail.advanced)}
        return {"TrailARN": trail.arn, "EventSelectors": list(trail.selectors)}

    def put_event_configuration(
        self,
        TrailName: str | None = None,
        EventDataStore: str | None = None,
        MaxEventSize: str | None = None,
        ContextKeySelectors: Sequence[Mapping[str, Any]] | None = None,
    ) -> dict[str, Any]:
        resource, named = self.configured(TrailName, EventDataStore, own=True)
        changed = {"MaxEventSize": MaxEventSize, "ContextKeySelectors": ContextKeySelectors}
        given = {name: value for name, value in changed.items() if value is not None}
        resource.configuration = {**resource.configuration, **given}
        return {**named, **resource.configuration}

    def get_event_configuration(
        self, TrailName: str | None = None, EventDataStore: str | None = None
    ) -> dict[str, Any]:
        resource, named = self.configured(TrailName, EventDataStore)
        return {**named, "MaxEventSize": "Standard", "ContextKeySelectors": [], **resource.configuration}

    def configured(self, trail: str | None, store: str | None, *, own: bool = False) -> tuple[Any, dict[str, str]]:
        """The trail or event data store that a call is about, and how the answer names it."""
        if (trail is None) is (store is None):
            raise combination("Specify either a trail or an event data store.")
        if trail is not None:
            found = self.trail(trail, own=own)
            return found, {"TrailARN": found.arn}
        return self.configured_store(store or "")

    def configured_store(self, name: str) -> tuple[Any, dict[str, str]]:
        raise NotImplementedError
