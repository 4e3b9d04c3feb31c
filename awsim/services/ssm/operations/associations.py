"""State Manager: associations of documents with nodes, run at once and on schedules.

Source: Systems Manager User Guide, "AWS Systems Manager State Manager".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.ssm import content, timetable
from awsim.services.ssm.association import FAILED, PENDING, SKIPPED, SUCCESS, Association, Run
from awsim.services.ssm.command import plain
from awsim.services.ssm.execution import Execution
from awsim.services.ssm.operations.change_calendars import CalendarOperations
from awsim.services.ssm.operations.inventory import InventoryOperations
from awsim.state import Collection
from awsim.state.pages import number
from awsim.state.tags import tag_map

Members = Mapping[str, Any]
_NONE = "The specified association doesn't exist."
_UNKNOWN = frozenset({"AlarmConfiguration", "TargetLocations", "TargetMaps"})
_FILTERS = {
    "Name": lambda each: each.settings["Name"],
    "AssociationId": lambda each: each.id,
    "AssociationName": lambda each: each.settings.get("AssociationName"),
    "AssociationStatusName": lambda each: each.overview()["Status"],
    "InstanceId": lambda each: each.instance,
}


class AssociationOperations(InventoryOperations, CalendarOperations):
    associations = Collection("association", key="id", quota="associations")

    # --- making

    def create_association(
        self,
        Name: str,
        DocumentVersion: str | None = None,
        InstanceId: str | None = None,
        Parameters: Mapping[str, Sequence[str]] | None = None,
        Targets: Sequence[Members] | None = None,
        ScheduleExpression: str | None = None,
        OutputLocation: Members | None = None,
        AssociationName: str | None = None,
        AutomationTargetParameterName: str | None = None,
        MaxErrors: str | None = None,
        MaxConcurrency: str | None = None,
        ComplianceSeverity: str | None = None,
        SyncCompliance: str | None = None,
        ApplyOnlyAtCronInterval: bool | None = None,
        CalendarNames: Sequence[str] | None = None,
        ScheduleOffset: int | None = None,
        Duration: int | None = None,
        Tags: Sequence[Mapping[str, str]] = (),
    ) -> dict[str, Any]:
        settings = {
            "Name": Name,
            "DocumentVersion": DocumentVersion or "$DEFAULT",
            "InstanceId": InstanceId,
            "Parameters": Parameters or {},
            "Targets": list(Targets) if Targets else [{"Key": "InstanceIds", "Values": [InstanceId]}],
            "ScheduleExpression": ScheduleExpression,
            "OutputLocation": OutputLocation,
            "AssociationName": AssociationName,
            "AutomationTargetParameterName": AutomationTargetParameterName,
            "MaxErrors": MaxErrors,
            "MaxConcurrency": MaxConcurrency,
            "ComplianceSeverity": ComplianceSeverity or "UNSPECIFIED",
            "SyncCompliance": SyncCompliance or "AUTO",
            "ApplyOnlyAtCronInterval": bool(ApplyOnlyAtCronInterval),
            "CalendarNames": None if CalendarNames is None else list(CalendarNames),
            "ScheduleOffset": ScheduleOffset,
            "Duration": Duration,
        }
        if InstanceId is None and not Targets:
            raise AWSError("InvalidTarget", "The target isn't valid or doesn't exist: give InstanceId or Targets.")
        if InstanceId is not None:
            self.managed(InstanceId)
            if self._of_instance(Name, InstanceId) is not None:
                raise AWSError("AssociationAlreadyExists", "The specified association already exists.")
        self._check_association(settings)
        association = Association(self.ids.uuid("association"), settings, self.now)
        association.tags = association.tags.with_(self, tag_map(Tags), invalid="ValidationException")
        self.associations.add(association)
        self._wind_association(association, first=True)
        return {"AssociationDescription": association.described()}

    def create_association_batch(self, Entries: Sequence[Members]) -> dict[str, Any]:
        made, failed = [], []
        for entry in Entries:
            for name in _UNKNOWN & set(entry):
                self.not_modelled(f"CreateAssociationBatch with {name}")
            try:
                made.append(self.create_association(**entry)["AssociationDescription"])
            except AWSError as error:
                failed.append({"Entry": entry, "Message": error.message, "Fault": "Client"})
        return {"Successful": made, "Failed": failed}

    def update_association(
        self,
        AssociationId: str,
        Parameters: Mapping[str, Sequence[str]] | None = None,
        DocumentVersion: str | None = None,
        ScheduleExpression: str | None = None,
        OutputLocation: Members | None = None,
        Name: str | None = None,
        Targets: Sequence[Members] | None = None,
        AssociationName: str | None = None,
        AssociationVersion: str | None = None,
        AutomationTargetParameterName: str | None = None,
        MaxErrors: str | None = None,
        MaxConcurrency: str | None = None,
        ComplianceSeverity: str | None = None,
        SyncCompliance: str | None = None,
        ApplyOnlyAtCronInterval: bool | None = None,
        CalendarNames: Sequence[str] | None = None,
        ScheduleOffset: int | None = None,
        Duration: int | None = None,
    ) -> dict[str, Any]:
        association = self._association(AssociationId)
        if AssociationVersion not in (None, "$LATEST", str(association.version)):
            raise AWSError(
                "InvalidAssociationVersion",
                "The version you specified isn't valid. Use ListAssociationVersions to view all versions of an "
                "association according to the association ID. Or, use the $LATEST parameter to view the latest version "
                "of the association.",
            )
        given = {
            "Parameters": Parameters,
            "DocumentVersion": DocumentVersion,
            "ScheduleExpression": ScheduleExpression,
            "OutputLocation": OutputLocation,
            "Name": Name,
            "Targets": None if Targets is None else list(Targets),
            "AssociationName": AssociationName,
            "AutomationTargetParameterName": AutomationTargetParameterName,
            "MaxErrors": MaxErrors,
            "MaxConcurrency": MaxConcurrency,
            "ComplianceSeverity": ComplianceSeverity,
            "SyncCompliance": SyncCompliance,
            "ApplyOnlyAtCronInterval": ApplyOnlyAtCronInterval,
            "CalendarNames": None if CalendarNames is None else list(CalendarNames),
            "ScheduleOffset": ScheduleOffset,
            "Duration": Duration,
        }
        # What is left out is gone, but for what the association is of.
        kept = {name: association.settings[name] for name in ("Name", "Targets", "InstanceId", "DocumentVersion")}
        settings = {**kept, **{name: value for name, value in given.items() if value is not None}}
        settings.setdefault("Parameters", {})
        self._check_association(settings)
        association.change(settings, self.now)
        self._wind_association(association, first=True)
        return {"AssociationDescription": association.described()}

    def _check_association(self, settings: Members) -> None:
        document = self.document_at(settings["Name"])
        version = self.version_of(document, settings["DocumentVersion"])
        self.calendars_at(settings.get("CalendarNames") or ())
        try:
            if settings.get("ScheduleExpression"):
                timetable.parse(settings["ScheduleExpression"])
        except timetable.BadSchedule:
            raise AWSError("InvalidSchedule", "The schedule is invalid. Verify your cron or rate expression.") from None
        if settings.get("AutomationTargetParameterName"):
            return
        try:
            content.bound(version.held, settings["Parameters"])
        except content.Unfit as problem:
            raise AWSError("InvalidParameters", str(problem)) from None

    def delete_association(
        self, Name: str | None = None, InstanceId: str | None = None, AssociationId: str | None = None
    ) -> None:
        association = self._named_association(Name, InstanceId, AssociationId)
        if association.job is not None:
            self.cancel(association.job)
        self.associations.remove(association.id)

    def update_association_status(self, Name: str, InstanceId: str, AssociationStatus: Members) -> dict[str, Any]:
        association = self._named_association(Name, InstanceId, None)
        association.given_status = dict(AssociationStatus)
        return {"AssociationDescription": association.described()}

    def check_unassociated(self, name: str) -> None:
        if self.associations.find(lambda each: each.settings["Name"] == name) is not None:
            raise AWSError(
                "AssociatedInstances",
                "You must disassociate a document from all managed nodes before you can delete it.",
            )

    # --- running

    def _wind_association(self, association: Association, *, first: bool = False) -> None:
        if association.job is not None:
            self.cancel(association.job)
            association.job = None
        if first:
            association.wound = self.now
            if not association.settings.get("ApplyOnlyAtCronInterval"):
                self.later(0, "_apply", id=association.id)
        expression = association.settings.get("ScheduleExpression")
        if expression:
            offset = association.settings.get("ScheduleOffset")
            due = timetable.following(expression, self.now, start=association.wound, offset=offset)
            if due is not None:
                association.job = self.at_time(due, "_apply_on_schedule", id=association.id)

    def _apply_on_schedule(self, id: str) -> None:
        association: Association = self.associations[id]
        association.job = None
        self._wind_association(association)
        self._apply(id)

    def _apply(self, id: str) -> None:
        """Run an association once."""
        association: Association | None = self.associations.get(id)
        if association is None:
            return
        run = Run(self.ids.uuid("association-execution"), association.version, self.now)
        association.runs.append(run)
        settings = association.settings
        try:
            if not self.calendars_open(settings.get("CalendarNames") or ()):
                run.status = SKIPPED
                return
            if self.document_at(settings["Name"]).kind == content.COMMAND:
                run.work = ("command", self._command_of(settings))
            else:
                run.work = ("automation", self._automation_of(association))
        except AWSError:
            run.status = FAILED
        self._note_runs()

    def _command_of(self, settings: Members) -> str:
        given: dict[str, Any] = {name: settings[name] for name in ("MaxErrors", "MaxConcurrency") if settings.get(name)}
        place = (settings.get("OutputLocation") or {}).get("S3Location") or {}
        if place.get("OutputS3BucketName"):
            given["OutputS3BucketName"] = place["OutputS3BucketName"]
            given["OutputS3KeyPrefix"] = place.get("OutputS3KeyPrefix", "")
        answer = self.call(
            "ssm",
            "SendCommand",
            DocumentName=settings["Name"],
            DocumentVersion=settings["DocumentVersion"],
            Targets=settings["Targets"],
            Parameters=settings["Parameters"],
            **given,
        )
        id: str = answer["Command"]["CommandId"]
        return id

    def _automation_of(self, association: Association) -> str:
        settings = association.settings
        given: dict[str, Any] = {"Parameters": settings["Parameters"]} if settings["Parameters"] else {}
        if settings.get("AutomationTargetParameterName"):
            given["TargetParameterName"] = settings["AutomationTargetParameterName"]
            given["Targets"] = settings["Targets"]
        answer = self.call("ssm", "StartAutomationExecution", DocumentName=settings["Name"], **given)
        id: str = answer["AutomationExecutionId"]
        execution: Execution = self.executions[id]
        execution.association = association.id
        return id

    def start_associations_once(self, AssociationIds: Sequence[str]) -> None:
        found = [self._association(id) for id in AssociationIds]
        for association in found:
            self.later(0, "_apply", id=association.id)

    def _note_runs(self) -> None:
        """Bring what is known of executions up to date."""
        for association in self.associations:
            for run in association.runs:
                if run.work is not None and run.status == PENDING:
                    self._note(association, run)

    def _note(self, association: Association, run: Run) -> None:
        assert run.work is not None
        kind, id = run.work
        if kind == "command":
            command = self.commands[id]
            run.states = {each.instance: _status(each.status) for each in command.invocations.values()}
            status = plain(command.details)
        else:
            status = self.executions[id].status
        run.status = _status(status)
        if run.status != PENDING:
            summary = {"ExecutionTime": run.created, "ExecutionId": run.id, "ExecutionType": "Command"}
            for node, state in run.states.items():
                item = {
                    "Id": association.id,
                    "Title": association.settings.get("AssociationName") or association.settings["Name"],
                    "Severity": association.settings.get("ComplianceSeverity") or "UNSPECIFIED",
                    "Status": "COMPLIANT" if state == SUCCESS else "NON_COMPLIANT",
                }
                self.set_compliance(node, "Association", summary, [item], partial=True)

    def command_over(self, command: Any) -> None:
        super().command_over(command)
        self._note_runs()

    # --- reading

    def describe_association(
        self,
        Name: str | None = None,
        InstanceId: str | None = None,
        AssociationId: str | None = None,
        AssociationVersion: str | None = None,
    ) -> dict[str, Any]:
        self._note_runs()
        association = self._named_association(Name, InstanceId, AssociationId)
        shown = association.described()
        if AssociationVersion not in (None, "$LATEST"):
            versions = {each["AssociationVersion"]: each for each in association.versions_described()}
            if AssociationVersion not in versions:
                raise AWSError("InvalidAssociationVersion", "The version you specified isn't valid.")
            older = dict(versions[AssociationVersion])
            del older["CreatedDate"]
            shown |= older
        return {"AssociationDescription": shown}

    def list_associations(
        self,
        AssociationFilterList: Sequence[Mapping[str, str]] = (),
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        self._note_runs()
        found = [each for each in self.associations if all(_listed(each, one) for one in AssociationFilterList)]
        return self.page("Associations", found, Association.listed, lambda each: each.id, NextToken, MaxResults)

    def list_association_versions(
        self, AssociationId: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        found = self._association(AssociationId).versions_described()
        return self.page(
            "AssociationVersions",
            found,
            dict,
            lambda each: number(10**9 - int(each["AssociationVersion"])),
            NextToken,
            MaxResults,
        )

    def describe_association_executions(
        self,
        AssociationId: str,
        Filters: Sequence[Members] = (),
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        self._note_runs()
        association = self._association(AssociationId)
        found = [
            (at, run)
            for at, run in enumerate(association.runs)
            if all(str(_run_value(run, each["Key"])) == each["Value"] for each in Filters)
        ]
        return self.page(
            "AssociationExecutions",
            found,
            lambda each: each[1].described(association.id),
            lambda each: number(10**9 - each[0]),
            NextToken,
            MaxResults,
        )

    def describe_association_execution_targets(
        self,
        AssociationId: str,
        ExecutionId: str,
        Filters: Sequence[Members] = (),
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        self._note_runs()
        association = self._association(AssociationId)
        run = next((each for each in association.runs if each.id == ExecutionId), None)
        if run is None:
            raise AWSError(
                "AssociationExecutionDoesNotExist",
                "The specified execution ID doesn't exist. Verify the ID number and try again.",
            )
        shown = [
            {
                "AssociationId": association.id,
                "AssociationVersion": str(run.version),
                "ExecutionId": run.id,
                "ResourceId": node,
                "ResourceType": "ManagedInstance",
                "Status": state,
                "DetailedStatus": state,
                "LastExecutionDate": run.created,
                "OutputSource": {"OutputSourceId": run.work[1], "OutputSourceType": "RunCommand"},
            }
            for node, state in run.states.items()
            if all(each["Value"] in (state, node) for each in Filters)
        ]
        return self.page(
            "AssociationExecutionTargets", shown, dict, lambda each: str(each["ResourceId"]), NextToken, MaxResults
        )

    def describe_effective_instance_associations(
        self, InstanceId: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        found = self._of_node(InstanceId)

        def shown(each: Association) -> dict[str, Any]:
            document = self.document_at(each.settings["Name"])
            text = self.version_of(document, each.settings["DocumentVersion"]).text
            return {
                "AssociationId": each.id,
                "InstanceId": InstanceId,
                "Content": text,
                "AssociationVersion": str(each.version),
            }

        return self.page("Associations", found, shown, lambda each: each.id, NextToken, MaxResults)

    def describe_instance_associations_status(
        self, InstanceId: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        self._note_runs()

        def shown(each: Association) -> dict[str, Any]:
            last = each.last
            state = PENDING if last is None else last.states.get(InstanceId, last.status)
            return {
                "AssociationId": each.id,
                "Name": each.settings["Name"],
                "DocumentVersion": each.settings["DocumentVersion"],
                "AssociationVersion": str(each.version),
                "InstanceId": InstanceId,
                "ExecutionDate": None if last is None else last.created,
                "Status": state,
                "DetailedStatus": state,
                "AssociationName": each.settings.get("AssociationName"),
            }

        found = self._of_node(InstanceId)
        return self.page("InstanceAssociationStatusInfos", found, shown, lambda each: each.id, NextToken, MaxResults)

    # --- look-ups

    def _of_node(self, id: str) -> list[Association]:
        """Raises InvalidInstanceId."""
        node = self.managed(id)
        return [
            each for each in self.associations if all(self._meets(node, target) for target in each.settings["Targets"])
        ]

    def _association(self, id: str) -> Association:
        """Raises AssociationDoesNotExist."""
        found: Association | None = self.associations.get(id)
        if found is None:
            raise AWSError("AssociationDoesNotExist", _NONE)
        return found

    def _of_instance(self, name: str, instance: str) -> Association | None:
        found: Association | None = self.associations.find(
            lambda each: each.settings["Name"] == name and each.instance == instance
        )
        return found

    def _named_association(self, name: str | None, instance: str | None, id: str | None) -> Association:
        if id is not None:
            return self._association(id)
        found = None if name is None or instance is None else self._of_instance(name, instance)
        if found is None:
            raise AWSError("AssociationDoesNotExist", _NONE)
        return found


def _status(status: str) -> str:
    if status == "Success":
        return SUCCESS
    return PENDING if status in ("Pending", "InProgress", "Waiting") else FAILED


def _listed(association: Association, given: Mapping[str, str]) -> bool:
    key, value = given["key"], given["value"]
    if key in _FILTERS:
        return _FILTERS[key](association) == value
    last = association.last
    try:
        when = timetable.moment(value)
    except timetable.BadSchedule:
        return False
    return last is not None and (last.created < when if key == "LastExecutedBefore" else last.created > when)


def _run_value(run: Run, key: str) -> Any:
    return {"ExecutionId": run.id, "Status": run.status, "CreatedTime": timetable.written(run.created)}.get(key)
