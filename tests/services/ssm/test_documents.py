"""Documents: their content, versions, sharing; and those that Amazon owns."""

import json
import sys

import pytest

from .conftest import ACCOUNT, OTHER, REGION

COMMAND = {
    "schemaVersion": "2.2",
    "description": "says hello",
    "parameters": {"name": {"type": "String", "default": "you", "allowedPattern": "^[a-z]+$"}},
    "mainSteps": [{"name": "hello", "action": "aws:runShellScript", "inputs": {"runCommand": ["echo {{ name }}"]}}],
}
RUNBOOK = {
    "schemaVersion": "0.3",
    "parameters": {"For": {"type": "String", "default": "PT10M"}},
    "mainSteps": [{"name": "wait", "action": "aws:sleep", "inputs": {"Duration": "{{ For }}"}}],
}


@pytest.fixture
def create(ssm):
    def create(content=COMMAND, name="hello", **more):
        text = content if isinstance(content, str) else json.dumps(content)
        return ssm.create_document(Content=text, Name=name, **more)["DocumentDescription"]

    return create


@pytest.mark.rule("ssm-041")
def test_a_runbook_is_a_document(ssm, create, refused):
    made = create(RUNBOOK, "pause", DocumentType="Automation")
    assert (made["Status"], made["SchemaVersion"], made["Owner"]) == ("Creating", "0.3", ACCOUNT)
    about = ssm.describe_document(Name="pause")["Document"]
    assert (about["Status"], about["DocumentType"]) == ("Active", "Automation")
    assert about["Parameters"] == [{"Name": "For", "Type": "String", "DefaultValue": "PT10M"}]
    given = {"Name": "pause", "DocumentType": "Automation"}
    assert refused(ssm.create_document, **given, Content=json.dumps(RUNBOOK)) == (
        "DocumentAlreadyExists",
        "Document with same name pause already exists",
    )
    given["Name"] = "broken"
    for content in (
        "{",
        json.dumps([]),
        json.dumps({**RUNBOOK, "mainSteps": []}),
        json.dumps({**RUNBOOK, "mainSteps": [{"name": "x", "action": "aws:sleep"}]}),
        json.dumps({**RUNBOOK, "mainSteps": [{"name": "step", "action": "aws:dance"}]}),
        json.dumps({**RUNBOOK, "mainSteps": [{**RUNBOOK["mainSteps"][0], "nextStep": "nowhere"}]}),
        json.dumps({**RUNBOOK, "mainSteps": RUNBOOK["mainSteps"] * 2}),
        json.dumps({**RUNBOOK, "parameters": {"For": {}}}),
    ):
        assert refused(ssm.create_document, **given, Content=content)[0] == "InvalidDocumentContent"
    wrong = json.dumps({**RUNBOOK, "schemaVersion": "2.2"})
    assert refused(ssm.create_document, **given, Content=wrong)[0] == "InvalidDocumentSchemaVersion"
    ssm.delete_document(Name="pause")
    assert refused(ssm.describe_document, Name="pause") == (
        "InvalidDocument",
        "The specified document does not exist.",
    )


def test_versions(ssm, create, refused):
    create(VersionName="first")
    again = {"Name": "hello", "Content": json.dumps(COMMAND)}
    assert refused(ssm.update_document, **again)[0] == "DuplicateDocumentContent"
    changed = {"Name": "hello", "Content": json.dumps({**COMMAND, "description": "says more"})}
    assert refused(ssm.update_document, **changed, VersionName="first")[0] == "DuplicateDocumentVersionName"
    assert refused(ssm.update_document, **changed, DocumentVersion="7")[0] == "InvalidDocumentVersion"
    assert ssm.update_document(**changed, DocumentVersion="$LATEST")["DocumentDescription"]["DocumentVersion"] == "2"
    about = ssm.describe_document(Name="hello")["Document"]
    assert (about["DefaultVersion"], about["LatestVersion"], about["Description"]) == ("1", "2", "says hello")
    assert ssm.describe_document(Name="hello", VersionName="first")["Document"]["DocumentVersion"] == "1"
    ssm.update_document_default_version(Name="hello", DocumentVersion="2")
    assert ssm.describe_document(Name="hello")["Document"]["Description"] == "says more"
    versions = ssm.list_document_versions(Name="hello")["DocumentVersions"]
    assert [(each["DocumentVersion"], each["IsDefaultVersion"]) for each in versions] == [("2", True), ("1", False)]
    assert refused(ssm.delete_document, Name="hello", DocumentVersion="2")[0] == "InvalidDocumentOperation"
    ssm.delete_document(Name="hello", DocumentVersion="1")
    assert refused(ssm.get_document, Name="hello", DocumentVersion="1")[0] == "InvalidDocumentVersion"


def test_formats(ssm, create, refused):
    yaml = pytest.importorskip("yaml")
    text = yaml.safe_dump(COMMAND)
    create(text, DocumentFormat="YAML")
    assert ssm.get_document(Name="hello")["Content"] == text
    shown = ssm.get_document(Name="hello", DocumentFormat="JSON")
    assert json.loads(shown["Content"]) == COMMAND
    assert refused(ssm.create_document, Name="bad", Content="a: [", DocumentFormat="YAML")[0] == (
        "InvalidDocumentContent"
    )
    create("BEGIN:VCALENDAR", "calendar", DocumentType="ChangeCalendar", DocumentFormat="TEXT")
    assert ssm.get_document(Name="calendar")["Content"] == "BEGIN:VCALENDAR"


def test_yaml_needs_its_library(ssm, refused, monkeypatch):
    monkeypatch.setitem(sys.modules, "yaml", None)
    code, message = refused(ssm.create_document, Name="hello", Content="a: 1", DocumentFormat="YAML")
    assert code == "NotImplemented"
    assert 'pip install "awsim[yaml]"' in message


def test_documents_that_amazon_owns(ssm, create, refused):
    about = ssm.describe_document(Name="AWS-RunShellScript")["Document"]
    assert (about["Owner"], about["SchemaVersion"]) == ("Amazon", "1.2")
    assert [each["Name"] for each in about["Parameters"]] == ["commands", "workingDirectory", "executionTimeout"]
    assert about["PlatformTypes"] == ["Linux", "MacOS"]
    create()
    listed = ssm.list_documents(Filters=[{"Key": "Owner", "Values": ["Amazon"]}, {"Key": "Name", "Values": ["AWS-S"]}])
    names = {each["Name"] for each in listed["DocumentIdentifiers"]}
    assert {"AWS-StopEC2Instance", "AWS-StartEC2Instance"} <= names
    (own,) = ssm.list_documents(Filters=[{"Key": "Owner", "Values": ["Self"]}])["DocumentIdentifiers"]
    assert own["Name"] == "hello"
    assert refused(ssm.delete_document, Name="AWS-RunShellScript")[0] == "InvalidDocumentOperation"
    assert refused(ssm.create_document, Name="AWS-Mine", Content=json.dumps(COMMAND))[0] == "ValidationException"
    assert refused(ssm.list_documents, Filters=[{"Key": "Colour", "Values": ["red"]}])[0] == "InvalidFilterKey"


def test_sharing(ssm, other, create, refused):
    create()
    arn = f"arn:aws:ssm:{REGION}:{ACCOUNT}:document/hello"
    assert refused(other.get_document, Name=arn)[0] == "InvalidDocument"
    share = {"Name": "hello", "PermissionType": "Share"}
    ssm.modify_document_permission(**share, AccountIdsToAdd=[OTHER])
    assert other.get_document(Name=arn)["Name"] == "hello"
    assert ssm.describe_document_permission(**share)["AccountIds"] == [OTHER]
    assert refused(ssm.delete_document, Name="hello")[0] == "InvalidDocumentOperation"
    ssm.modify_document_permission(**share, AccountIdsToRemove=[OTHER])
    assert refused(other.get_document, Name=arn)[0] == "InvalidDocument"


def test_tags_of_documents(ssm, create):
    create(Tags=[{"Key": "env", "Value": "prod"}])
    where = {"ResourceType": "Document", "ResourceId": "hello"}
    ssm.add_tags_to_resource(**where, Tags=[{"Key": "team", "Value": "x"}])
    assert len(ssm.list_tags_for_resource(**where)["TagList"]) == 2
    found = ssm.list_documents(Filters=[{"Key": "tag:env", "Values": ["prod"]}])["DocumentIdentifiers"]
    assert [each["Name"] for each in found] == ["hello"]
