"""Parameter Store: putting parameters, their versions, labels, tiers and paths."""

import json

import boto3
import pytest

from .conftest import ACCOUNT, OTHER, REGION

ARN = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter"


@pytest.mark.rule("ssm-001")
def test_a_parameter_is_put_read_and_deleted(ssm, put, value, refused):
    assert put("color", "blue") == 1
    found = ssm.get_parameter(Name="color")["Parameter"]
    assert (found["Type"], found["Value"], found["Version"]) == ("String", "blue", 1)
    assert (found["ARN"], found["DataType"]) == (f"{ARN}/color", "text")
    assert refused(ssm.put_parameter, Name="color", Value="red", Type="String") == (
        "ParameterAlreadyExists",
        "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
    )
    assert value("color") == "blue"
    ssm.delete_parameter(Name="color")
    assert refused(ssm.get_parameter, Name="color")[0] == "ParameterNotFound"
    assert refused(ssm.delete_parameter, Name="color")[0] == "ParameterNotFound"


@pytest.mark.rule("ssm-002", "ssm-021")
def test_every_overwrite_is_a_version(ssm, put, value, refused):
    put("n", "one")
    assert put("n", "two", None, Overwrite=True) == 2
    assert [value(name) for name in ("n", "n:1", "n:2")] == ["two", "one", "two"]
    assert ssm.get_parameter(Name="n:1")["Parameter"]["Selector"] == ":1"
    history = ssm.get_parameter_history(Name="n")["Parameters"]
    assert [(each["Version"], each["Value"]) for each in history] == [(1, "one"), (2, "two")]
    assert refused(ssm.get_parameter, Name="n:3") == (
        "ParameterVersionNotFound",
        "Systems Manager could not find version 3 of n. Verify the version and try again.",
    )
    assert refused(ssm.get_parameter, Name="n:first")[0] == "ParameterVersionNotFound"


def test_what_an_overwrite_leaves_out_stays(ssm, put):
    put("n", "1", Description="counts", AllowedPattern=r"^\d+$", Tier="Advanced")
    put("n", "2", None, Overwrite=True)
    (found,) = ssm.describe_parameters()["Parameters"]
    assert (found["Description"], found["AllowedPattern"], found["Tier"]) == ("counts", r"^\d+$", "Advanced")
    put("n", "3", "StringList", Overwrite=True, Description="lists")
    (found,) = ssm.describe_parameters()["Parameters"]
    assert (found["Type"], found["Description"], found["Version"]) == ("StringList", "lists", 3)


def test_the_hundred_and_first_version_takes_the_place_of_the_oldest(ssm, put, refused):
    put("n", "0")
    for number in range(1, 101):
        put("n", str(number), Overwrite=True)
    pages = ssm.get_paginator("get_parameter_history").paginate(Name="n")
    versions = [each["Version"] for page in pages for each in page["Parameters"]]
    assert versions == list(range(2, 102))
    ssm.label_parameter_version(Name="n", ParameterVersion=2, Labels=["kept"])
    code, message = refused(ssm.put_parameter, Name="n", Value="x", Overwrite=True)
    assert code == "ParameterMaxVersionLimitExceeded"
    assert "Version 2, the oldest version, can't be deleted because it has a label" in message
    assert ssm.get_parameter(Name="n")["Parameter"]["Version"] == 101
    ssm.label_parameter_version(Name="n", ParameterVersion=3, Labels=["kept"])
    assert put("n", "x", Overwrite=True) == 102


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("/aws/x", "AccessDeniedException", "No access to reserved parameter name: /aws/x."),
        ("AWSthing", "AccessDeniedException", "No access to reserved parameter name: AWSthing."),
        ("/ssm/x", "ValidationException", 'Parameter name: can\'t be prefixed with "ssm"'),
        ("a b", "ValidationException", "Parameter name: can't be prefixed"),
        ("/a//b", "ValidationException", "Parameter name: can't be prefixed"),
        ("/a/b/", "ValidationException", "Parameter name: can't be prefixed"),
        ("n:1", "ValidationException", "Parameter name: can't be prefixed"),
        ("a/b", "ValidationException", "Parameter name must be a fully qualified name."),
        ("x" * 1000, "ValidationException", "The parameter name is too long"),
    ],
)
def test_names_that_no_parameter_has(ssm, refused, name, code, message):
    found = refused(ssm.put_parameter, Name=name, Value="x", Type="String")
    assert found[0] == code
    assert found[1].startswith(message)
    assert not ssm.describe_parameters()["Parameters"]


@pytest.mark.rule("ssm-004")
def test_a_name_has_fifteen_levels(ssm, put, refused):
    put("/" + "/".join("abcdefghijklmno"))
    code, message = refused(ssm.put_parameter, Name="/" + "/".join("abcdefghijklmnop"), Value="x", Type="String")
    assert code == "HierarchyLevelLimitExceededException"
    assert message.startswith("A hierarchy can have a maximum of 15 levels.")


def test_values_that_no_parameter_has(ssm, refused):
    def put(value, **more):
        return refused(ssm.put_parameter, Name="n", Value=value, **{"Type": "String", **more})

    assert put("")[1] == (
        "1 validation error detected: Value '' at 'value' failed to satisfy constraint: Member must have length "
        "greater than or equal to 1"
    )
    assert put("{{ssm:x}}")[0] == "ValidationException"
    assert put("x", Type=None)[0] == "ValidationException"
    assert put("x", DataType="Text") == (
        "ValidationException",
        "The following data type is not supported: Text (Data type names are all lowercase.)",
    )
    assert put("x", AllowedPattern=r"^\d+$") == (
        "ParameterPatternMismatchException",
        r"Parameter value, cannot be validated against allowedPattern: ^\d+$",
    )
    assert put("x", AllowedPattern="(")[0] == "InvalidAllowedPatternException"
    assert put("x", KeyId="alias/k") == (
        "ValidationException",
        "KeyId is not required for non-SecureString type parameter.",
    )
    assert "tags and overwrite can't be used together" in put("x", Overwrite=True, Tags=[{"Key": "a", "Value": "b"}])[1]


@pytest.mark.rule("ssm-003")
def test_names_form_a_tree(ssm, put):
    for name in (
        "/my-department/my-app/dev/db-url",
        "/my-department/my-app/dev/db-password",
        "/my-department/x",
        "top",
    ):
        put(name)

    def under(path, **more):
        pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=path, **more)
        return [each["Name"] for page in pages for each in page["Parameters"]]

    assert under("/my-department/my-app", Recursive=True) == [
        "/my-department/my-app/dev/db-password",
        "/my-department/my-app/dev/db-url",
    ]
    assert under("/my-department/my-app") == []
    assert under("/my-department/") == ["/my-department/x"]
    assert under("/") == ["top"]
    assert len(under("/", Recursive=True)) == 4
    assert under("/my") == []


def test_pages_of_a_path(ssm, put, refused):
    for number in range(25):
        put(f"/n/{number:02}")
    first = ssm.get_parameters_by_path(Path="/n")
    assert len(first["Parameters"]) == 10
    ssm.delete_parameter(Name="/n/03")
    second = ssm.get_parameters_by_path(Path="/n", NextToken=first["NextToken"], MaxResults=3)
    assert [each["Name"] for each in second["Parameters"]] == ["/n/10", "/n/11", "/n/12"]
    assert refused(ssm.get_parameters_by_path, Path="/n", NextToken="x")[0] == "InvalidNextToken"
    assert refused(ssm.get_parameters_by_path, Path="/n", MaxResults=11)[1].endswith(
        "Member must have value less than or equal to 10"
    )
    assert refused(ssm.get_parameters_by_path, Path="n")[1].startswith("The parameter doesn't meet the parameter name")


@pytest.mark.rule("ssm-005", "ssm-006")
def test_parameters_that_aws_publishes(ssm, value, refused):
    name = "/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2"
    found = ssm.get_parameter(Name=name)["Parameter"]
    assert found["Value"].startswith("ami-")
    assert found["ARN"] == f"arn:aws:ssm:{REGION}::parameter{name}"
    europe = boto3.client("ssm", region_name="eu-west-1").get_parameter(Name=name)["Parameter"]["Value"]
    assert europe != found["Value"]
    assert value("/aws/service/ecs/optimized-ami/amazon-linux-2/recommended/image_id").startswith("ami-")
    assert value("/aws/service/global-infrastructure/regions/eu-west-1/longName") == "Europe (Ireland)"
    path = "/aws/service/global-infrastructure/regions/eu-west-1/services"
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=path)
    offered = {each["Value"] for page in pages for each in page["Parameters"]}
    assert {"ec2", "s3", "lambda", "iam"} <= offered
    assert refused(ssm.get_parameter, Name="/aws/service/nothing")[0] == "ParameterNotFound"
    assert refused(ssm.put_parameter, Name="/aws/service/x", Value="x", Type="String") == (
        "AccessDeniedException",
        "No access to reserved parameter name: /aws/service/x.",
    )


@pytest.mark.rule("ssm-011", "ssm-012", "ssm-013")
def test_tiers(ssm, put, refused):
    put("n", "x" * 4096)
    assert ssm.describe_parameters()["Parameters"][0]["Tier"] == "Standard"
    code, message = refused(ssm.put_parameter, Name="n", Value="x" * 4097, Overwrite=True)
    assert code == "ValidationException"
    assert message.startswith("Standard tier parameters support a maximum parameter value of 4096 characters.")
    assert ssm.put_parameter(Name="n", Value="x" * 8192, Tier="Advanced", Overwrite=True)["Tier"] == "Advanced"
    assert refused(ssm.put_parameter, Name="n", Value="x" * 8193, Overwrite=True)[0] == "ValidationException"
    assert refused(ssm.put_parameter, Name="n", Value="x", Tier="Standard", Overwrite=True)[1].startswith(
        "This parameter uses the advanced-parameter tier. You can't downgrade"
    )
    assert ssm.get_parameter(Name="n")["Parameter"]["Version"] == 2
    assert (
        ssm.put_parameter(Name="i", Value="é" * 2048, Type="String", Tier="Intelligent-Tiering")["Tier"] == "Standard"
    )
    large = ssm.put_parameter(Name="i", Value="é" * 2049, Tier="Intelligent-Tiering", Overwrite=True)
    assert large["Tier"] == "Advanced"
    assert ssm.put_parameter(Name="i", Value="x", Tier="Intelligent-Tiering", Overwrite=True)["Tier"] == "Advanced"


@pytest.mark.rule("ssm-014", "ssm-015")
@pytest.mark.aws(limits={"ssm.standard-parameters": 2, "ssm.advanced-parameters": 1})
def test_how_many_there_may_be(ssm, put, refused):
    put("a")
    put("b")
    assert refused(ssm.put_parameter, Name="c", Value="x", Type="String")[0] == "ParameterLimitExceeded"
    assert ssm.put_parameter(Name="c", Value="x", Type="String", Tier="Intelligent-Tiering")["Tier"] == "Advanced"
    code, _ = refused(ssm.put_parameter, Name="d", Value="x", Type="String", Tier="Advanced")
    assert code == "ParameterLimitExceeded"
    ssm.delete_parameter(Name="a")
    put("d")
    ssm.delete_parameter(Name="c")
    assert ssm.put_parameter(Name="d", Value="x", Tier="Advanced", Overwrite=True)["Tier"] == "Advanced"
    put("e")
    assert {each["Name"] for each in ssm.describe_parameters()["Parameters"]} == {"b", "d", "e"}


def test_labels(ssm, put, value, refused):
    for number in range(3):
        put("n", str(number), Overwrite=bool(number))
    answer = ssm.label_parameter_version(Name="n", Labels=["prod", "1st", "awsome", "ssm-x", "a b"])
    assert answer["InvalidLabels"] == ["1st", "awsome", "ssm-x", "a b"]
    assert answer["ParameterVersion"] == 3
    assert value("n:prod") == "2"
    ssm.label_parameter_version(Name="n", ParameterVersion=1, Labels=["prod", "old"])
    assert value("n:prod") == "0"
    labels = [each["Labels"] for each in ssm.get_parameter_history(Name="n")["Parameters"]]
    assert labels == [["prod", "old"], [], []]
    nine = [f"l{number}" for number in range(9)]
    assert refused(ssm.label_parameter_version, Name="n", ParameterVersion=1, Labels=nine)[0] == (
        "ParameterVersionLabelLimitExceeded"
    )
    answer = ssm.unlabel_parameter_version(Name="n", ParameterVersion=1, Labels=["old", "none"])
    assert (answer["RemovedLabels"], answer["InvalidLabels"]) == (["old"], ["none"])
    assert refused(ssm.get_parameter, Name="n:old") == (
        "ParameterVersionNotFound",
        "Systems Manager could not find label old of n. Verify the label and try again.",
    )
    assert refused(ssm.label_parameter_version, Name="x", Labels=["a"])[0] == "ParameterNotFound"
    assert refused(ssm.label_parameter_version, Name="n", ParameterVersion=9, Labels=["a"])[0] == (
        "ParameterVersionNotFound"
    )


def test_several_at_once(ssm, put):
    for name in ("a", "b", "/c/d"):
        put(name, name)
    put("a", "new", Overwrite=True)
    found = ssm.get_parameters(Names=["a:1", "b", f"{ARN}/c/d", "none", "a:9"])
    assert [(each["Name"], each["Value"]) for each in found["Parameters"]] == [("a", "a"), ("b", "b"), ("/c/d", "/c/d")]
    assert found["InvalidParameters"] == ["none", "a:9"]
    gone = ssm.delete_parameters(Names=["a", "none"])
    assert (gone["DeletedParameters"], gone["InvalidParameters"]) == (["a"], ["none"])


def test_filters_of_metadata(ssm, put, refused):
    put("/a/one", Tags=[{"Key": "env", "Value": "prod"}])
    put("/a/b/two", "x,y", "StringList")
    put("three", "x", "SecureString", Tier="Advanced")

    def found(*filters, **more):
        return [each["Name"] for each in ssm.describe_parameters(ParameterFilters=list(filters), **more)["Parameters"]]

    def where(key, *values, **more):
        return {"Key": key, "Values": list(values), **more}

    assert found(where("Name", "/a", Option="BeginsWith")) == ["/a/b/two", "/a/one"]
    assert found(where("Name", "re", Option="Contains")) == ["three"]
    assert found(where("Type", "StringList", "SecureString")) == ["/a/b/two", "three"]
    assert found(where("Path", "/a")) == ["/a/one"]
    assert found(where("Path", "/a", Option="Recursive")) == ["/a/b/two", "/a/one"]
    assert found(where("Tier", "Advanced"), where("KeyId", "alias/aws", Option="BeginsWith")) == ["three"]
    assert found(where("tag:env", "prod")) == ["/a/one"]
    assert found({"Key": "tag:env"}) == ["/a/one"]
    old = ssm.describe_parameters(Filters=[{"Key": "Name", "Values": ["/a/o"]}])["Parameters"]
    assert [each["Name"] for each in old] == ["/a/one"]
    describe = ssm.describe_parameters
    assert refused(describe, ParameterFilters=[where("Label", "x")])[0] == "InvalidFilterKey"
    assert refused(describe, ParameterFilters=[where("Type", "x", Option="Contains")]) == (
        "InvalidFilterOption",
        "The following filter option is not valid: Contains. Valid options include: [BeginsWith, Equals].",
    )
    assert refused(describe, ParameterFilters=[{"Key": "Name"}])[0] == "InvalidFilterValue"
    assert refused(describe, ParameterFilters=[where("Name", "a"), where("Name", "b")])[0] == "ValidationException"
    by_path = ssm.get_parameters_by_path
    assert refused(by_path, Path="/a", ParameterFilters=[where("Name", "x")])[0] == "InvalidFilterKey"
    ssm.label_parameter_version(Name="/a/one", Labels=["prod"])
    labelled = by_path(Path="/a", Recursive=True, ParameterFilters=[where("Label", "prod")])["Parameters"]
    assert [each["Name"] for each in labelled] == ["/a/one"]


def test_tags(ssm, put, refused):
    put("/a/b", Tags=[{"Key": "env", "Value": "prod"}])
    where = {"ResourceType": "Parameter", "ResourceId": "/a/b"}
    ssm.add_tags_to_resource(**where, Tags=[{"Key": "team", "Value": "x"}])
    ssm.remove_tags_from_resource(**where, TagKeys=["env"])
    assert ssm.list_tags_for_resource(**where)["TagList"] == [{"Key": "team", "Value": "x"}]
    code, _ = refused(ssm.list_tags_for_resource, ResourceType="Parameter", ResourceId="none")
    assert code == "InvalidResourceId"


def test_settings(ssm, refused):
    name = "/ssm/parameter-store/default-parameter-tier"
    setting = ssm.get_service_setting(SettingId=name)["ServiceSetting"]
    assert (setting["SettingValue"], setting["Status"]) == ("Standard", "Default")
    ssm.update_service_setting(SettingId=setting["ARN"], SettingValue="Advanced")
    assert ssm.put_parameter(Name="n", Value="x", Type="String")["Tier"] == "Advanced"
    assert ssm.get_service_setting(SettingId=name)["ServiceSetting"]["Status"] == "Customized"
    assert refused(ssm.update_service_setting, SettingId=name, SettingValue="x")[0] == "ValidationException"
    assert ssm.reset_service_setting(SettingId=name)["ServiceSetting"]["SettingValue"] == "Standard"
    assert refused(ssm.get_service_setting, SettingId="/ssm/none")[0] == "ServiceSettingNotFound"


@pytest.mark.rule("ssm-020")
@pytest.mark.aws(at="2026-01-01", throttling=True)
def test_reads_have_a_rate(ssm, put, refused):
    put("n")
    for _ in range(40):
        ssm.get_parameters(Names=["n"])
    assert refused(ssm.get_parameter, Name="n") == ("ThrottlingException", "Rate exceeded")
    ssm.update_service_setting(SettingId="/ssm/parameter-store/high-throughput-enabled", SettingValue="true")
    for _ in range(100):
        ssm.get_parameter(Name="n")


@pytest.mark.rule("ssm-022")
def test_the_configuration_of_the_cloudwatch_agent(put, value):
    configuration = json.dumps({"agent": {"metrics_collection_interval": 60}})
    put("AmazonCloudWatch-linux", configuration)
    assert value("AmazonCloudWatch-linux") == configuration


def test_a_parameter_shared_with_another_account(ssm, other, put, refused):
    put("/a/b", "shared", Tier="Advanced")
    arn = f"{ARN}/a/b"
    code, message = refused(other.get_parameter, Name=arn)
    assert code == "AccessDeniedException"
    assert "ssm:GetParameter" in message
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": OTHER},
                "Action": ["ssm:GetParameter", "ssm:GetParameters"],
                "Resource": arn,
            }
        ],
    }
    made = ssm.put_resource_policy(ResourceArn=arn, Policy=json.dumps(policy))
    assert other.get_parameter(Name=arn)["Parameter"]["Value"] == "shared"
    assert refused(other.get_parameter_history, Name=arn)[0] == "AccessDeniedException"
    (found,) = ssm.get_resource_policies(ResourceArn=arn)["Policies"]
    assert json.loads(found["Policy"]) == policy
    stale = {"ResourceArn": arn, "PolicyId": made["PolicyId"], "PolicyHash": "0" * 64}
    assert refused(ssm.delete_resource_policy, **stale)[0] == "ResourcePolicyConflictException"
    ssm.delete_resource_policy(**{**stale, "PolicyHash": made["PolicyHash"]})
    assert refused(other.get_parameter, Name=arn)[0] == "AccessDeniedException"
    put("standard")
    code, _ = refused(ssm.put_resource_policy, ResourceArn=f"{ARN}/standard", Policy=json.dumps(policy))
    assert code == "ResourcePolicyInvalidParameterException"


def test_snapshots_hold_parameters(aws, ssm, put, value):
    put("n", "one")
    before = aws.snapshot()
    put("n", "two", Overwrite=True)
    ssm.label_parameter_version(Name="n", Labels=["l"])
    aws.restore(before)
    assert value("n") == "one"
    assert len(ssm.get_parameter_history(Name="n")["Parameters"]) == 1
