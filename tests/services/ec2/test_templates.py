"""Launch templates and what they bring into launches."""

import pytest


@pytest.fixture
def template(ec2, image):
    data = {"ImageId": image, "InstanceType": "t2.small", "UserData": "aGk="}
    return ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)["LaunchTemplate"]


@pytest.mark.rule("ec2-079")
def test_a_launch_from_a_template(ec2, template, image, instance, refused):
    def run(**named):
        made = ec2.run_instances(MinCount=1, MaxCount=1, **named)["Instances"][0]
        return instance(made["InstanceId"])

    found = run(LaunchTemplate={"LaunchTemplateName": "web", "Version": "1"})
    assert (found["ImageId"], found["InstanceType"]) == (image, "t2.small")
    told = ec2.describe_instance_attribute(InstanceId=found["InstanceId"], Attribute="userData")
    assert told["UserData"]["Value"] == "aGk="
    tags = {tag["Key"]: tag["Value"] for tag in found["Tags"]}
    assert tags == {
        "aws:ec2launchtemplate:id": template["LaunchTemplateId"], "aws:ec2launchtemplate:version": "1",
    }  # fmt: skip
    over = run(LaunchTemplate={"LaunchTemplateId": template["LaunchTemplateId"]}, InstanceType="t2.nano")
    assert over["InstanceType"] == "t2.nano"
    refused("InvalidLaunchTemplateName.NotFoundException", run, LaunchTemplate={"LaunchTemplateName": "none"})
    refused("InvalidLaunchTemplateId.NotFound", run, LaunchTemplate={"LaunchTemplateId": "lt-12345678"})
    refused(
        "InvalidLaunchTemplateId.VersionNotFound", run, LaunchTemplate={"LaunchTemplateName": "web", "Version": "9"}
    )


@pytest.mark.rule("ec2-080")
def test_versions(ec2, template, refused):
    assert (template["LatestVersionNumber"], template["DefaultVersionNumber"]) == (1, 1)
    told = refused(
        "InvalidLaunchTemplateName.AlreadyExistsException",
        ec2.create_launch_template,
        LaunchTemplateName="web",
        LaunchTemplateData={"InstanceType": "t2.nano"},
    )
    assert told == "Launch template name already in use."
    made = ec2.create_launch_template_version(
        LaunchTemplateName="web", SourceVersion="1", LaunchTemplateData={"InstanceType": "t2.nano"}
    )["LaunchTemplateVersion"]
    assert (made["VersionNumber"], made["DefaultVersion"]) == (2, False)
    assert made["LaunchTemplateData"]["UserData"] == "aGk="
    listed = ec2.describe_launch_template_versions(LaunchTemplateName="web")["LaunchTemplateVersions"]
    assert [each["VersionNumber"] for each in listed] == [2, 1]
    ec2.modify_launch_template(LaunchTemplateName="web", DefaultVersion="2")
    gone = ec2.delete_launch_template_versions(LaunchTemplateName="web", Versions=["1", "2", "3"])
    assert [each["VersionNumber"] for each in gone["SuccessfullyDeletedLaunchTemplateVersions"]] == [1]
    assert [each["VersionNumber"] for each in gone["UnsuccessfullyDeletedLaunchTemplateVersions"]] == [2, 3]
    ec2.delete_launch_template(LaunchTemplateName="web")
    assert ec2.describe_launch_templates()["LaunchTemplates"] == []


def test_tags_of_template_and_call_are_joined(ec2, image, instance):
    def tags(**values):
        return [{"ResourceType": "instance", "Tags": [{"Key": key, "Value": value} for key, value in values.items()]}]

    data = {"ImageId": image, "InstanceType": "t2.micro", "TagSpecifications": tags(a="1", b="1")}
    ec2.create_launch_template(LaunchTemplateName="tagged", LaunchTemplateData=data)
    made = ec2.run_instances(
        MinCount=1, MaxCount=1, LaunchTemplate={"LaunchTemplateName": "tagged"}, TagSpecifications=tags(b="2")
    )["Instances"][0]
    found = {tag["Key"]: tag["Value"] for tag in instance(made["InstanceId"])["Tags"]}
    assert (found["a"], found["b"]) == ("1", "2")


def test_a_span_of_versions(ec2, template, refused):
    for kind in ("t3.small", "t3.large"):
        ec2.create_launch_template_version(LaunchTemplateName="web", LaunchTemplateData={"InstanceType": kind})

    def numbers(**span):
        found = ec2.describe_launch_template_versions(LaunchTemplateName="web", **span)["LaunchTemplateVersions"]
        return [each["VersionNumber"] for each in found]

    assert numbers(MinVersion="2") == [3, 2]
    assert numbers(MaxVersion="2") == [2, 1]
    refused("InvalidParameterValue", numbers, MaxVersion="newest")
