"""Security groups and their rules."""

import pytest

boto3 = pytest.importorskip("boto3")

WEB = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


@pytest.fixture
def group(ec2, vpc):
    def group(name="web", **given):
        return ec2.create_security_group(**{"GroupName": name, "Description": name, "VpcId": vpc, **given})["GroupId"]

    return group


def shown(ec2, id_):
    return ec2.describe_security_groups(GroupIds=[id_])["SecurityGroups"][0]


@pytest.mark.rule("ec2-406", "ec2-407", "ec2-408", "ec2-424")
def test_new_groups(ec2, vpc, group, refused):
    found = shown(ec2, group())
    assert found["IpPermissions"] == []
    (out,) = found["IpPermissionsEgress"]
    assert (out["IpProtocol"], out["IpRanges"]) == ("-1", [{"CidrIp": "0.0.0.0/0"}])
    (default,) = ec2.describe_security_groups(
        Filters=[{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    )["SecurityGroups"]
    (within,) = default["IpPermissions"]
    assert within["IpProtocol"] == "-1"
    assert [each["GroupId"] for each in within["UserIdGroupPairs"]] == [default["GroupId"]]
    refused("CannotDelete", ec2.delete_security_group, GroupId=default["GroupId"])
    told = refused("InvalidGroup.Duplicate", group)
    assert told == f"The security group 'web' already exists for VPC '{vpc}'"
    refused("InvalidParameterValue", group, name="default")
    refused("InvalidParameterValue", group, name="sg-mine")
    abroad = boto3.client("ec2", region_name="eu-west-1")
    refused("InvalidGroup.NotFound", abroad.describe_security_groups, GroupIds=[default["GroupId"]])


@pytest.mark.rule("ec2-409", "ec2-410", "ec2-411", "ec2-412", "ec2-413", "ec2-414", "ec2-415", "ec2-418")
def test_rules(ec2, group, refused):
    id_ = group()
    permissions = [
        {
            "IpProtocol": "tcp",
            "FromPort": 22,
            "ToPort": 22,
            "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "vpn"}],
        },
        {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "Ipv6Ranges": [{"CidrIpv6": "::/0"}]},
        {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "203.0.113.5/32"}]},
    ]
    made = ec2.authorize_security_group_ingress(GroupId=id_, IpPermissions=permissions)["SecurityGroupRules"]
    assert [(each.get("CidrIpv4") or each["CidrIpv6"], each["FromPort"]) for each in made] == [
        ("10.0.0.0/8", 22), ("::/0", 80), ("203.0.113.5/32", 22),
    ]  # fmt: skip
    found = {each["FromPort"]: each for each in shown(ec2, id_)["IpPermissions"]}
    assert [each["CidrIp"] for each in found[22]["IpRanges"]] == ["10.0.0.0/8", "203.0.113.5/32"]
    assert len(shown(ec2, id_)["IpPermissionsEgress"]) == 1
    ec2.authorize_security_group_ingress(GroupId=id_, IpPermissions=[WEB])
    told = refused(
        "InvalidPermission.Duplicate", ec2.authorize_security_group_ingress, GroupId=id_, IpPermissions=[WEB]
    )
    assert told == 'the specified rule "peer: 0.0.0.0/0, TCP, from port: 80, to port: 80, ALLOW" already exists'
    for cidr in ("host.example.com", "10.0.0.0/33"):
        bad = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "CidrIp": cidr}
        told = refused("InvalidParameterValue", ec2.authorize_security_group_ingress, GroupId=id_, **bad)
        assert told == f"CIDR block {cidr} is malformed"
    listed = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [id_]}])["SecurityGroupRules"]
    assert sorted(each["IsEgress"] for each in listed) == [False] * 4 + [True]
    ec2.revoke_security_group_ingress(GroupId=id_, IpPermissions=[WEB])
    told = refused("InvalidPermission.NotFound", ec2.revoke_security_group_ingress, GroupId=id_, IpPermissions=[WEB])
    assert told == "The specified rule does not exist in this security group."
    ec2.revoke_security_group_ingress(GroupId=id_, SecurityGroupRuleIds=[made[0]["SecurityGroupRuleId"]])
    refused(
        "InvalidSecurityGroupRuleId.NotFound", ec2.revoke_security_group_ingress, GroupId=id_,
        SecurityGroupRuleIds=[made[0]["SecurityGroupRuleId"]],
    )  # fmt: skip
    changed = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIpv6": "::/0"}
    rule = {"SecurityGroupRuleId": made[1]["SecurityGroupRuleId"], "SecurityGroupRule": changed}
    ec2.modify_security_group_rules(GroupId=id_, SecurityGroupRules=[rule])
    assert {each["FromPort"] for each in shown(ec2, id_)["IpPermissions"]} == {22, 443}


@pytest.mark.aws(limits={"ec2.rules-per-group": 2})
def test_the_quota_of_rules(ec2, group, refused):
    id_ = group()
    ranges = [{"CidrIp": f"10.{number}.0.0/16"} for number in range(3)]
    many = {**WEB, "IpRanges": ranges}
    refused(
        "RulesPerSecurityGroupLimitExceeded", ec2.authorize_security_group_ingress, GroupId=id_, IpPermissions=[many]
    )
    assert shown(ec2, id_)["IpPermissions"] == []
    ec2.authorize_security_group_ingress(GroupId=id_, IpPermissions=[{**many, "IpRanges": ranges[:2]}])


@pytest.mark.rule("ec2-416", "ec2-417")
def test_groups_name_groups(ec2, group, refused):
    web, bastion = group(), group("bastion")
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
    pair = [{**ssh, "UserIdGroupPairs": [{"GroupId": bastion}]}]
    (rule,) = ec2.authorize_security_group_ingress(GroupId=web, IpPermissions=pair)["SecurityGroupRules"]
    assert rule["ReferencedGroupInfo"] == {"GroupId": bastion, "UserId": "123456789012"}
    (permission,) = shown(ec2, web)["IpPermissions"]
    assert permission["UserIdGroupPairs"] == [{"UserId": "123456789012", "GroupId": bastion}]
    unknown = [{**ssh, "UserIdGroupPairs": [{"GroupId": "sg-12345678"}]}]
    told = refused("InvalidGroup.NotFound", ec2.authorize_security_group_ingress, GroupId=web, IpPermissions=unknown)
    assert told == "The security group 'sg-12345678' does not exist"
    told = refused("DependencyViolation", ec2.delete_security_group, GroupId=bastion)
    assert told == f"resource {bastion} has a dependent object"
    ec2.delete_security_group(GroupId=web)
    ec2.delete_security_group(GroupId=bastion)


@pytest.mark.rule("ec2-419", "ec2-420", "ec2-421", "ec2-423", "ec2-424", "ec2-425")
def test_groups_of_instances(ec2, vpc, subnet, group, launch, instance, refused):
    a, b = group("a"), group("b")
    one, two = (each["InstanceId"] for each in launch(SubnetId=subnet, SecurityGroupIds=[a, b], MinCount=2, MaxCount=2))
    listed = ec2.describe_instances(Filters=[{"Name": "instance.group-id", "Values": [a]}])["Reservations"]
    assert [each["InstanceId"] for one_ in listed for each in one_["Instances"]] == [one, two]
    ec2.modify_instance_attribute(InstanceId=one, Groups=[b])
    found = instance(one)
    assert [each["GroupId"] for each in found["SecurityGroups"]] == [b]
    assert [each["GroupId"] for each in found["NetworkInterfaces"][0]["Groups"]] == [b]
    assert [each["GroupId"] for each in instance(two)["SecurityGroups"]] == [a, b]
    told = refused("InvalidParameter", launch, SecurityGroupIds=[a])
    assert "belong to different networks." in told
    zone_b = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone="us-east-1b")["Subnet"]
    launch(SubnetId=zone_b["SubnetId"], SecurityGroupIds=[b])
    refused("DependencyViolation", ec2.delete_security_group, GroupId=a)
    ec2.terminate_instances(InstanceIds=[two])
    assert shown(ec2, a)["GroupName"] == "a"
    ec2.delete_security_group(GroupId=a)
