"""Dashboards."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from awsim.services.cloudwatch.dashboards import Dashboard, problems
from awsim.services.cloudwatch.operations.composite_alarms import CompositeAlarmOperations
from awsim.services.cloudwatch.refusals import invalid
from awsim.state import Collection
from awsim.state.pages import listed
from awsim.state.tags import tag_map

_NAME = re.compile(r"[A-Za-z0-9_-]+\Z")


class DashboardOperations(CompositeAlarmOperations):
    dashboards = Collection("dashboard", quota="dashboards")

    def put_dashboard(
        self, DashboardName: str, DashboardBody: str, Tags: Sequence[Mapping[str, str]] = ()
    ) -> dict[str, Any]:
        self.limits.check("dashboard-name-length", len(DashboardName))
        if not _NAME.match(DashboardName):
            raise invalid(f"The value {DashboardName} for field DashboardName contains invalid characters. "
                          "It can only contain alphanumerics, dash (-) and underscore (_).")  # fmt: skip
        found = problems(DashboardBody, self.limits["dashboard-widgets"])
        if any(problem.grave for problem in found):
            raise self.error(
                "InvalidParameterInput",
                "The dashboard body is invalid, there are "
                f"{len(found)} validation errors: {[problem.shown() for problem in found]}",
                dashboardValidationMessages=[problem.shown() for problem in found],
            )
        dashboard = self.dashboards.get(DashboardName)
        if dashboard is None:
            dashboard = Dashboard(DashboardName, self.arn(f"dashboard/{DashboardName}", region=""))
            dashboard.tags = dashboard.tags.with_(self, tag_map(Tags), invalid="InvalidParameterValue")
            self.dashboards.add(dashboard)
        dashboard.body = DashboardBody
        dashboard.modified = self.clock.time()
        return {"DashboardValidationMessages": [problem.shown() for problem in found]}

    def get_dashboard(self, DashboardName: str) -> dict[str, Any]:
        dashboard = self._dashboard(DashboardName)
        return {
            "DashboardArn": dashboard.arn,
            "DashboardBody": dashboard.body,
            "DashboardName": dashboard.name,
        }

    def list_dashboards(self, DashboardNamePrefix: str | None = None, NextToken: str | None = None) -> dict[str, Any]:
        return listed(
            "DashboardEntries",
            [dashboard for dashboard in self.dashboards if dashboard.name.startswith(DashboardNamePrefix or "")],
            Dashboard.listed,
            lambda dashboard: dashboard.name,
            NextToken,
            self.limits["dashboards-page"],
            refusal=lambda: invalid("Invalid nextToken"),
        )

    def delete_dashboards(self, DashboardNames: Sequence[str]) -> None:
        """All of them, or none where one does not exist."""
        going = [self._dashboard(name) for name in DashboardNames]
        for dashboard in going:
            self.dashboards.pop(dashboard.name, None)

    def _dashboard(self, name: str) -> Dashboard:
        found: Dashboard | None = self.dashboards.get(name)
        if found is None:
            raise self.error("ResourceNotFound", f"Dashboard {name} does not exist")
        return found
