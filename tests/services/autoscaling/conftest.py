"""A client, a launch template, and groups in one line."""

import pytest

boto3 = pytest.importorskip("boto3")
from botocore.exceptions import ClientError  # noqa: E402


@pytest.fixture
def ec2(aws):
    return boto3.client("ec2", region_name="us-east-1")


@pytest.fixture
def client(aws):
    aws.limits["ec2.standard-vcpus"] = 1000
    return boto3.client("autoscaling", region_name="us-east-1")


@pytest.fixture
def image(ec2):
    found = ec2.describe_images(Filters=[{"Name": "name", "Values": ["amzn2-ami-hvm-*"]}])["Images"]
    return found[0]["ImageId"]


@pytest.fixture
def template(ec2, image):
    data = {"ImageId": image, "InstanceType": "t2.micro"}
    ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)
    return {"LaunchTemplateName": "web", "Version": "$Latest"}


@pytest.fixture
def subnets(ec2):
    """One default subnet in each of three zones."""
    found = sorted(ec2.describe_subnets()["Subnets"], key=lambda subnet: subnet["AvailabilityZone"])
    return [each["SubnetId"] for each in found[:3]]


@pytest.fixture
def create(client, template, subnets):
    """Makes the group "web"."""

    def create(least=1, most=3, **given):
        wanted = {
            "AutoScalingGroupName": "web", "MinSize": least, "MaxSize": most, "LaunchTemplate": template,
            "VPCZoneIdentifier": ",".join(subnets[:2]),
        }  # fmt: skip
        wanted = {name: value for name, value in {**wanted, **given}.items() if value is not None}
        client.create_auto_scaling_group(**wanted)
        return wanted["AutoScalingGroupName"]

    return create


@pytest.fixture
def group(client):
    """The group "web" as it is now."""

    def group(name="web"):
        (found,) = client.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
        return found

    return group


@pytest.fixture
def states(group):
    return lambda: sorted(each["LifecycleState"] for each in group()["Instances"])


@pytest.fixture
def refused():
    def refused(call, code="ValidationError", **parameters):
        with pytest.raises(ClientError) as caught:
            call(**parameters)
        assert caught.value.response["Error"]["Code"] == code, caught.value
        return caught.value.response["Error"]["Message"]

    return refused
