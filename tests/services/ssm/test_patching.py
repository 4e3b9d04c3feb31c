"""Patch baselines, patching nodes, compliance, inventory."""

import pytest

from .conftest import INSTANCE, SECOND

pytestmark = pytest.mark.aws(at="2026-01-01")
RULES = {"PatchRules": [{"PatchFilterGroup": {"PatchFilters": [{"Key": "CLASSIFICATION", "Values": ["Security"]}]}}]}


@pytest.mark.rule("ssm-032")
def test_baselines(ssm, refused):
    predefined = ssm.describe_patch_baselines(Filters=[{"Key": "OWNER", "Values": ["AWS"]}])["BaselineIdentities"]
    systems = {each["OperatingSystem"] for each in predefined}
    assert {"WINDOWS", "AMAZON_LINUX_2", "AMAZON_LINUX_2023", "UBUNTU"} <= systems
    assert all(each["DefaultBaseline"] for each in predefined)
    windows = ssm.get_default_patch_baseline()["BaselineId"]
    assert ssm.get_patch_baseline(BaselineId=windows)["Name"] == "AWS-DefaultPatchBaseline"
    own = ssm.create_patch_baseline(Name="own", OperatingSystem="AMAZON_LINUX_2023", ApprovalRules=RULES)["BaselineId"]
    group = {"PatchGroup": "web", "BaselineId": own}
    ssm.register_patch_baseline_for_patch_group(**group)
    where = {"PatchGroup": "web", "OperatingSystem": "AMAZON_LINUX_2023"}
    assert ssm.get_patch_baseline_for_patch_group(**where)["BaselineId"] == own
    assert refused(ssm.register_patch_baseline_for_patch_group, **group)[0] == "AlreadyExistsException"
    (mapping,) = ssm.describe_patch_groups()["Mappings"]
    assert (mapping["PatchGroup"], mapping["BaselineIdentity"]["BaselineName"]) == ("web", "own")
    assert refused(ssm.delete_patch_baseline, BaselineId=own)[0] == "ResourceInUseException"
    ssm.deregister_patch_baseline_for_patch_group(**group)
    ssm.register_default_patch_baseline(BaselineId=own)
    assert ssm.get_default_patch_baseline(OperatingSystem="AMAZON_LINUX_2023")["BaselineId"] == own
    assert refused(ssm.delete_patch_baseline, BaselineId=own)[0] == "ResourceInUseException"
    amazon = next(each["BaselineId"] for each in predefined if each["OperatingSystem"] == "AMAZON_LINUX_2023")
    ssm.register_default_patch_baseline(BaselineId=amazon)
    ssm.delete_patch_baseline(BaselineId=own)
    assert refused(ssm.get_patch_baseline, BaselineId=own)[0] == "DoesNotExistException"


@pytest.mark.rule("ssm-033", "ssm-035")
def test_nodes_are_patched_by_a_command(ssm, agent, run):
    agent(tags={"PatchGroup": "web"})

    def patch(operation):
        run(DocumentName="AWS-RunPatchBaseline", Parameters={"Operation": [operation]})
        (found,) = ssm.describe_instance_patch_states(InstanceIds=[INSTANCE])["InstancePatchStates"]
        return found

    def compliance():
        (found,) = ssm.list_resource_compliance_summaries()["ResourceComplianceSummaryItems"]
        return found["ComplianceType"], found["Status"]

    assert not ssm.describe_instance_patch_states(InstanceIds=[INSTANCE])["InstancePatchStates"]
    scanned = patch("Scan")
    assert (scanned["Operation"], scanned["InstalledCount"], scanned["MissingCount"]) == ("Scan", 0, 2)
    assert compliance() == ("Patch", "NON_COMPLIANT")
    items = ssm.list_compliance_items(ResourceIds=[INSTANCE])["ComplianceItems"]
    assert {(each["Id"], each["Status"]) for each in items} == {
        ("openssl.x86_64", "NON_COMPLIANT"),
        ("kernel.x86_64", "NON_COMPLIANT"),
    }
    assert ssm.describe_patch_group_state(PatchGroup="web")["InstancesWithMissingPatches"] == 1
    installed = patch("Install")
    assert (installed["InstalledCount"], installed["MissingCount"]) == (2, 0)
    assert compliance() == ("Patch", "COMPLIANT")
    assert ssm.describe_patch_group_state(PatchGroup="web")["InstancesWithMissingPatches"] == 0
    states = {each["KBId"]: each["State"] for each in ssm.describe_instance_patches(InstanceId=INSTANCE)["Patches"]}
    assert states == {
        "openssl.x86_64": "INSTALLED",
        "kernel.x86_64": "INSTALLED",
        "tzdata.noarch": "NOT_APPLICABLE",
    }
    (summary,) = ssm.list_compliance_summaries()["ComplianceSummaryItems"]
    assert summary["CompliantSummary"]["CompliantCount"] == 1


def test_what_a_baseline_approves(ssm, agent, run):
    agent(tags={"Patch Group": "web"})
    own = ssm.create_patch_baseline(
        Name="own",
        OperatingSystem="AMAZON_LINUX_2023",
        ApprovalRules=RULES,
        ApprovedPatches=["tzdata.noarch"],
        RejectedPatches=["kernel.x86_64"],
    )["BaselineId"]
    ssm.register_patch_baseline_for_patch_group(BaselineId=own, PatchGroup="web")
    run(DocumentName="AWS-RunPatchBaseline", Parameters={"Operation": ["Install"]})
    missing = [{"Key": "State", "Values": ["INSTALLED"]}]
    found = ssm.describe_instance_patches(InstanceId=INSTANCE, Filters=missing)["Patches"]
    assert {each["KBId"] for each in found} == {"openssl.x86_64", "tzdata.noarch"}
    effective = ssm.describe_effective_patches_for_patch_baseline(BaselineId=own)["EffectivePatches"]
    assert {each["Patch"]["Id"]: each["PatchStatus"]["DeploymentStatus"] for each in effective} == {
        "kernel.x86_64": "EXPLICIT_REJECTED",
        "openssl.x86_64": "APPROVED",
        "tzdata.noarch": "EXPLICIT_APPROVED",
    }


@pytest.mark.rule("ssm-024")
def test_inventory(ssm, agent, run, refused):
    agent()
    item = {
        "TypeName": "AWS:Application",
        "SchemaVersion": "1.1",
        "CaptureTime": "2026-01-01T00:00:00Z",
        "Content": [{"Name": "nginx", "Version": "1.27"}, {"Name": "redis", "Version": "7.4"}],
    }
    ssm.put_inventory(InstanceId=INSTANCE, Items=[item])
    where = {"InstanceId": INSTANCE, "TypeName": "AWS:Application"}
    found = ssm.list_inventory_entries(**where)
    assert (found["Entries"], found["SchemaVersion"]) == (item["Content"], "1.1")
    nginx = [{"Key": "AWS:Application.Name", "Values": ["nginx"]}]
    assert [each["Version"] for each in ssm.list_inventory_entries(**where, Filters=nginx)["Entries"]] == ["1.27"]
    assert refused(ssm.put_inventory, InstanceId=SECOND, Items=[item])[0] == "InvalidInstanceId"
    assert refused(ssm.put_inventory, InstanceId=INSTANCE, Items=[{**item, "CaptureTime": "now"}])[0] in (
        "InvalidItemContentException",
        "ValidationException",
    )
    agent(SECOND, platform="Windows")
    run(DocumentName="AWS-GatherSoftwareInventory", Parameters={})
    entities = ssm.get_inventory(Filters=nginx)["Entities"]
    assert [each["Id"] for each in entities] == [INSTANCE]
    windows = [{"Key": "AWS:InstanceInformation.PlatformType", "Values": ["Windows"]}]
    (second,) = ssm.get_inventory(Filters=windows)["Entities"]
    (about,) = second["Data"]["AWS:InstanceInformation"]["Content"]
    assert about["InstanceId"] == SECOND
    assert {"AWS:Application", "AWS:Network"} <= {each["TypeName"] for each in ssm.get_inventory_schema()["Schemas"]}
    custom = {**item, "TypeName": "Custom:Rack", "SchemaVersion": "1.0", "Content": [{"Rack": "4"}]}
    ssm.put_inventory(InstanceId=INSTANCE, Items=[custom])
    gone = ssm.delete_inventory(TypeName="Custom:Rack")
    assert gone["DeletionSummary"]["TotalCount"] == 1
    (deletion,) = ssm.describe_inventory_deletions(DeletionId=gone["DeletionId"])["InventoryDeletions"]
    assert deletion["LastStatus"] == "Complete"
    assert not ssm.list_inventory_entries(InstanceId=INSTANCE, TypeName="Custom:Rack")["Entries"]


def test_compliance_of_ones_own(ssm, agent, refused):
    agent()
    given = {
        "ResourceId": INSTANCE,
        "ResourceType": "ManagedInstance",
        "ComplianceType": "Custom:Audit",
        "ExecutionSummary": {"ExecutionTime": "2026-01-01T00:00:00Z"},
    }
    item = {"Id": "a", "Severity": "HIGH", "Status": "NON_COMPLIANT"}
    ssm.put_compliance_items(**given, Items=[item])
    ssm.put_compliance_items(**given, Items=[{**item, "Id": "b", "Status": "COMPLIANT"}], UploadType="PARTIAL")
    assert len(ssm.list_compliance_items(ResourceIds=[INSTANCE])["ComplianceItems"]) == 2
    (summary,) = ssm.list_resource_compliance_summaries()["ResourceComplianceSummaryItems"]
    assert (summary["Status"], summary["OverallSeverity"]) == ("NON_COMPLIANT", "HIGH")
    wrong = [{"Key": "Status", "Values": ["NON_COMPLIANT"]}]
    (found,) = ssm.list_compliance_items(Filters=wrong)["ComplianceItems"]
    assert found["Id"] == "a"
    assert refused(ssm.put_compliance_items, **{**given, "ResourceId": SECOND}, Items=[item])[0] == "InvalidResourceId"
