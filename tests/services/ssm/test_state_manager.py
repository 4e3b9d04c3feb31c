"""Associations, sessions, OpsCenter, resource data syncs."""

import pytest

from .conftest import INSTANCE, SECOND

pytestmark = pytest.mark.aws(at="2026-01-01")
SCRIPT = {"Name": "AWS-RunShellScript", "Parameters": {"commands": ["ls"]}}


def test_an_association_runs_at_once_and_on_its_schedule(aws, ssm, agent, refused):
    agent(tags={"Env": "prod"})
    made = ssm.create_association(
        **SCRIPT,
        Targets=[{"Key": "tag:Env", "Values": ["prod"]}],
        ScheduleExpression="rate(1 day)",
        AssociationName="listing",
    )["AssociationDescription"]
    assert made["Overview"]["Status"] == "Pending"
    id = made["AssociationId"]
    assert ssm.describe_association(AssociationId=id)["AssociationDescription"]["Overview"] == {
        "Status": "Success",
        "DetailedStatus": "Success",
        "AssociationStatusAggregatedCount": {"Success": 1},
    }
    aws.clock.advance(days=2)
    runs = ssm.describe_association_executions(AssociationId=id)["AssociationExecutions"]
    assert [each["Status"] for each in runs] == ["Success"] * 3
    (target,) = ssm.describe_association_execution_targets(AssociationId=id, ExecutionId=runs[0]["ExecutionId"])[
        "AssociationExecutionTargets"
    ]
    assert (target["ResourceId"], target["Status"]) == (INSTANCE, "Success")
    (status,) = ssm.describe_instance_associations_status(InstanceId=INSTANCE)["InstanceAssociationStatusInfos"]
    assert (status["AssociationName"], status["Status"]) == ("listing", "Success")
    (item,) = ssm.list_compliance_items(ResourceIds=[INSTANCE])["ComplianceItems"]
    assert (item["ComplianceType"], item["Status"]) == ("Association", "COMPLIANT")
    changed = ssm.update_association(AssociationId=id, Parameters={"commands": ["df"]}, ApplyOnlyAtCronInterval=True)
    assert changed["AssociationDescription"]["AssociationVersion"] == "2"
    assert len(ssm.list_association_versions(AssociationId=id)["AssociationVersions"]) == 2
    ssm.start_associations_once(AssociationIds=[id])
    assert agent.steps[-1].commands == ("df",)
    ssm.delete_association(AssociationId=id)
    assert refused(ssm.describe_association, AssociationId=id) == (
        "AssociationDoesNotExist",
        "The specified association doesn't exist.",
    )


def test_associations_that_cannot_be(ssm, agent, refused):
    agent()
    ssm.create_association(**SCRIPT, InstanceId=INSTANCE)
    assert refused(ssm.create_association, **SCRIPT, InstanceId=INSTANCE)[0] == "AssociationAlreadyExists"
    assert refused(ssm.create_association, **SCRIPT, InstanceId=SECOND)[0] == "InvalidInstanceId"
    assert refused(ssm.create_association, **SCRIPT)[0] == "InvalidTarget"
    assert refused(ssm.create_association, Name="none", InstanceId=INSTANCE)[0] == "InvalidDocument"
    targets = [{"Key": "InstanceIds", "Values": [INSTANCE]}]
    assert refused(ssm.create_association, Name="AWS-RunShellScript", Targets=targets)[0] == "InvalidParameters"
    assert refused(ssm.create_association, **SCRIPT, Targets=targets, ScheduleExpression="soon")[0] == "InvalidSchedule"
    batch = ssm.create_association_batch(Entries=[{**SCRIPT, "InstanceId": SECOND}, {**SCRIPT, "Targets": targets}])
    assert (len(batch["Successful"]), len(batch["Failed"])) == (1, 1)
    by_name = [{"key": "Name", "value": "AWS-RunShellScript"}]
    assert len(ssm.list_associations(AssociationFilterList=by_name)["Associations"]) == 2


CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//AWS//Change Calendar 1.0//EN
X-CALENDAR-TYPE:DEFAULT_OPEN
BEGIN:VEVENT
DTSTART;TZID=Europe/Berlin:20260103T090000
DTEND;TZID=Europe/Berlin:20260103T170000
SUMMARY:no changes
END:VEVENT
END:VCALENDAR
"""


def test_change_calendars(aws, ssm, agent, refused):
    agent()
    ssm.create_document(Name="freeze", Content=CALENDAR, DocumentType="ChangeCalendar", DocumentFormat="TEXT")

    def state(**more):
        found = ssm.get_calendar_state(CalendarNames=["freeze"], **more)
        return found["State"], found.get("NextTransitionTime")

    assert state() == ("OPEN", "2026-01-03T08:00:00Z")
    assert state(AtTime="2026-01-03T12:00:00Z") == ("CLOSED", "2026-01-03T16:00:00Z")
    assert state(AtTime="2026-01-03T16:00:00Z") == ("OPEN", None)
    assert refused(ssm.get_calendar_state, CalendarNames=["AWS-RunShellScript"])[0] == "InvalidDocumentType"
    ssm.create_document(Name="bad", Content="x", DocumentType="ChangeCalendar", DocumentFormat="TEXT")
    assert refused(ssm.get_calendar_state, CalendarNames=["bad"])[0] == "UnsupportedCalendarException"
    id = ssm.create_association(
        **SCRIPT, InstanceId=INSTANCE, CalendarNames=["freeze"], ScheduleExpression="cron(0 12 * * ? *)"
    )["AssociationDescription"]["AssociationId"]
    aws.clock.advance(days=4)
    runs = ssm.describe_association_executions(AssociationId=id)["AssociationExecutions"]
    assert [each["Status"] for each in runs] == ["Success", "Skipped", "Success", "Success", "Success"]


@pytest.mark.rule("ssm-044")
def test_nodes_join_the_domain_of_a_directory(aws, ssm):
    """Where there is no such directory, it fails; a node's own code says what comes of others."""
    ssm_agent = aws.service("ssm", None, None)
    ssm_agent.manage(INSTANCE, platform="Windows")
    join = {
        "Name": "AWS-JoinDirectoryServiceDomain",
        "Parameters": {"directoryId": ["d-1234567890"], "directoryName": ["corp.example.com"]},
        "Targets": [{"Key": "InstanceIds", "Values": [INSTANCE]}],
    }

    def status(**more):
        id = ssm.create_association(**join, **more)["AssociationDescription"]["AssociationId"]
        return ssm.describe_association(AssociationId=id)["AssociationDescription"]["Overview"]["Status"]

    assert status() == "Failed"
    joined = []
    aws.nodes[INSTANCE] = lambda step: joined.append(step.inputs["directoryName"])
    assert status() == "Success"
    assert joined == ["corp.example.com"]


@pytest.mark.rule("ssm-030")
def test_sessions(aws, ssm, agent, refused, client):
    agent()
    started = ssm.start_session(Target=INSTANCE, Reason="look around")
    assert started["StreamUrl"].startswith("wss://ssmmessages.us-east-1.amazonaws.com/v1/data-channel/")
    assert started["TokenValue"]
    (session,) = ssm.describe_sessions(State="Active")["Sessions"]
    assert (session["SessionId"], session["Target"], session["Status"]) == (
        started["SessionId"],
        INSTANCE,
        "Connected",
    )
    assert ssm.resume_session(SessionId=started["SessionId"])["TokenValue"] != started["TokenValue"]
    ssm.terminate_session(SessionId=started["SessionId"])
    assert not ssm.describe_sessions(State="Active")["Sessions"]
    (session,) = ssm.describe_sessions(State="History")["Sessions"]
    assert session["Status"] == "Terminated"
    assert refused(ssm.resume_session, SessionId=started["SessionId"])[0] == "DoesNotExistException"
    assert refused(ssm.start_session, Target=SECOND) == ("TargetNotConnected", f"{SECOND} is not connected.")
    forward = {"DocumentName": "AWS-StartPortForwardingSession", "Parameters": {"portNumber": ["5432"]}}
    assert ssm.start_session(Target=INSTANCE, **forward)["SessionId"]
    assert refused(ssm.start_session, Target=INSTANCE, DocumentName="AWS-RunShellScript")[0] == "InvalidDocument"
    aws.service("ssm", None, None).connect(INSTANCE, False)
    assert refused(ssm.start_session, Target=INSTANCE)[0] == "TargetNotConnected"


def test_ops_items(ssm, events, refused):
    mark = {"/aws/dedup": {"Type": "SearchableString", "Value": '{"dedupString":"disk"}'}}
    given = {"Description": "full", "Source": "ops", "Title": "disk", "OperationalData": mark}
    id = ssm.create_ops_item(**given, Priority=2, Tags=[{"Key": "a", "Value": "b"}])["OpsItemId"]
    assert refused(ssm.create_ops_item, **given)[0] == "OpsItemAlreadyExistsException"
    ssm.update_ops_item(OpsItemId=id, Status="Resolved", OperationalData={"note": {"Type": "String", "Value": "x"}})
    item = ssm.get_ops_item(OpsItemId=id)["OpsItem"]
    assert (item["Status"], item["Version"], set(item["OperationalData"])) == ("Resolved", "2", {"/aws/dedup", "note"})
    assert refused(ssm.update_ops_item, OpsItemId=id, Status="Great")[0] in (
        "OpsItemInvalidParameterException",
        "ValidationException",
    )
    where = [{"Key": "Status", "Values": ["Resolved"], "Operator": "Equal"}]
    assert [each["OpsItemId"] for each in ssm.describe_ops_items(OpsItemFilters=where)["OpsItemSummaries"]] == [id]
    related = {"AssociationType": "RelatesTo", "ResourceType": "AWS::EC2::Instance", "ResourceUri": "arn:aws:ec2:::i"}
    made = ssm.associate_ops_item_related_item(OpsItemId=id, **related)["AssociationId"]
    assert refused(ssm.associate_ops_item_related_item, OpsItemId=id, **related)[0] == (
        "OpsItemRelatedItemAlreadyExistsException"
    )
    assert len(ssm.list_ops_item_related_items(OpsItemId=id)["Summaries"]) == 1
    ssm.disassociate_ops_item_related_item(OpsItemId=id, AssociationId=made)
    assert not ssm.list_ops_item_related_items(OpsItemId=id)["Summaries"]
    assert [each["detail-type"] for each in events()] == ["OpsItem Create", "OpsItem Update"]
    ssm.delete_ops_item(OpsItemId=id)
    assert refused(ssm.get_ops_item, OpsItemId=id)[0] == "OpsItemNotFoundException"


def test_ops_metadata(ssm, refused):
    arn = ssm.create_ops_metadata(ResourceId="/app/shop", Metadata={"a": {"Value": "1"}})["OpsMetadataArn"]
    assert refused(ssm.create_ops_metadata, ResourceId="/app/shop")[0] == "OpsMetadataAlreadyExistsException"
    ssm.update_ops_metadata(OpsMetadataArn=arn, MetadataToUpdate={"b": {"Value": "2"}}, KeysToDelete=["a"])
    assert ssm.get_ops_metadata(OpsMetadataArn=arn)["Metadata"] == {"b": {"Value": "2"}}
    assert len(ssm.list_ops_metadata()["OpsMetadataList"]) == 1
    ssm.delete_ops_metadata(OpsMetadataArn=arn)
    assert refused(ssm.get_ops_metadata, OpsMetadataArn=arn)[0] == "OpsMetadataNotFoundException"


def test_data_syncs(ssm, refused):
    place = {"BucketName": "inventory", "SyncFormat": "JsonSerDe", "Region": "us-east-1"}
    ssm.create_resource_data_sync(SyncName="all", S3Destination=place)
    assert refused(ssm.create_resource_data_sync, SyncName="all", S3Destination=place)[0] == (
        "ResourceDataSyncAlreadyExistsException"
    )
    (found,) = ssm.list_resource_data_sync()["ResourceDataSyncItems"]
    assert (found["SyncName"], found["S3Destination"]) == ("all", place)
    source = {"SourceType": "SingleAccountMultiRegions", "SourceRegions": ["us-east-1"]}
    assert refused(ssm.update_resource_data_sync, SyncName="all", SyncType="SyncToDestination", SyncSource=source)[
        0
    ] == ("ResourceDataSyncInvalidConfigurationException")
    ssm.create_resource_data_sync(SyncName="from", SyncType="SyncFromSource", SyncSource=source)
    more = {**source, "SourceRegions": ["us-east-1", "eu-west-1"]}
    ssm.update_resource_data_sync(SyncName="from", SyncType="SyncFromSource", SyncSource=more)
    (found,) = ssm.list_resource_data_sync(SyncType="SyncFromSource")["ResourceDataSyncItems"]
    assert found["SyncSource"]["SourceRegions"] == ["us-east-1", "eu-west-1"]
    ssm.delete_resource_data_sync(SyncName="all")
    assert refused(ssm.delete_resource_data_sync, SyncName="all")[0] == "ResourceDataSyncNotFoundException"
