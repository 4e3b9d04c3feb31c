"""What Systems Manager has to wait for and to list: for test_waiters_and_paginators."""

import json

from awsim.intercept import active

COMMAND = {"CommandId": "0" * 36, "InstanceId": "i-00000000000000000"}
PROD = [{"Key": "InstanceIds", "Values": ["*"]}]
SCAN = {"DocumentName": "AWS-RunPatchBaseline", "Parameters": {"Operation": ["Scan"]}}
WINDOW = {"Schedule": "rate(1 day)", "Duration": 3, "Cutoff": 1, "AllowUnassociatedTargets": True}
HELLO = {
    "schemaVersion": "2.2",
    "mainSteps": [{"name": "hello", "action": "aws:softwareInventory", "inputs": {}}],
}


def nodes(count=7):
    """Managed instances; their ids."""
    agent = active().service("ssm", None, None)
    return [agent.manage(f"i-0000000000000000{number}", tags={"PatchGroup": "web"}) for number in range(count)]


def command(client):
    """What COMMAND names."""
    (COMMAND["InstanceId"],) = nodes(1)
    sent = client.send_command(DocumentName="AWS-GatherSoftwareInventory", InstanceIds=[COMMAND["InstanceId"]])
    COMMAND["CommandId"] = sent["Command"]["CommandId"]


def seven(make, found=None):
    def of(client):
        for number in range(7):
            made = make(client, number)
        return found(made) if callable(found) else found or {}

    return of


def document(client, steps=None, name="hello"):
    content = HELLO if steps is None else {"schemaVersion": "0.3", "mainSteps": steps}
    kind = "Command" if steps is None else "Automation"
    client.create_document(Name=name, Content=json.dumps(content), DocumentType=kind)
    return name


def pauses(client, count):
    steps = [{"name": f"step{n}", "action": "aws:sleep", "inputs": {"Duration": "PT0S"}} for n in range(count)]
    return document(client, steps, "pause")


def commands(client):
    (node,) = nodes(1)
    for _ in range(7):
        client.send_command(DocumentName="AWS-GatherSoftwareInventory", InstanceIds=[node])
    return {}


def invocations(client):
    nodes()
    client.send_command(DocumentName="AWS-GatherSoftwareInventory", Targets=PROD)
    return {}


def patched(client, more):
    ids = nodes()
    client.send_command(**SCAN, Targets=PROD)
    return more(ids)


def associations(client, more=None):
    (node,) = nodes(1)
    for _ in range(7):
        client.create_association(Name="AWS-GatherSoftwareInventory", Targets=PROD)
    return {"InstanceId": node} if more else {}


def association(client):
    made = client.create_association(Name="AWS-GatherSoftwareInventory", Targets=PROD)["AssociationDescription"]
    return {"AssociationId": made["AssociationId"]}


def runs(client):
    found = association(client)
    for _ in range(6):
        client.start_associations_once(AssociationIds=[found["AssociationId"]])
    return found


def run_targets(client):
    nodes()
    found = association(client)
    (run,) = client.describe_association_executions(**found)["AssociationExecutions"]
    return {**found, "ExecutionId": run["ExecutionId"]}


def association_versions(client):
    found = association(client)
    for number in range(6):
        client.update_association(**found, AssociationName=f"name-{number}")
    return found


def executions(client):
    name = pauses(client, 1)
    for _ in range(7):
        client.start_automation_execution(DocumentName=name)
    return {}


def steps(client):
    id = client.start_automation_execution(DocumentName=pauses(client, 7))["AutomationExecutionId"]
    return {"AutomationExecutionId": id}


def window(client, number=0):
    return {"WindowId": client.create_maintenance_window(Name=f"window-{number}", **WINDOW)["WindowId"]}


def window_targets(client):
    found = window(client)
    for _ in range(7):
        client.register_target_with_maintenance_window(**found, ResourceType="INSTANCE", Targets=PROD)
    return found


def window_tasks(client):
    found, name = window(client), pauses(client, 1)
    for _ in range(7):
        client.register_task_with_maintenance_window(**found, TaskArn=name, TaskType="AUTOMATION")
    return found


def window_runs(client):
    found = window_tasks(client)
    active().clock.advance(days=7)
    return found


def window_run_tasks(client):
    (run, *_) = client.describe_maintenance_window_executions(**window_runs(client))["WindowExecutions"]
    return {"WindowExecutionId": run["WindowExecutionId"]}


def window_task_invocations(client):
    nodes()
    found, name = window(client), pauses(client, 1)
    client.register_task_with_maintenance_window(**found, TaskArn=name, TaskType="AUTOMATION", Targets=PROD)
    active().clock.advance(days=1)
    (run,) = client.describe_maintenance_window_executions(**found)["WindowExecutions"]
    where = {"WindowExecutionId": run["WindowExecutionId"]}
    (task,) = client.describe_maintenance_window_execution_tasks(**where)["WindowExecutionTaskIdentities"]
    return {**where, "TaskId": task["TaskExecutionId"]}


def windows_for(client):
    (node,) = nodes(1)
    targets = [{"Key": "InstanceIds", "Values": [node]}]
    for number in range(7):
        found = window(client, number)
        client.register_target_with_maintenance_window(**found, ResourceType="INSTANCE", Targets=targets)
    return {"ResourceType": "INSTANCE", "Targets": targets}


def once(client):
    """A window that opens seven times."""
    client.create_maintenance_window(**{**WINDOW, "Schedule": "cron(0 0 1-7 1 ? 2190)"}, Name="seven")
    return {}


def groups(client, number):
    baseline = client.create_patch_baseline(Name=f"own-{number}")["BaselineId"]
    client.register_patch_baseline_for_patch_group(BaselineId=baseline, PatchGroup=f"group-{number}")


def compliance(client, kinds):
    for node in nodes(1 if kinds == 7 else 7):
        for number in range(kinds):
            client.put_compliance_items(
                ResourceId=node,
                ResourceType="ManagedInstance",
                ComplianceType=f"Custom:kind{number}",
                ExecutionSummary={"ExecutionTime": 0},
                Items=[{"Id": "a", "Severity": "LOW", "Status": "COMPLIANT"}],
            )
    return {}


def versions(client):
    document(client)
    for number in range(6):
        changed = json.dumps({**HELLO, "description": str(number)})
        client.update_document(Name="hello", Content=changed, DocumentVersion="$LATEST")
    return {"Name": "hello"}


def deletions(client, number):
    return client.delete_inventory(TypeName=f"Custom:{number}")


def related(client):
    id = client.create_ops_item(Description="d", Source="s", Title="t")["OpsItemId"]
    for number in range(7):
        client.associate_ops_item_related_item(
            OpsItemId=id, AssociationType="RelatesTo", ResourceType="AWS::S3::Bucket", ResourceUri=f"arn:{number}"
        )
    return {"OpsItemId": id}


def policies(client):
    client.put_parameter(Name="p", Value="x", Type="String", Tier="Advanced")
    arn = client.get_parameter(Name="p")["Parameter"]["ARN"]
    statement = {"Effect": "Allow", "Principal": "*", "Action": "ssm:GetParameter", "Resource": arn}
    for _ in range(7):
        text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        client.put_resource_policy(ResourceArn=arn, Policy=text)
    return {"ResourceArn": arn}


def put(client, number, name="/p/{}"):
    client.put_parameter(Name=name.format(number), Value="x", Type="String", Overwrite=True)


def sessions(client):
    (node,) = nodes(1)
    for _ in range(7):
        client.start_session(Target=node)
    return {"State": "Active"}


S3 = {"BucketName": "inventory", "SyncFormat": "JsonSerDe", "Region": "us-east-1"}
OWN = {"Filters": [{"Key": "OWNER", "Values": ["Self"]}]}
SELF = {"Filters": [{"Key": "Owner", "Values": ["Self"]}]}
WAITERS = {"ssm:CommandExecuted": (COMMAND, command, True)}
PAGINATORS = {
    "ssm:DescribeActivations": seven(lambda client, n: client.create_activation(IamRole="app")),
    "ssm:DescribeAssociationExecutionTargets": run_targets,
    "ssm:DescribeAssociationExecutions": runs,
    "ssm:DescribeAutomationExecutions": executions,
    "ssm:DescribeAutomationStepExecutions": steps,
    "ssm:DescribeAvailablePatches": lambda client: {},
    "ssm:DescribeEffectiveInstanceAssociations": lambda client: associations(client, True),
    "ssm:DescribeEffectivePatchesForPatchBaseline": lambda client: {
        "BaselineId": client.get_default_patch_baseline()["BaselineId"]
    },
    "ssm:DescribeInstanceAssociationsStatus": lambda client: associations(client, True),
    "ssm:DescribeInstanceInformation": lambda client: nodes() and {},
    "ssm:DescribeInstancePatchStates": lambda client: patched(client, lambda ids: {"InstanceIds": ids}),
    "ssm:DescribeInstancePatchStatesForPatchGroup": lambda client: patched(client, lambda ids: {"PatchGroup": "web"}),
    "ssm:DescribeInstancePatches": lambda client: patched(client, lambda ids: {"InstanceId": ids[0]}),
    "ssm:DescribeInstanceProperties": lambda client: nodes() and {},
    "ssm:DescribeInventoryDeletions": seven(deletions),
    "ssm:DescribeMaintenanceWindowExecutionTaskInvocations": window_task_invocations,
    "ssm:DescribeMaintenanceWindowExecutionTasks": window_run_tasks,
    "ssm:DescribeMaintenanceWindowExecutions": window_runs,
    "ssm:DescribeMaintenanceWindowSchedule": once,
    "ssm:DescribeMaintenanceWindowTargets": window_targets,
    "ssm:DescribeMaintenanceWindowTasks": window_tasks,
    "ssm:DescribeMaintenanceWindows": seven(window),
    "ssm:DescribeMaintenanceWindowsForTarget": windows_for,
    "ssm:DescribeOpsItems": seven(lambda client, n: client.create_ops_item(Description="d", Source="s", Title="t")),
    "ssm:DescribeParameters": seven(put),
    "ssm:DescribePatchBaselines": seven(lambda client, n: client.create_patch_baseline(Name=f"own-{n}"), OWN),
    "ssm:DescribePatchGroups": seven(groups),
    "ssm:DescribePatchProperties": lambda client: {"OperatingSystem": "WINDOWS", "Property": "CLASSIFICATION"},
    "ssm:DescribeSessions": sessions,
    "ssm:GetInventory": lambda client: nodes() and {},
    "ssm:GetInventorySchema": lambda client: {},
    "ssm:GetParameterHistory": seven(lambda client, n: put(client, n, "p"), {"Name": "p"}),
    "ssm:GetParametersByPath": seven(put, {"Path": "/p"}),
    "ssm:GetResourcePolicies": policies,
    "ssm:ListAssociationVersions": association_versions,
    "ssm:ListAssociations": associations,
    "ssm:ListCommandInvocations": invocations,
    "ssm:ListCommands": commands,
    "ssm:ListComplianceItems": lambda client: compliance(client, 1),
    "ssm:ListComplianceSummaries": lambda client: compliance(client, 7),
    "ssm:ListDocumentVersions": versions,
    "ssm:ListDocuments": seven(lambda client, n: document(client, name=f"hello-{n}"), SELF),
    "ssm:ListOpsItemRelatedItems": related,
    "ssm:ListOpsMetadata": seven(lambda client, n: client.create_ops_metadata(ResourceId=f"/app/{n}")),
    "ssm:ListResourceComplianceSummaries": lambda client: compliance(client, 1),
    "ssm:ListResourceDataSync": seven(
        lambda client, n: client.create_resource_data_sync(SyncName=f"sync-{n}", S3Destination=S3)
    ),
}
# What comes as one page, because pages have ten at least, or because there is no more.
FIXED = {
    "ssm:DescribeAvailablePatches": (6, 1),
    "ssm:DescribeEffectivePatchesForPatchBaseline": (2, 1),
    "ssm:DescribeInstanceInformation": (7, 1),
    "ssm:DescribeInstancePatchStates": (7, 1),
    "ssm:DescribeInstancePatchStatesForPatchGroup": (7, 1),
    "ssm:DescribeInstancePatches": (3, 1),
    "ssm:DescribeInstanceProperties": (7, 1),
    "ssm:DescribeMaintenanceWindowExecutionTaskInvocations": (7, 1),
    "ssm:DescribeMaintenanceWindowExecutionTasks": (7, 1),
    "ssm:DescribeMaintenanceWindowExecutions": (7, 1),
    "ssm:DescribeMaintenanceWindowTargets": (7, 1),
    "ssm:DescribeMaintenanceWindowTasks": (7, 1),
    "ssm:DescribeMaintenanceWindows": (7, 1),
    "ssm:DescribePatchProperties": (2, 1),
    "ssm:GetInventorySchema": (9, 1),
}
