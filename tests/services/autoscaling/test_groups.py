"""Groups and their instances."""

import pytest

boto3 = pytest.importorskip("boto3")

OLDER = pytest.mark.aws(limits={"autoscaling.launch-configurations-closed": 0})
WEB = {"AutoScalingGroupName": "web"}


def members(ec2, group):
    """The instances of a group, as EC2 has them."""
    filters = [
        {"Name": "tag:aws:autoscaling:groupName", "Values": [group["AutoScalingGroupName"]]},
        {"Name": "instance-state-name", "Values": ["pending", "running"]},
    ]
    listed = ec2.describe_instances(Filters=filters)["Reservations"]
    return [each for one in listed for each in one["Instances"]]


@pytest.mark.rule("autoscaling-008", "autoscaling-011", "autoscaling-012", "autoscaling-016", "autoscaling-019")
@pytest.mark.rule("autoscaling-018", "autoscaling-023", "autoscaling-027", "autoscaling-051")
def test_a_group(aws, ec2, client, create, group, image, subnets):
    create(1, 3, Tags=[{"Key": "team", "Value": "a", "PropagateAtLaunch": True}])
    found = group()
    assert [found[name] for name in ("MinSize", "MaxSize", "DesiredCapacity")] == [1, 3, 1]
    assert found["VPCZoneIdentifier"] == ",".join(subnets[:2])
    assert found["AvailabilityZones"] == ["us-east-1a", "us-east-1b"]
    assert (found["HealthCheckType"], found["HealthCheckGracePeriod"], found["DefaultCooldown"]) == ("EC2", 0, 300)
    (member,) = found["Instances"]
    assert (member["LifecycleState"], member["HealthStatus"]) == ("InService", "Healthy")
    (instance,) = members(ec2, found)
    assert (instance["InstanceId"], instance["ImageId"], instance["InstanceType"]) == (
        member["InstanceId"], image, "t2.micro",
    )  # fmt: skip
    assert {tag["Key"]: tag["Value"] for tag in instance["Tags"]}["team"] == "a"
    assert client.describe_policies()["ScalingPolicies"] == []
    aws.clock.advance(days=3)
    assert group()["DesiredCapacity"] == 1


@pytest.mark.aws(lifecycle="timed")
@pytest.mark.rule("autoscaling-019", "autoscaling-020")
def test_instances_come_and_go_in_their_time(aws, ec2, client, create, states):
    create(1, 3, DesiredCapacity=2)
    assert states() == ["Pending", "Pending"]
    aws.clock.advance(minutes=2)
    assert states() == ["InService", "InService"]
    client.set_desired_capacity(**WEB, DesiredCapacity=3)
    assert states() == ["InService", "InService", "Pending"]
    aws.clock.advance(minutes=2)
    client.set_desired_capacity(**WEB, DesiredCapacity=1)
    assert states() == ["InService", "Terminating", "Terminating"]
    going = [each["State"]["Name"] for one in ec2.describe_instances()["Reservations"] for each in one["Instances"]]
    assert sorted(going) == ["running", "shutting-down", "shutting-down"]
    aws.clock.advance(minutes=2)
    assert states() == ["InService"]
    activities = client.describe_scaling_activities(**WEB)["Activities"]
    assert [each["Description"].split(":")[0] for each in activities] == [
        "Terminating EC2 instance", "Terminating EC2 instance", "Launching a new EC2 instance",
        "Launching a new EC2 instance", "Launching a new EC2 instance",
    ]  # fmt: skip
    assert {each["StatusCode"] for each in activities} == {"Successful"}
    assert "changing the desired capacity from 3 to 1" in activities[0]["Cause"]


@pytest.mark.rule("autoscaling-009", "autoscaling-013", "autoscaling-016")
def test_what_a_group_needs(client, create, group, template, refused):
    refused(create, DesiredCapacity=5)
    refused(create, DesiredCapacity=0)
    refused(create, least=4, most=3)
    refused(create, VPCZoneIdentifier=None)
    refused(create, LaunchTemplate=None)
    refused(create, LaunchTemplate={"LaunchTemplateName": "none"})
    refused(create, LaunchConfigurationName="none")
    refused(create, VPCZoneIdentifier="subnet-12345678")
    assert client.describe_auto_scaling_groups()["AutoScalingGroups"] == []
    create(2, 2)
    refused(create, code="AlreadyExists")
    refused(client.update_auto_scaling_group, **WEB, DesiredCapacity=9)
    refused(client.update_auto_scaling_group, **WEB, MinSize=3, MaxSize=2)
    assert group()["DesiredCapacity"] == 2


@pytest.mark.rule("autoscaling-014", "autoscaling-015")
def test_capacity_stays_within_its_bounds(client, create, group, refused):
    create(1, 3)
    told = refused(client.set_desired_capacity, **WEB, DesiredCapacity=5)
    assert told == "New SetDesiredCapacity value 5 is above max value 3 for the AutoScalingGroup."
    told = refused(client.set_desired_capacity, **WEB, DesiredCapacity=0)
    assert told == "New SetDesiredCapacity value 0 is below min value 1 for the AutoScalingGroup."
    client.update_auto_scaling_group(**WEB, MinSize=2)
    assert (group()["DesiredCapacity"], len(group()["Instances"])) == (2, 2)
    policy = {"AdjustmentType": "ChangeInCapacity", "Cooldown": 0}
    for name, change, end in (("more", 9, 3), ("less", -9, 2)):
        client.put_scaling_policy(**WEB, PolicyName=name, ScalingAdjustment=change, **policy)
        client.execute_policy(**WEB, PolicyName=name)
        assert group()["DesiredCapacity"] == end


@pytest.mark.rule("autoscaling-017")
def test_instances_are_spread_over_zones(client, create, group, subnets):
    create(4, 4)
    zones = [each["AvailabilityZone"] for each in group()["Instances"]]
    assert {zone: zones.count(zone) for zone in zones} == {"us-east-1a": 2, "us-east-1b": 2}
    create(3, 3, AutoScalingGroupName="three", VPCZoneIdentifier=",".join(subnets))
    assert len({each["AvailabilityZone"] for each in group("three")["Instances"]}) == 3
    listed = client.describe_auto_scaling_instances()["AutoScalingInstances"]
    assert len(listed) == 7


@pytest.mark.rule("autoscaling-021")
def test_an_instance_that_disappears_is_replaced(ec2, client, create, group):
    create(2, 3)
    before = {each["InstanceId"] for each in group()["Instances"]}
    gone = sorted(before)[0]
    ec2.terminate_instances(InstanceIds=[gone])
    after = {each["InstanceId"] for each in group()["Instances"]}
    assert len(after) == 2 and gone not in after
    newest, second, *_ = client.describe_scaling_activities(**WEB)["Activities"]
    assert newest["Description"].startswith("Launching a new EC2 instance")
    assert second["Description"] == f"Terminating EC2 instance: {gone}"
    assert "EC2 health check" in second["Cause"]


@OLDER
@pytest.mark.rule("autoscaling-022", "autoscaling-007")
def test_the_oldest_settings_go_first(ec2, client, create, group, image, subnets):
    for name in ("old", "new"):
        client.create_launch_configuration(LaunchConfigurationName=name, ImageId=image, InstanceType="t2.micro")
    create(1, 4, LaunchTemplate=None, LaunchConfigurationName="old", VPCZoneIdentifier=subnets[0])
    assert group()["TerminationPolicies"] == ["Default"]
    client.update_auto_scaling_group(**WEB, LaunchConfigurationName="new")
    (first,) = group()["Instances"]
    assert first["LaunchConfigurationName"] == "old"
    client.set_desired_capacity(**WEB, DesiredCapacity=2)
    assert [each["LaunchConfigurationName"] for each in group()["Instances"]] == ["old", "new"]
    client.set_desired_capacity(**WEB, DesiredCapacity=1)
    assert [each["LaunchConfigurationName"] for each in group()["Instances"]] == ["new"]


def test_the_oldest_version_of_a_template_goes_first(ec2, client, create, group, subnets):
    create(1, 3, VPCZoneIdentifier=subnets[0])
    ec2.create_launch_template_version(
        LaunchTemplateName="web", SourceVersion="1", LaunchTemplateData={"InstanceType": "t2.nano"}
    )
    client.set_desired_capacity(**WEB, DesiredCapacity=2)
    assert [each["LaunchTemplate"]["Version"] for each in group()["Instances"]] == ["1", "2"]
    client.set_desired_capacity(**WEB, DesiredCapacity=1)
    assert [each["InstanceType"] for each in group()["Instances"]] == ["t2.nano"]


@pytest.mark.rule("autoscaling-024")
def test_an_unhealthy_instance_is_replaced(ec2, client, create, group):
    create(1, 2)
    (sick,) = group()["Instances"]
    client.set_instance_health(InstanceId=sick["InstanceId"], HealthStatus="Unhealthy")
    (well,) = group()["Instances"]
    assert well["InstanceId"] != sick["InstanceId"]
    _, second, *_ = client.describe_scaling_activities(**WEB)["Activities"]
    assert "user health-check" in second["Cause"]


@pytest.mark.aws(at="2026-01-01")
def test_the_grace_period_is_respected(aws, client, create, group):
    create(1, 2, HealthCheckGracePeriod=300)
    (young,) = group()["Instances"]
    client.set_instance_health(InstanceId=young["InstanceId"], HealthStatus="Unhealthy")
    assert group()["Instances"] == [young]
    aws.clock.advance(seconds=301)
    client.set_instance_health(InstanceId=young["InstanceId"], HealthStatus="Unhealthy")
    assert group()["Instances"] != [young]


def test_protected_instances_stay(client, create, group, refused):
    create(0, 3, DesiredCapacity=2, NewInstancesProtectedFromScaleIn=True)
    one, two = (each["InstanceId"] for each in group()["Instances"])
    client.set_desired_capacity(**WEB, DesiredCapacity=0)
    assert len(group()["Instances"]) == 2
    client.set_instance_protection(**WEB, InstanceIds=[one], ProtectedFromScaleIn=False)
    client.set_desired_capacity(**WEB, DesiredCapacity=0)
    assert [each["InstanceId"] for each in group()["Instances"]] == [two]


def test_standby_detached_attached(ec2, client, create, group, refused, image):
    create(1, 3, DesiredCapacity=2)
    one, two = (each["InstanceId"] for each in group()["Instances"])
    (activity,) = client.enter_standby(**WEB, InstanceIds=[one], ShouldDecrementDesiredCapacity=True)["Activities"]
    assert activity["Description"] == f"Moving EC2 instance to Standby: {one}"
    states = {each["InstanceId"]: each["LifecycleState"] for each in group()["Instances"]}
    assert (states, group()["DesiredCapacity"]) == ({one: "Standby", two: "InService"}, 1)
    refused(client.detach_instances, **WEB, InstanceIds=[two], ShouldDecrementDesiredCapacity=True)
    client.exit_standby(**WEB, InstanceIds=[one])
    assert group()["DesiredCapacity"] == 2
    client.detach_instances(**WEB, InstanceIds=[one], ShouldDecrementDesiredCapacity=False)
    after = [each["InstanceId"] for each in group()["Instances"]]
    assert one not in after and len(after) == 2
    client.attach_instances(**WEB, InstanceIds=[one])
    assert (group()["DesiredCapacity"], len(group()["Instances"])) == (3, 3)
    refused(client.attach_instances, **WEB, InstanceIds=[one])
    refused(client.terminate_instance_in_auto_scaling_group, InstanceId="i-1", ShouldDecrementDesiredCapacity=True)
    client.terminate_instance_in_auto_scaling_group(InstanceId=one, ShouldDecrementDesiredCapacity=True)
    assert (group()["DesiredCapacity"], len(group()["Instances"])) == (2, 2)


def test_suspended_processes(ec2, client, create, group, refused):
    create(1, 3)
    refused(client.suspend_processes, **WEB, ScalingProcesses=["Dance"])
    client.suspend_processes(**WEB, ScalingProcesses=["Launch"])
    assert [each["ProcessName"] for each in group()["SuspendedProcesses"]] == ["Launch"]
    client.set_desired_capacity(**WEB, DesiredCapacity=2)
    assert len(group()["Instances"]) == 1
    client.resume_processes(**WEB)
    assert (len(group()["Instances"]), group()["SuspendedProcesses"]) == (2, [])


def test_a_launch_that_ec2_refuses_is_tried_again(aws, ec2, client, create, group):
    aws.limits["ec2.standard-vcpus"] = 1
    create(2, 2)
    failed, first = client.describe_scaling_activities(**WEB)["Activities"]
    assert (failed["StatusCode"], first["StatusCode"]) == ("Failed", "Successful")
    assert failed["StatusMessage"].startswith("You have requested more vCPU capacity")
    aws.limits["ec2.standard-vcpus"] = 10
    aws.clock.advance(minutes=2)
    assert len(group()["Instances"]) == 2


def test_an_instance_that_is_too_old_is_replaced(aws, client, create, group):
    create(1, 2, MaxInstanceLifetime=86400)
    (old,) = group()["Instances"]
    aws.clock.advance(hours=25)
    assert group()["Instances"][0]["InstanceId"] != old["InstanceId"]


def test_deleted(client, create, group, refused):
    create(1, 1)
    refused(client.delete_auto_scaling_group, code="ResourceInUse", **WEB)
    client.delete_auto_scaling_group(**WEB, ForceDelete=True)
    assert client.describe_auto_scaling_groups()["AutoScalingGroups"] == []
    told = refused(client.set_desired_capacity, **WEB, DesiredCapacity=1)
    assert told == "AutoScalingGroup name not found - AutoScalingGroup web not found"
    assert client.describe_scaling_activities(IncludeDeletedGroups=True)["Activities"]


def test_tags(client, create, group, refused):
    create()
    tag = {
        "ResourceId": "web",
        "ResourceType": "auto-scaling-group",
        "Key": "a",
        "Value": "1",
        "PropagateAtLaunch": False,
    }
    client.create_or_update_tags(Tags=[tag])
    assert client.describe_tags(Filters=[{"Name": "key", "Values": ["a"]}])["Tags"] == [tag]
    found = client.describe_auto_scaling_groups(Filters=[{"Name": "tag:a", "Values": ["1"]}])["AutoScalingGroups"]
    assert [each["AutoScalingGroupName"] for each in found] == ["web"]
    client.delete_tags(Tags=[{key: tag[key] for key in ("ResourceId", "ResourceType", "Key")}])
    assert group()["Tags"] == []
    refused(client.create_or_update_tags, Tags=[{**tag, "ResourceId": "none"}])


# --- launch settings


@pytest.mark.rule("autoscaling-001")
def test_launch_configurations_are_closed(client, image, refused):
    told = refused(
        client.create_launch_configuration, code="UnsupportedOperation", LaunchConfigurationName="old", ImageId=image,
        InstanceType="t2.micro",
    )  # fmt: skip
    assert told.startswith("The Launch Configuration creation operation is not available in your account.")


@pytest.mark.aws(as_of="2024-01-01")
@pytest.mark.rule("autoscaling-001")
def test_launch_configurations_before(client, image, refused):
    wanted = {"LaunchConfigurationName": "old", "ImageId": image, "InstanceType": "t2.micro"}
    for missing in ("ImageId", "InstanceType"):
        refused(client.create_launch_configuration, **{key: wanted[key] for key in wanted if key != missing})
    client.create_launch_configuration(**wanted)
    refused(client.create_launch_configuration, code="AlreadyExists", **wanted)
    client.delete_launch_configuration(LaunchConfigurationName="old")
    assert client.describe_launch_configurations()["LaunchConfigurations"] == []


@OLDER
@pytest.mark.rule("autoscaling-002", "autoscaling-003", "autoscaling-004", "autoscaling-005", "autoscaling-006")
def test_what_a_launch_configuration_carries(aws, ec2, client, create, group, image):
    boto3.client("iam").create_instance_profile(InstanceProfileName="web")
    default = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    own = ec2.create_security_group(GroupName="web", Description="web", VpcId=default)["GroupId"]
    ec2.create_key_pair(KeyName="ann")
    volumes = [{"DeviceName": "/dev/sdb", "Ebs": {"VolumeSize": 2, "VolumeType": "gp2"}}]
    client.create_launch_configuration(
        LaunchConfigurationName="old", ImageId=image, InstanceType="t2.micro", UserData="#!/bin/sh", KeyName="ann",
        BlockDeviceMappings=volumes, SecurityGroups=[own], IamInstanceProfile="web",
    )  # fmt: skip
    (kept,) = client.describe_launch_configurations()["LaunchConfigurations"]
    assert (kept["SecurityGroups"], kept["BlockDeviceMappings"], kept["KeyName"]) == ([own], volumes, "ann")
    create(1, 1, LaunchTemplate=None, LaunchConfigurationName="old")
    (instance,) = members(ec2, group())
    assert [each["GroupId"] for each in instance["SecurityGroups"]] == [own]
    assert (instance["KeyName"], len(instance["BlockDeviceMappings"])) == ("ann", 2)
    assert instance["IamInstanceProfile"]["Arn"].endswith(":instance-profile/web")
    told = ec2.describe_instance_attribute(InstanceId=instance["InstanceId"], Attribute="userData")
    assert told["UserData"]["Value"] == kept["UserData"] == "IyEvYmluL3No"


@pytest.mark.rule("autoscaling-010")
def test_mixed_instances(client, create, group, template):
    policy = {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": template,
            "Overrides": [{"InstanceType": "t3.nano"}, {"InstanceType": "t2.nano"}],
        },
        "InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": 100},
    }  # fmt: skip
    create(1, 1, LaunchTemplate=None, MixedInstancesPolicy=policy)
    found = group()
    assert [each["InstanceType"] for each in found["MixedInstancesPolicy"]["LaunchTemplate"]["Overrides"]] == [
        "t3.nano", "t2.nano",
    ]  # fmt: skip
    assert [each["InstanceType"] for each in found["Instances"]] == ["t3.nano"]


# --- refreshes


def test_an_instance_refresh(aws, ec2, client, create, group, refused):
    create(3, 3)
    before = {each["InstanceId"] for each in group()["Instances"]}
    id_ = client.start_instance_refresh(**WEB)["InstanceRefreshId"]
    (found,) = client.describe_instance_refreshes(**WEB)["InstanceRefreshes"]
    assert (found["InstanceRefreshId"], found["Status"], found["PercentageComplete"]) == (id_, "Successful", 100)
    after = {each["InstanceId"] for each in group()["Instances"]}
    assert len(after) == 3 and not after & before
    refused(client.cancel_instance_refresh, code="ActiveInstanceRefreshNotFound", **WEB)


@pytest.mark.aws(lifecycle="timed")
def test_a_refresh_goes_step_by_step(aws, client, create, group, refused):
    create(2, 2)
    aws.clock.advance(minutes=2)
    client.start_instance_refresh(**WEB, Preferences={"MinHealthyPercentage": 50})
    refused(client.start_instance_refresh, code="InstanceRefreshInProgress", **WEB)
    assert sorted(each["LifecycleState"] for each in group()["Instances"]) == ["InService", "Pending", "Terminating"]
    aws.clock.advance(minutes=10)
    (found,) = client.describe_instance_refreshes(**WEB)["InstanceRefreshes"]
    assert found["Status"] == "Successful"
