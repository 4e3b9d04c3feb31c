"""VPCs, subnets, gateways, route tables, network ACLs, interfaces and elastic IPs."""

import ipaddress

import pytest

boto3 = pytest.importorskip("boto3")


def by_vpc(vpc, name="vpc-id"):
    return [{"Name": name, "Values": [vpc]}]


@pytest.fixture
def gateway(ec2, vpc):
    id_ = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=id_, VpcId=vpc)
    return id_


@pytest.fixture
def interface(ec2, subnet):
    def interface(**given):
        return ec2.create_network_interface(**{"SubnetId": subnet, **given})["NetworkInterface"]

    return interface


def shown(ec2, id_):
    return ec2.describe_network_interfaces(NetworkInterfaceIds=[id_])["NetworkInterfaces"][0]


# --- regions and zones


@pytest.mark.rule("ec2-001", "ec2-002", "ec2-003", "ec2-004")
def test_regions_and_zones(ec2, refused):
    known = {each["RegionName"]: each for each in ec2.describe_regions(AllRegions=True)["Regions"]}
    on = ec2.describe_regions()["Regions"]
    assert len(known) >= 30 and len(on) == 17
    assert known["us-east-1"]["Endpoint"] == "ec2.us-east-1.amazonaws.com"
    assert known["af-south-1"]["OptInStatus"] == "not-opted-in"
    for region in ("us-east-1", "us-west-1", "eu-west-1"):
        client = boto3.client("ec2", region_name=region)
        zones = client.describe_availability_zones()["AvailabilityZones"]
        assert 3 <= len(zones) <= 6
        assert (len(zones) == 6) == (region == "us-east-1")
        for zone in zones:
            assert (zone["State"], zone["ZoneType"], zone["RegionName"]) == ("available", "availability-zone", region)
            assert zone["ZoneName"][:-1] == region and zone["ZoneName"][-1].isalpha()
    assert [zone["ZoneId"] for zone in zones] == ["euw1-az1", "euw1-az2", "euw1-az3"]
    refused("InvalidParameterValue", ec2.describe_regions, RegionNames=["xx-west-1"])


# --- VPCs


@pytest.mark.rule("ec2-298", "ec2-299", "ec2-300", "ec2-302", "ec2-303", "ec2-304", "ec2-305", "ec2-315", "ec2-338")
def test_a_new_vpc(aws, ec2, refused):
    made = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]
    id_ = made["VpcId"]
    assert made["State"] == "pending"
    (found,) = ec2.describe_vpcs(VpcIds=[id_])["Vpcs"]
    assert (found["State"], found["IsDefault"], found["InstanceTenancy"]) == ("available", False, "default")
    assert len(ec2.describe_vpcs()["Vpcs"]) == 2
    abroad = boto3.client("ec2", region_name="eu-west-1")
    told = refused("InvalidVpcID.NotFound", abroad.describe_vpcs, VpcIds=[id_])
    assert told == f"The vpc ID '{id_}' does not exist"
    (table,) = ec2.describe_route_tables(Filters=by_vpc(id_))["RouteTables"]
    (acl,) = ec2.describe_network_acls(Filters=by_vpc(id_))["NetworkAcls"]
    (group,) = ec2.describe_security_groups(Filters=by_vpc(id_))["SecurityGroups"]
    assert (table["Associations"][0]["Main"], acl["IsDefault"], group["GroupName"]) == (True, True, "default")
    assert [route["GatewayId"] for route in table["Routes"]] == ["local"]
    assert ec2.describe_subnets(Filters=by_vpc(id_))["Subnets"] == []
    assert ec2.describe_internet_gateways(Filters=by_vpc(id_, "attachment.vpc-id"))["InternetGateways"] == []

    def attribute(vpc, name):
        answer = ec2.describe_vpc_attribute(VpcId=vpc, Attribute=name)
        return answer[name[0].upper() + name[1:]]["Value"]

    default = next(each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"] if each["IsDefault"])
    assert [attribute(id_, name) for name in ("enableDnsSupport", "enableDnsHostnames")] == [True, False]
    assert [attribute(default, name) for name in ("enableDnsSupport", "enableDnsHostnames")] == [True, True]
    both = {"EnableDnsSupport": {"Value": False}, "EnableDnsHostnames": {"Value": True}}
    refused("InvalidParameterCombination", ec2.modify_vpc_attribute, VpcId=id_, **both)


@pytest.mark.rule("ec2-301")
def test_the_quota_of_vpcs(ec2, refused):
    for number in range(4):
        ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")
    told = refused("VpcLimitExceeded", ec2.create_vpc, CidrBlock="10.9.0.0/16")
    assert told == "The maximum number of VPCs has been reached."
    boto3.client("ec2", region_name="eu-west-1").create_vpc(CidrBlock="10.9.0.0/16")


@pytest.mark.aws(limits={"ec2.vpcs": 50})
@pytest.mark.rule("ec2-306", "ec2-307", "ec2-308", "ec2-309", "ec2-310", "ec2-311", "ec2-314")
def test_blocks(ec2, refused):
    for block in ("10.0.0.0/16", "10.0.0.0/16", "172.16.0.0/16", "192.168.0.0/16", "100.64.0.0/16", "10.0.0.0/28"):
        assert ec2.create_vpc(CidrBlock=block)["Vpc"]["CidrBlock"] == block
    for block in ("10.0.0.0/15", "10.0.0.0/8", "10.0.0.0/29"):
        told = refused("InvalidVpc.Range", ec2.create_vpc, CidrBlock=block)
        assert told == f"The CIDR '{block}' is invalid."
    told = refused("InvalidParameterValue", ec2.create_vpc, CidrBlock="ten")
    assert told == "Value (ten) for parameter cidrBlock is invalid. This is not a valid CIDR block."
    refused("MissingParameter", ec2.create_vpc)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]
    for number in range(1, 5):
        ec2.associate_vpc_cidr_block(VpcId=vpc["VpcId"], CidrBlock=f"10.{number}.0.0/16")
    told = refused("CidrLimitExceeded", ec2.associate_vpc_cidr_block, VpcId=vpc["VpcId"], CidrBlock="10.9.0.0/16")
    assert told == f"This network '{vpc['VpcId']}' has met its maximum number of allowed CIDRs: 5"
    (found,) = ec2.describe_vpcs(VpcIds=[vpc["VpcId"]])["Vpcs"]
    first, *rest = found["CidrBlockAssociationSet"]
    assert len(rest) == 4
    refused("OperationNotPermitted", ec2.disassociate_vpc_cidr_block, AssociationId=first["AssociationId"])
    ec2.disassociate_vpc_cidr_block(AssociationId=rest[0]["AssociationId"])
    refused("MissingParameter", ec2.create_subnet, VpcId=vpc["VpcId"])


@pytest.mark.rule("ec2-312", "ec2-313")
def test_ipv6_blocks(ec2):
    made = ec2.create_vpc(CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]
    assert made["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlockState"]["State"] == "associating"
    (found,) = ec2.describe_vpcs(VpcIds=[made["VpcId"]])["Vpcs"]
    (block,) = found["Ipv6CidrBlockAssociationSet"]
    assert (block["Ipv6CidrBlockState"]["State"], block["Ipv6Pool"]) == ("associated", "Amazon")
    network = ipaddress.ip_network(block["Ipv6CidrBlock"])
    assert network.prefixlen == 56 and network.subnet_of(ipaddress.ip_network("2000::/3"))


@pytest.mark.rule("ec2-316")
def test_host_names_need_dns(ec2, vpc, refused):
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": False})
    refused("InvalidParameterValue", ec2.modify_vpc_attribute, VpcId=vpc, EnableDnsHostnames={"Value": True})


@pytest.mark.rule("ec2-317", "ec2-318", "ec2-319")
def test_the_default_vpc(ec2, launch, refused):
    (default,) = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    assert default["CidrBlock"] == "172.31.0.0/16"
    refused("DefaultVpcAlreadyExists", ec2.create_default_vpc)
    subnets = ec2.describe_subnets(Filters=by_vpc(default["VpcId"]))["Subnets"]
    assert len(subnets) == 6
    assert all(each["DefaultForAz"] and each["CidrBlock"].endswith("/20") for each in subnets)
    (table,) = ec2.describe_route_tables(Filters=by_vpc(default["VpcId"]))["RouteTables"]
    (way_out,) = [route for route in table["Routes"] if route["DestinationCidrBlock"] == "0.0.0.0/0"]
    assert way_out["GatewayId"].startswith("igw-") and way_out["State"] == "active"
    made = launch()
    assert made["SubnetId"] in [each["SubnetId"] for each in subnets]
    ec2.terminate_instances(InstanceIds=[made["InstanceId"]])
    for each in ec2.describe_subnets(Filters=by_vpc(default["VpcId"]))["Subnets"]:
        ec2.delete_subnet(SubnetId=each["SubnetId"])
    refused("MissingInput", launch)
    gateway = way_out["GatewayId"]
    refused("DependencyViolation", ec2.delete_vpc, VpcId=default["VpcId"])
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=default["VpcId"])
    ec2.delete_internet_gateway(InternetGatewayId=gateway)
    ec2.delete_vpc(VpcId=default["VpcId"])
    assert refused("VPCIdNotSpecified", launch).startswith("No default VPC for this user")
    assert ec2.create_default_vpc()["Vpc"]["IsDefault"] is True
    launch()


@pytest.mark.rule("ec2-320")
def test_a_vpc_is_deleted_empty(ec2, vpc, subnet, launch, refused):
    told = refused("DependencyViolation", ec2.delete_vpc, VpcId=vpc)
    assert told == f"The vpc '{vpc}' has dependencies and cannot be deleted."
    id_ = launch(SubnetId=subnet)["InstanceId"]
    refused("DependencyViolation", ec2.delete_subnet, SubnetId=subnet)
    ec2.terminate_instances(InstanceIds=[id_])
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)
    for listed in (ec2.describe_route_tables, ec2.describe_network_acls, ec2.describe_security_groups):
        (things,) = (value for name, value in listed(Filters=by_vpc(vpc)).items() if name != "ResponseMetadata")
        assert things == []


# --- subnets


@pytest.mark.rule("ec2-321", "ec2-322", "ec2-323", "ec2-324", "ec2-325", "ec2-327", "ec2-328")
def test_subnets(ec2, vpc, launch, refused):
    def made(block, **more):
        return ec2.create_subnet(VpcId=vpc, CidrBlock=block, **more)["Subnet"]

    a, b = (made(f"10.0.{n}.0/24", AvailabilityZone=f"us-east-1{zone}") for n, zone in enumerate("ab"))
    assert (a["AvailabilityZone"], a["AvailabilityZoneId"]) == ("us-east-1a", "use1-az1")
    assert len(ec2.describe_subnets(Filters=by_vpc(vpc))["Subnets"]) == 2
    told = refused("InvalidSubnet.Conflict", made, block="10.0.0.0/25")
    assert told == "The CIDR '10.0.0.0/25' conflicts with another subnet"
    assert refused("InvalidSubnet.Range", made, block="10.1.0.0/24") == "The CIDR '10.1.0.0/24' is invalid."
    assert [each["AvailableIpAddressCount"] for each in (a, b)] == [251, 251]
    assert made("10.0.2.0/27")["AvailableIpAddressCount"] == 27
    assert made("10.0.3.0/26")["AvailableIpAddressCount"] == 59
    assert made("10.0.4.0/28")["AvailableIpAddressCount"] == 11
    found = launch(SubnetId=b["SubnetId"])
    assert found["Placement"]["AvailabilityZone"] == "us-east-1b"
    elsewhere = {"AvailabilityZone": "us-east-1a"}
    refused("InvalidParameterValue", launch, SubnetId=b["SubnetId"], Placement=elsewhere)
    (after,) = ec2.describe_subnets(SubnetIds=[b["SubnetId"]])["Subnets"]
    assert after["AvailableIpAddressCount"] == 250


@pytest.mark.rule("ec2-326", "ec2-329", "ec2-330", "ec2-331", "ec2-332", "ec2-333", "ec2-374")
def test_addresses_of_a_subnet(ec2, subnet, launch, refused):
    for last in (0, 1, 2, 3, 255):
        told = refused("InvalidParameterValue", launch, SubnetId=subnet, PrivateIpAddress=f"10.0.0.{last}")
        assert told == f"Address 10.0.0.{last} is in subnet's reserved address range"
    launch(SubnetId=subnet, PrivateIpAddress="10.0.0.9")
    told = refused("InvalidIPAddress.InUse", launch, SubnetId=subnet, PrivateIpAddress="10.0.0.9")
    assert told == "Address 10.0.0.9 is in use."
    twin = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    other = ec2.create_subnet(VpcId=twin, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    launch(SubnetId=other, PrivateIpAddress="10.0.0.9")


@pytest.mark.aws(limits={"ec2.standard-vcpus": 1000})
@pytest.mark.rule("ec2-328", "ec2-336")
def test_a_subnet_is_full(ec2, vpc, launch, refused):
    small = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/28")["Subnet"]["SubnetId"]
    refused("InsufficientFreeAddressesInSubnet", launch, SubnetId=small, MinCount=12, MaxCount=12)
    launch(SubnetId=small, MinCount=11, MaxCount=11)
    refused("InsufficientFreeAddressesInSubnet", launch, SubnetId=small)
    ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.1.0.0/16")
    more = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.0.0/24")["Subnet"]["SubnetId"]
    launch(SubnetId=more)


@pytest.mark.rule("ec2-378", "ec2-379", "ec2-402")
def test_public_addresses(ec2, vpc, gateway, subnet, launch, instance):
    assert ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["MapPublicIpOnLaunch"] is False
    private = launch(SubnetId=subnet)["InstanceId"]
    asked = {"DeviceIndex": 0, "SubnetId": subnet, "AssociatePublicIpAddress": True}
    public = instance(launch(NetworkInterfaces=[asked])["InstanceId"])
    assert "PublicIpAddress" not in instance(private)
    association = public["NetworkInterfaces"][0]["Association"]
    assert (association["PublicIp"], association["IpOwnerId"]) == (public["PublicIpAddress"], "amazon")
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    assert "PublicIpAddress" in launch(SubnetId=subnet)
    assert "PublicIpAddress" not in instance(private)


# --- gateways and routes


@pytest.mark.rule("ec2-343", "ec2-345", "ec2-346", "ec2-347", "ec2-348", "ec2-349")
def test_internet_gateways(ec2, vpc, subnet, launch, refused):
    id_, second = (ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"] for _ in range(2))

    def attachments():
        return ec2.describe_internet_gateways(InternetGatewayIds=[id_])["InternetGateways"][0]["Attachments"]

    assert attachments() == []
    told = refused("Gateway.NotAttached", ec2.detach_internet_gateway, InternetGatewayId=id_, VpcId=vpc)
    assert told == f"resource {id_} is not attached to network {vpc}"
    ec2.attach_internet_gateway(InternetGatewayId=id_, VpcId=vpc)
    assert attachments() == [{"State": "available", "VpcId": vpc}]
    told = refused("InvalidParameterValue", ec2.attach_internet_gateway, InternetGatewayId=second, VpcId=vpc)
    assert told == f"Network {vpc} already has an internet gateway attached"
    other = ec2.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]
    told = refused("Resource.AlreadyAssociated", ec2.attach_internet_gateway, InternetGatewayId=id_, VpcId=other)
    assert told == f"resource {id_} is already attached to network {vpc}"
    told = refused("DependencyViolation", ec2.delete_internet_gateway, InternetGatewayId=id_)
    assert told == f"The internetGateway '{id_}' has dependencies and cannot be deleted."
    asked = {"DeviceIndex": 0, "SubnetId": subnet, "AssociatePublicIpAddress": True}
    machine = launch(NetworkInterfaces=[asked])["InstanceId"]
    told = refused("DependencyViolation", ec2.detach_internet_gateway, InternetGatewayId=id_, VpcId=vpc)
    assert told.startswith(f"Network {vpc} has some mapped public address(es).")
    ec2.terminate_instances(InstanceIds=[machine])
    ec2.detach_internet_gateway(InternetGatewayId=id_, VpcId=vpc)
    assert attachments() == []
    ec2.delete_internet_gateway(InternetGatewayId=id_)


@pytest.mark.rule("ec2-337", "ec2-339", "ec2-340", "ec2-341", "ec2-342", "ec2-350")
def test_route_tables(ec2, vpc, gateway, subnet, launch, refused):
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    everywhere = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0"}
    ec2.create_route(**everywhere, GatewayId=gateway)

    def routes():
        (found,) = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
        return {
            each["DestinationCidrBlock"]: (each.get("GatewayId"), each["Origin"], each["State"])
            for each in found["Routes"]
        }

    assert routes() == {
        "10.0.0.0/16": ("local", "CreateRouteTable", "active"), "0.0.0.0/0": (gateway, "CreateRoute", "active"),
    }  # fmt: skip
    told = refused("InvalidParameterValue", ec2.delete_route, RouteTableId=table, DestinationCidrBlock="10.0.0.0/16")
    assert told == f"cannot remove local route 10.0.0.0/16 in route table {table}"
    stranger = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    told = refused("InvalidParameterValue", ec2.create_route, **everywhere, GatewayId=stranger)
    assert told == f"route table {table} and network gateway {stranger} belong to different networks"
    association = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
    (public,) = ec2.describe_route_tables(Filters=by_vpc(subnet, "association.subnet-id"))["RouteTables"]
    assert public["RouteTableId"] == table
    second = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    told = refused("Resource.AlreadyAssociated", ec2.associate_route_table, RouteTableId=second, SubnetId=subnet)
    assert told == f"the specified association for route table {second} conflicts with an existing association"
    refused("DependencyViolation", ec2.delete_route_table, RouteTableId=table)
    moved = ec2.replace_route_table_association(AssociationId=association, RouteTableId=second)
    assert moved["NewAssociationId"] != association
    machine = launch(SubnetId=subnet)
    refused("RouteAlreadyExists", ec2.create_route, **everywhere, InstanceId=machine["InstanceId"])
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="192.168.0.0/24", InstanceId=machine["InstanceId"])
    assert routes()["192.168.0.0/24"][2] == "active"
    ec2.terminate_instances(InstanceIds=[machine["InstanceId"]])
    assert routes()["192.168.0.0/24"][2] == "blackhole"
    ec2.delete_route(RouteTableId=table, DestinationCidrBlock="192.168.0.0/24")
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    assert routes()["0.0.0.0/0"][2] == "blackhole"


@pytest.mark.rule("ec2-368", "ec2-369")
def test_an_instance_as_the_way_out(aws, ec2, vpc, subnet, launch, refused):
    machine = launch(SubnetId=subnet)["InstanceId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    told = refused("Gateway.NotAttached", ec2.associate_address, AllocationId=address, InstanceId=machine)
    assert told == f"Network {vpc} is not attached to any internet gateway"
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.associate_address(AllocationId=address, InstanceId=machine)
    assert ec2.describe_addresses()["Addresses"][0]["InstanceId"] == machine
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", InstanceId=machine)

    def state():
        (found,) = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
        (route,) = (each for each in found["Routes"] if each["DestinationCidrBlock"] == "0.0.0.0/0")
        assert route["InstanceId"] == machine and route["NetworkInterfaceId"].startswith("eni-")
        return route["State"]

    assert state() == "active"
    ec2.stop_instances(InstanceIds=[machine])
    assert state() == "blackhole"
    spare = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    ec2.attach_network_interface(NetworkInterfaceId=spare, InstanceId=machine, DeviceIndex=1)
    wanted = {"RouteTableId": table, "DestinationCidrBlock": "192.168.0.0/24", "InstanceId": machine}
    refused("InvalidInstanceID", ec2.create_route, **wanted)


@pytest.mark.rule("ec2-351")
def test_the_way_out_of_ipv6(ec2, vpc):
    ec2.associate_vpc_cidr_block(VpcId=vpc, AmazonProvidedIpv6CidrBlock=True)
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationIpv6CidrBlock="::/0", GatewayId=gateway)
    (found,) = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    states = {each.get("DestinationIpv6CidrBlock"): each["State"] for each in found["Routes"]}
    assert states["::/0"] == "active"


# --- network ACLs


@pytest.mark.rule("ec2-454")
def test_an_address_is_blocked(ec2, subnet):
    (acl,) = ec2.describe_network_acls(Filters=by_vpc(subnet, "association.subnet-id"))["NetworkAcls"]
    entry = {"RuleNumber": 50, "Protocol": "-1", "RuleAction": "deny", "Egress": False, "CidrBlock": "203.0.113.5/32"}
    ec2.create_network_acl_entry(NetworkAclId=acl["NetworkAclId"], **entry)
    (acl,) = ec2.describe_network_acls(NetworkAclIds=[acl["NetworkAclId"]])["NetworkAcls"]
    assert entry in acl["Entries"]


@pytest.mark.rule("ec2-443", "ec2-444", "ec2-445", "ec2-446", "ec2-447", "ec2-448", "ec2-449")
def test_network_acls(ec2, vpc, subnet, refused):
    (default,) = ec2.describe_network_acls(Filters=by_vpc(subnet, "association.subnet-id"))["NetworkAcls"]
    assert default["IsDefault"] is True
    entries = {(each["Egress"], each["RuleNumber"]): each["RuleAction"] for each in default["Entries"]}
    assert entries == {
        (True, 100): "allow", (True, 32767): "deny", (False, 100): "allow", (False, 32767): "deny",
    }  # fmt: skip
    own = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]
    assert own["IsDefault"] is False
    assert [(each["RuleNumber"], each["RuleAction"]) for each in own["Entries"]] == [(32767, "deny")] * 2
    second = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    (default,) = ec2.describe_network_acls(NetworkAclIds=[default["NetworkAclId"]])["NetworkAcls"]
    assert {each["SubnetId"] for each in default["Associations"]} == {subnet, second}
    for each in default["Associations"]:
        moved = ec2.replace_network_acl_association(
            AssociationId=each["NetworkAclAssociationId"], NetworkAclId=own["NetworkAclId"]
        )
        assert moved["NewAssociationId"] != each["NetworkAclAssociationId"]
    (found,) = ec2.describe_network_acls(NetworkAclIds=[own["NetworkAclId"]])["NetworkAcls"]
    assert len(found["Associations"]) == 2
    told = refused("DependencyViolation", ec2.delete_network_acl, NetworkAclId=own["NetworkAclId"])
    assert told == f"The networkAcl '{own['NetworkAclId']}' has dependencies and cannot be deleted."
    told = refused("InvalidParameterValue", ec2.delete_network_acl, NetworkAclId=default["NetworkAclId"])
    assert told == f"cannot delete default network ACL {default['NetworkAclId']}"


@pytest.mark.rule("ec2-450", "ec2-451", "ec2-452", "ec2-453", "ec2-455")
def test_entries_of_network_acls(ec2, vpc, refused):
    id_ = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    entry = {"NetworkAclId": id_, "Protocol": "-1", "RuleAction": "deny", "Egress": False, "CidrBlock": "10.9.0.0/16"}
    for number in (1, 32766):
        ec2.create_network_acl_entry(RuleNumber=number, **entry)
    for number in (0, 32767):
        refused("InvalidParameterValue", ec2.create_network_acl_entry, RuleNumber=number, **entry)
    told = refused("NetworkAclEntryAlreadyExists", ec2.create_network_acl_entry, RuleNumber=1, **entry)
    assert told == "The network acl entry identified by 1 already exists."
    ec2.create_network_acl_entry(RuleNumber=1, **{**entry, "Egress": True, "RuleAction": "allow"})
    refused("InvalidNetworkAclEntry.NotFound", ec2.replace_network_acl_entry, RuleNumber=2, **entry)
    gone = {"NetworkAclId": id_, "RuleNumber": 32767, "Egress": False}
    refused("InvalidParameterValue", ec2.delete_network_acl_entry, **gone)
    assert len(ec2.describe_network_acls(NetworkAclIds=[id_])["NetworkAcls"][0]["Entries"]) == 5


# --- interfaces


@pytest.mark.rule("ec2-389", "ec2-390", "ec2-391", "ec2-392", "ec2-393", "ec2-394", "ec2-395", "ec2-396", "ec2-398")
def test_interfaces(ec2, vpc, subnet, interface, launch, instance, refused):
    refused("InvalidSubnetID.NotFound", interface, SubnetId="subnet-12345678")
    made = interface()
    id_ = made["NetworkInterfaceId"]
    assert (made["Status"], made["VpcId"], made["AvailabilityZone"]) == ("pending", vpc, "us-east-1a")
    assert shown(ec2, id_)["Status"] == "available"
    one, two = launch(SubnetId=subnet, MinCount=2, MaxCount=2)
    primaries = [each["NetworkInterfaces"][0] for each in (one, two)]
    assert len({each["PrivateIpAddress"] for each in primaries}) == 2
    assert [each["Attachment"]["DeviceIndex"] for each in primaries] == [0, 0]
    one, two = one["InstanceId"], two["InstanceId"]
    instance(one)
    attached = ec2.attach_network_interface(NetworkInterfaceId=id_, InstanceId=one, DeviceIndex=1)["AttachmentId"]
    found = shown(ec2, id_)
    assert (found["Status"], found["Attachment"]["InstanceId"], found["Attachment"]["Status"]) == (
        "in-use", one, "attached",
    )  # fmt: skip
    assert len({each["PrivateIpAddress"] for each in instance(one)["NetworkInterfaces"]}) == 2
    told = refused("InvalidParameterValue", ec2.delete_network_interface, NetworkInterfaceId=id_)
    assert told == f"Network interface '{id_}' is currently in use."
    told = refused(
        "InvalidNetworkInterface.InUse",
        ec2.attach_network_interface,
        NetworkInterfaceId=id_,
        InstanceId=two,
        DeviceIndex=1,
    )
    assert told == f"Interface: [{id_}] in use."
    spare = interface()["NetworkInterfaceId"]
    told = refused(
        "InvalidParameterValue", ec2.attach_network_interface, NetworkInterfaceId=spare, InstanceId=one, DeviceIndex=1
    )
    assert told == f"Instance '{one}' already has an interface attached at device index '1'."
    first = primaries[0]["Attachment"]["AttachmentId"]
    refused("OperationNotPermitted", ec2.detach_network_interface, AttachmentId=first)
    ec2.detach_network_interface(AttachmentId=attached)
    ec2.attach_network_interface(NetworkInterfaceId=id_, InstanceId=two, DeviceIndex=1)
    assert shown(ec2, id_)["Attachment"]["InstanceId"] == two
    other = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone="us-east-1b")["Subnet"]["SubnetId"]
    far = interface(SubnetId=other)["NetworkInterfaceId"]
    refused(
        "InvalidParameterCombination",
        ec2.attach_network_interface,
        NetworkInterfaceId=far,
        InstanceId=one,
        DeviceIndex=1,
    )
    ec2.terminate_instances(InstanceIds=[two])
    assert shown(ec2, id_)["Status"] == "available"
    gone = primaries[1]["NetworkInterfaceId"]
    refused("InvalidNetworkInterfaceID.NotFound", ec2.describe_network_interfaces, NetworkInterfaceIds=[gone])


@pytest.mark.rule("ec2-397", "ec2-405")
def test_what_a_moved_interface_takes_along(ec2, subnet, gateway, interface, launch, instance):
    one, two = (each["InstanceId"] for each in launch(SubnetId=subnet, MinCount=2, MaxCount=2))
    id_ = interface()["NetworkInterfaceId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.associate_address(AllocationId=address, NetworkInterfaceId=id_)
    attached = ec2.attach_network_interface(NetworkInterfaceId=id_, InstanceId=one, DeviceIndex=1)["AttachmentId"]
    before = shown(ec2, id_)
    ec2.detach_network_interface(AttachmentId=attached)
    ec2.attach_network_interface(NetworkInterfaceId=id_, InstanceId=two, DeviceIndex=1)
    after = shown(ec2, id_)
    for name in ("PrivateIpAddresses", "Association", "MacAddress", "Groups"):
        assert after[name] == before[name]
    assert ec2.describe_addresses()["Addresses"][0]["InstanceId"] == two


@pytest.mark.rule("ec2-399", "ec2-400", "ec2-403", "ec2-404")
def test_addresses_and_groups_of_an_interface(ec2, vpc, subnet, interface, launch, instance, refused):
    id_ = interface()["NetworkInterfaceId"]
    ec2.assign_private_ip_addresses(NetworkInterfaceId=id_, SecondaryPrivateIpAddressCount=2)
    found = shown(ec2, id_)
    assert [each["Primary"] for each in found["PrivateIpAddresses"]] == [True, False, False]
    assert found["PrivateIpAddresses"][0]["PrivateIpAddress"] == found["PrivateIpAddress"]
    unassign = {"NetworkInterfaceId": id_, "PrivateIpAddresses": [found["PrivateIpAddress"]]}
    refused("InvalidParameterValue", ec2.unassign_private_ip_addresses, **unassign)
    machine = launch(SubnetId=subnet)
    primary = machine["NetworkInterfaces"][0]["NetworkInterfaceId"]
    many = {"NetworkInterfaceId": primary, "SecondaryPrivateIpAddressCount": 2}
    refused("PrivateIpAddressLimitExceeded", ec2.assign_private_ip_addresses, **many)
    assert [each["GroupName"] for each in found["Groups"]] == ["default"]
    groups = [
        ec2.create_security_group(GroupName=f"g{number}", Description="g", VpcId=vpc)["GroupId"] for number in range(6)
    ]
    ec2.modify_network_interface_attribute(NetworkInterfaceId=primary, Groups=groups[:5])
    assert [each["GroupId"] for each in instance(machine["InstanceId"])["SecurityGroups"]] == groups[:5]
    told = refused("SecurityGroupsPerInterfaceLimitExceeded", interface, Groups=groups)
    assert told == "The maximum number of security groups per interface has been reached."
    unknown = {"NetworkInterfaceId": primary, "Groups": ["sg-12345678"]}
    refused("InvalidGroup.NotFound", ec2.modify_network_interface_attribute, **unknown)


# --- elastic IPs


@pytest.mark.rule("ec2-373", "ec2-381", "ec2-382", "ec2-388")
def test_elastic_ips(ec2, launch, refused):
    made = [ec2.allocate_address(Domain="vpc") for _ in range(5)]
    addresses = [ipaddress.ip_address(each["PublicIp"]) for each in made]
    assert len(set(addresses)) == 5 and not any(each.is_private for each in addresses)
    told = refused("AddressLimitExceeded", ec2.allocate_address, Domain="vpc")
    assert told == "The maximum number of addresses has been reached."
    boto3.client("ec2", region_name="eu-west-1").allocate_address(Domain="vpc")
    id_ = made[0]["AllocationId"]
    machine = launch()["InstanceId"]
    ec2.associate_address(AllocationId=id_, InstanceId=machine)
    told = refused("InvalidIPAddress.InUse", ec2.release_address, AllocationId=id_)
    assert told == f"Address {made[0]['PublicIp']} is in use."
    ec2.terminate_instances(InstanceIds=[machine])
    (kept,) = ec2.describe_addresses(AllocationIds=[id_])["Addresses"]
    assert "AssociationId" not in kept
    ec2.release_address(AllocationId=id_)
    told = refused("InvalidAllocationID.NotFound", ec2.describe_addresses, AllocationIds=[id_])
    assert told == f"The allocation ID '{id_}' does not exist"
    ec2.allocate_address(Domain="vpc")


@pytest.mark.rule("ec2-383", "ec2-384", "ec2-385", "ec2-386", "ec2-387")
def test_an_elastic_ip_on_instances(ec2, launch, instance, refused):
    one, two = (each["InstanceId"] for each in launch(MinCount=2, MaxCount=2))
    own = instance(one)["PublicIpAddress"]
    address = ec2.allocate_address(Domain="vpc")
    id_ = address["AllocationId"]
    first = ec2.associate_address(AllocationId=id_, InstanceId=one)["AssociationId"]
    assert instance(one)["PublicIpAddress"] == address["PublicIp"] != own
    fixed = {"AllocationId": id_, "InstanceId": two, "AllowReassociation": False}
    told = refused("Resource.AlreadyAssociated", ec2.associate_address, **fixed)
    assert told == f"resource {id_} is already associated with associate-id {first}"
    ec2.stop_instances(InstanceIds=[one])
    assert ec2.describe_addresses()["Addresses"][0]["InstanceId"] == one
    ec2.start_instances(InstanceIds=[one])
    assert instance(one)["PublicIpAddress"] == address["PublicIp"]
    second = ec2.associate_address(AllocationId=id_, InstanceId=two)["AssociationId"]
    assert second != first
    assert ec2.describe_addresses()["Addresses"][0]["InstanceId"] == two
    assert instance(one).get("PublicIpAddress") != address["PublicIp"]
    ec2.disassociate_address(AssociationId=second)
    assert instance(two)["PublicIpAddress"] not in (address["PublicIp"], own)


@pytest.mark.rule("ec2-401")
def test_each_private_address_may_have_an_elastic_one(ec2, gateway, interface):
    id_ = interface(SecondaryPrivateIpAddressCount=1)["NetworkInterfaceId"]
    private = [each["PrivateIpAddress"] for each in shown(ec2, id_)["PrivateIpAddresses"]]
    allocated = [ec2.allocate_address(Domain="vpc")["AllocationId"] for _ in range(3)]
    for allocation, address in zip(allocated, private, strict=False):
        ec2.associate_address(AllocationId=allocation, NetworkInterfaceId=id_, PrivateIpAddress=address)
    found = shown(ec2, id_)["PrivateIpAddresses"]
    assert [each["Association"]["AllocationId"] for each in found] == allocated[:2]
    ec2.associate_address(AllocationId=allocated[2], NetworkInterfaceId=id_, PrivateIpAddress=private[1])
    free = [each["AllocationId"] for each in ec2.describe_addresses()["Addresses"] if "AssociationId" not in each]
    assert free == [allocated[1]]
