"""Domains: their life, their options, and what OpenSearch Service refuses of them."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

ARN = "arn:aws:es:us-east-1:123456789012:domain/shop"
VOLUMES = {"EBSEnabled": True, "VolumeSize": 10}
SMALL = {"ClusterConfig": {"InstanceType": "t3.small.search"}, "EBSOptions": VOLUMES}
ON = {"Enabled": True}


@pytest.mark.rule("opensearch-001")
def test_a_domain_is_processed_and_then_has_an_endpoint(search, refused):
    made = search.create_domain(DomainName="shop", **SMALL)["DomainStatus"]
    assert (made["Processing"], made["Created"], made["ARN"]) == (True, True, ARN)
    assert made["DomainProcessingStatus"] == "Creating"
    assert "Endpoint" not in made
    there = search.describe_domain(DomainName="shop")["DomainStatus"]
    assert (there["Processing"], there["DomainProcessingStatus"]) == (False, "Active")
    assert there["Endpoint"].startswith("search-shop-")
    assert there["Endpoint"].endswith(".us-east-1.es.amazonaws.com")
    status = refused(
        search.create_domain,
        "ResourceAlreadyExistsException",
        "Domain already exists: shop",
        DomainName="shop",
        **SMALL,
    )
    assert status == 409
    unknown = refused(search.describe_domain, "ResourceNotFoundException", "Domain not found: shoe", DomainName="shoe")
    assert unknown == 409
    assert search.list_domain_names()["DomainNames"] == [{"DomainName": "shop", "EngineType": "OpenSearch"}]


@pytest.mark.rule("opensearch-001")
def test_a_deleted_domain_is_gone(search, make, refused):
    make()
    deleted = search.delete_domain(DomainName="shop")["DomainStatus"]
    assert (deleted["Deleted"], deleted["Processing"]) == (True, True)
    assert search.list_domain_names()["DomainNames"] == []
    refused(search.delete_domain, "ResourceNotFoundException", "Domain not found: shop", DomainName="shop")


@pytest.mark.rule("opensearch-001")
@pytest.mark.aws(lifecycle="timed", at="2026-01-01")
def test_a_domain_takes_its_time(aws, search, refused):
    search.create_domain(DomainName="shop", **SMALL)
    aws.clock.advance(seconds=899)
    assert search.describe_domain(DomainName="shop")["DomainStatus"]["Processing"]
    refused(
        search.update_domain_config,
        "ValidationException",
        "A change/update is in progress. Please wait for it to complete before requesting another change.",
        DomainName="shop",
        AdvancedOptions={},
    )
    aws.clock.advance(seconds=1)
    assert not search.describe_domain(DomainName="shop")["DomainStatus"]["Processing"]
    search.delete_domain(DomainName="shop")
    assert search.describe_domain(DomainName="shop")["DomainStatus"]["Deleted"]
    aws.clock.advance(seconds=600)
    assert search.describe_domains(DomainNames=["shop"])["DomainStatusList"] == []


@pytest.mark.aws(lifecycle="timed", at="2026-01-01")
def test_a_change_moves_the_options_that_it_names(aws, search):
    search.create_domain(DomainName="shop", **SMALL)
    aws.clock.advance(minutes=15)
    config = search.update_domain_config(
        DomainName="shop", ClusterConfig={"InstanceType": "t3.medium.search", "InstanceCount": 2}
    )["DomainConfig"]
    assert config["ClusterConfig"]["Status"]["State"] == "Processing"
    assert config["ClusterConfig"]["Status"]["UpdateVersion"] == 2
    assert config["EBSOptions"]["Status"]["State"] == "Active"
    (moving,) = config["ModifyingProperties"]
    assert moving["Name"] == "ClusterConfig"
    assert json.loads(moving["ActiveValue"])["InstanceCount"] == 1
    assert json.loads(moving["PendingValue"])["InstanceCount"] == 2
    assert search.describe_domain_change_progress(DomainName="shop")["ChangeProgressStatus"]["Status"] == "PENDING"
    aws.clock.advance(minutes=30)
    progress = search.describe_domain_change_progress(DomainName="shop")["ChangeProgressStatus"]
    assert (progress["Status"], progress["CompletedProperties"]) == ("COMPLETED", ["ClusterConfig"])
    assert "ModifyingProperties" not in search.describe_domain_config(DomainName="shop")["DomainConfig"] or (
        search.describe_domain_config(DomainName="shop")["DomainConfig"]["ModifyingProperties"] == []
    )


@pytest.mark.aws(lifecycle="timed", at="2026-01-01")
def test_a_change_can_be_cancelled(aws, search):
    search.create_domain(DomainName="shop", **SMALL)
    aws.clock.advance(minutes=15)
    search.update_domain_config(DomainName="shop", ClusterConfig={"InstanceCount": 2})
    cancelled = search.cancel_domain_config_change(DomainName="shop")
    assert [one["PropertyName"] for one in cancelled["CancelledChangeProperties"]] == ["ClusterConfig"]
    there = search.describe_domain(DomainName="shop")["DomainStatus"]
    assert (there["Processing"], there["ClusterConfig"]["InstanceCount"]) == (False, 1)


def test_a_dry_run_changes_nothing(search, make):
    make()
    run = search.update_domain_config(DomainName="shop", ClusterConfig={"InstanceCount": 2}, DryRun=True)
    assert run["DryRunResults"]["DeploymentType"] == "Blue/Green"
    small = search.update_domain_config(
        DomainName="shop", SnapshotOptions={"AutomatedSnapshotStartHour": 3}, DryRun=True
    )
    assert small["DryRunResults"]["DeploymentType"] == "DynamicUpdate"
    assert search.describe_domain(DomainName="shop")["DomainStatus"]["ClusterConfig"]["InstanceCount"] == 1
    shown = search.describe_dry_run_progress(
        DomainName="shop", DryRunId=run["DryRunProgressStatus"]["DryRunId"], LoadDryRunConfig=True
    )
    assert shown["DryRunConfig"]["ClusterConfig"]["InstanceCount"] == 2
    assert shown["DryRunProgressStatus"]["DryRunStatus"] == "succeeded"


@pytest.mark.rule("opensearch-002")
def test_encryption_is_described_and_stays_on(search, make, refused):
    secured = {
        "ClusterConfig": {"InstanceType": "r6g.large.search"},
        "EncryptionAtRestOptions": ON,
        "NodeToNodeEncryptionOptions": ON,
        "DomainEndpointOptions": {"EnforceHTTPS": True},
    }
    there = make(**secured)
    assert there["EncryptionAtRestOptions"]["Enabled"]
    assert there["EncryptionAtRestOptions"]["KmsKeyId"].startswith("arn:aws:kms:us-east-1:123456789012:")
    assert there["NodeToNodeEncryptionOptions"] == ON
    assert there["DomainEndpointOptions"]["EnforceHTTPS"]
    refused(
        search.update_domain_config,
        "ValidationException",
        "Disabling encryption at rest is not supported once it is enabled.",
        DomainName="shop",
        EncryptionAtRestOptions={"Enabled": False},
    )
    refused(
        search.update_domain_config,
        "ValidationException",
        "Disabling node-to-node encryption is not supported once it is enabled.",
        DomainName="shop",
        NodeToNodeEncryptionOptions={"Enabled": False},
    )
    assert search.describe_domain(DomainName="shop")["DomainStatus"]["EncryptionAtRestOptions"]["Enabled"]
    search.update_domain_config(DomainName="shop", DomainEndpointOptions={"EnforceHTTPS": False})
    there = search.describe_domain(DomainName="shop")["DomainStatus"]
    assert not there["DomainEndpointOptions"]["EnforceHTTPS"]


@pytest.mark.rule("opensearch-002")
def test_a_key_has_to_be_there(aws, search, refused):
    kms = boto3.client("kms", region_name="us-east-1")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    search.create_domain(DomainName="good", **SMALL, EncryptionAtRestOptions={**ON, "KmsKeyId": key})
    unknown = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-4000-8000-000000000000"
    refused(
        search.create_domain,
        "ValidationException",
        f"Key '{unknown}' does not exist",
        DomainName="shop",
        **SMALL,
        EncryptionAtRestOptions={**ON, "KmsKeyId": unknown},
    )
    assert [one["DomainName"] for one in search.list_domain_names()["DomainNames"]] == ["good"]


@pytest.mark.rule("opensearch-003")
def test_access_policies_and_cognito_are_described(search, make, refused):
    policy = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "es:*", "Resource": f"{ARN}/*"}],
        }
    )
    cognito = {
        "Enabled": True,
        "UserPoolId": "us-east-1_abc",
        "IdentityPoolId": "us-east-1:00000000-0000-4000-8000-000000000000",
        "RoleArn": "arn:aws:iam::123456789012:role/cognito",
    }
    there = make(AccessPolicies=policy, CognitoOptions=cognito)
    assert (there["AccessPolicies"], there["CognitoOptions"]) == (policy, cognito)
    refused(
        search.update_domain_config,
        "InvalidTypeException",
        "Error setting policy: [{}]",
        DomainName="shop",
        AccessPolicies="{}",
    )
    for missing in ("UserPoolId", "IdentityPoolId", "RoleArn"):
        refused(
            search.create_domain,
            "ValidationException",
            f"{missing} must be specified when Amazon Cognito authentication is enabled.",
            DomainName="other",
            **SMALL,
            CognitoOptions={name: value for name, value in cognito.items() if name != missing},
        )
    assert search.describe_domain(DomainName="shop")["DomainStatus"]["AccessPolicies"] == policy


SECURITY = {"Enabled": True, "InternalUserDatabaseEnabled": True}


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ({"EBSOptions": {"EBSEnabled": False}}, "ValidationException",
         "EBS storage must be selected for t3.small.search"),
        (
            {"ClusterConfig": {"InstanceType": "i3.large.search"}},
            "ValidationException",
            "Instance type i3.large.search does not support EBS storage",
        ),
        ({"ClusterConfig": {"InstanceType": "x1.large.search"}}, "InvalidTypeException",
         "Invalid instance type: x1.large.search"),
        ({"ClusterConfig": {"InstanceType": "t3.small.search", "InstanceCount": 11}}, "LimitExceededException",
         "You can't have more than 10 data nodes of a T2 or T3 instance type in a domain."),
        ({"ClusterConfig": {"InstanceType": "m5.large.search", "InstanceCount": 81}}, "LimitExceededException",
         "You can't have more than 80 data nodes in a domain."),
        ({"VPCOptions": {"SubnetIds": ["subnet-1", "subnet-2"]}}, "ValidationException",
         "You must specify exactly one subnet."),
        ({"VPCOptions": {"SubnetIds": ["subnet-1"]}, "ClusterConfig": {
            "InstanceType": "m5.large.search", "InstanceCount": 3, "ZoneAwarenessEnabled": True,
            "ZoneAwarenessConfig": {"AvailabilityZoneCount": 3}}}, "ValidationException",
         "You must specify exactly three subnets because you’ve set zone count to three."),
        ({"AdvancedSecurityOptions": SECURITY}, "ValidationException",
         "You must enable EnforceHTTPS in the domain endpoint options to use advanced security."),
        ({"AdvancedOptions": {"no.such": "1"}}, "ValidationException",
         "Unrecognized advanced option 'no.such' passed in advancedOptions."),
        ({"AdvancedOptions": {"override_main_response_version": "true"}}, "ValidationException",
         "Unrecognized advanced option 'override_main_response_version' passed in advancedOptions."),
        ({"EngineVersion": "OpenSearch_9.9"}, "ValidationException", "Unsupported engine version: OpenSearch_9.9"),
        ({"EBSOptions": {"EBSEnabled": True, "VolumeSize": 9}}, "ValidationException",
         "Volume size must be between 10 and 24576 GiB."),
    ],
)  # fmt: skip
def test_what_a_domain_cannot_be(search, refused, options, code, message):
    refused(search.create_domain, code, message, **{"DomainName": "shop", **SMALL, **options})
    assert search.list_domain_names()["DomainNames"] == []


def test_a_domain_in_a_vpc(search, make):
    there = make(VPCOptions={"SubnetIds": ["subnet-a"], "SecurityGroupIds": ["sg-1"]})
    assert there["Endpoints"]["vpc"].startswith("vpc-shop-")
    assert there["VPCOptions"]["AvailabilityZones"] == ["us-east-1a"]
    assert "Endpoint" not in there
    endpoint = search.create_vpc_endpoint(DomainArn=ARN, VpcOptions={"SubnetIds": ["subnet-b"]})["VpcEndpoint"]
    id = endpoint["VpcEndpointId"]
    assert endpoint["Status"] == "CREATING"
    (found,) = search.describe_vpc_endpoints(VpcEndpointIds=[id, "aos-none"])["VpcEndpoints"]
    assert (found["Status"], found["VpcOptions"]["SubnetIds"]) == ("ACTIVE", ["subnet-b"])
    assert search.list_vpc_endpoints_for_domain(DomainName="shop")["VpcEndpointSummaryList"][0]["VpcEndpointId"] == id
    search.authorize_vpc_endpoint_access(DomainName="shop", Account="111111111111")
    granted = search.list_vpc_endpoint_access(DomainName="shop")["AuthorizedPrincipalList"]
    assert [one["Principal"] for one in granted] == ["111111111111"]
    search.revoke_vpc_endpoint_access(DomainName="shop", Account="111111111111")
    assert search.list_vpc_endpoint_access(DomainName="shop")["AuthorizedPrincipalList"] == []
    search.delete_vpc_endpoint(VpcEndpointId=id)
    assert search.list_vpc_endpoints()["VpcEndpointSummaryList"] == []


def test_tags(search, make, refused):
    make(TagList=[{"Key": "team", "Value": "a"}])
    search.add_tags(ARN=ARN, TagList=[{"Key": "env", "Value": "b"}])
    search.remove_tags(ARN=ARN, TagKeys=["team"])
    assert search.list_tags(ARN=ARN)["TagList"] == [{"Key": "env", "Value": "b"}]
    many = [{"Key": f"k{number}", "Value": ""} for number in range(10)]
    refused(search.add_tags, "LimitExceededException", "A domain can have up to 10 tags.", ARN=ARN, TagList=many)
    assert search.list_tags(ARN=ARN)["TagList"] == [{"Key": "env", "Value": "b"}]


@pytest.mark.aws(limits={"opensearch.domains": 1})
def test_a_quota_of_domains(search, make, refused):
    make()
    refused(search.create_domain, "LimitExceededException", "Domain limit of 1 exceeded.", DomainName="more", **SMALL)


def test_upgrades_go_by_their_paths(search, make, refused):
    make(EngineVersion="OpenSearch_2.11")
    targets = search.get_compatible_versions(DomainName="shop")["CompatibleVersions"][0]["TargetVersions"]
    assert targets == ["OpenSearch_2.13", "OpenSearch_2.15", "OpenSearch_2.17", "OpenSearch_2.19"]
    refused(
        search.upgrade_domain,
        "ValidationException",
        "Upgrade from OpenSearch_2.11 to OpenSearch_3.1 is not supported.",
        DomainName="shop",
        TargetVersion="OpenSearch_3.1",
    )
    search.upgrade_domain(DomainName="shop", TargetVersion="OpenSearch_2.19", PerformCheckOnly=True)
    assert search.describe_domain(DomainName="shop")["DomainStatus"]["EngineVersion"] == "OpenSearch_2.11"
    search.upgrade_domain(DomainName="shop", TargetVersion="OpenSearch_2.19")
    assert search.describe_domain(DomainName="shop")["DomainStatus"]["EngineVersion"] == "OpenSearch_2.19"
    status = search.get_upgrade_status(DomainName="shop")
    assert (status["UpgradeStep"], status["StepStatus"]) == ("UPGRADE", "SUCCEEDED")
    history = search.get_upgrade_history(DomainName="shop")["UpgradeHistories"]
    assert [one["UpgradeName"] for one in history] == [
        "Upgrade from OpenSearch_2.11 to OpenSearch_2.19",
        "Eligibility check from OpenSearch_2.11 to OpenSearch_2.19",
    ]


def test_packages_come_out_of_s3(aws, search, make, refused):
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="words")
    source = {"S3BucketName": "words", "S3Key": "synonyms.txt"}
    new = {"PackageName": "synonyms", "PackageType": "TXT-DICTIONARY", "PackageSource": source}
    refused(
        search.create_package,
        "ValidationException",
        "The file synonyms.txt can't be read from the bucket words.",
        **new,
    )
    s3.put_object(Bucket="words", Key="synonyms.txt", Body=b"a, b")
    make()
    package = search.create_package(**new)["PackageDetails"]
    id = package["PackageID"]
    assert package["PackageStatus"] == "COPYING"
    wanted = [{"Name": "PackageName", "Value": ["synonyms"]}]
    (found,) = search.describe_packages(Filters=wanted)["PackageDetailsList"]
    assert (found["PackageID"], found["PackageStatus"]) == (id, "AVAILABLE")
    search.associate_package(PackageID=id, DomainName="shop")
    (shown,) = search.list_packages_for_domain(DomainName="shop")["DomainPackageDetailsList"]
    assert (shown["DomainPackageStatus"], shown["ReferencePath"]) == ("ACTIVE", f"analyzers/{id}")
    refused(
        search.delete_package,
        "ConflictException",
        "The package is associated with domains. Dissociate it from them first.",
        PackageID=id,
    )
    search.update_package(PackageID=id, PackageSource=source, CommitMessage="more")
    history = search.get_package_version_history(PackageID=id)["PackageVersionHistoryList"]
    assert [one["PackageVersion"] for one in history] == ["v2", "v1"]
    search.dissociate_package(PackageID=id, DomainName="shop")
    search.delete_package(PackageID=id)
    assert search.describe_packages()["PackageDetailsList"] == []


def test_connections_are_accepted_on_the_other_side(search, make, refused):
    make()
    make("other")
    ends = {
        f"{end}DomainInfo": {"AWSDomainInformation": {"DomainName": name}}
        for end, name in (("Local", "shop"), ("Remote", "other"))
    }
    made = search.create_outbound_connection(**ends, ConnectionAlias="there")
    assert made["ConnectionStatus"]["StatusCode"] == "VALIDATING"
    id = made["ConnectionId"]
    (inbound,) = search.describe_inbound_connections()["Connections"]
    assert inbound["ConnectionStatus"]["StatusCode"] == "PENDING_ACCEPTANCE"
    assert inbound["LocalDomainInfo"]["AWSDomainInformation"]["DomainName"] == "other"
    search.accept_inbound_connection(ConnectionId=id)
    (outbound,) = search.describe_outbound_connections(
        Filters=[{"Name": "remote-domain-info.domain-name", "Values": ["other"]}]
    )["Connections"]
    assert outbound["ConnectionStatus"]["StatusCode"] == "ACTIVE"
    refused(
        search.reject_inbound_connection,
        "DisabledOperationException",
        "The connection is not pending acceptance.",
        ConnectionId=id,
    )
    search.delete_outbound_connection(ConnectionId=id)
    assert search.describe_inbound_connections()["Connections"] == []


@pytest.mark.rule("es-001")
def test_the_older_api(es, refused):
    made = es.create_elasticsearch_domain(DomainName="shop", ElasticsearchVersion="7.10", EBSOptions=VOLUMES)[
        "DomainStatus"
    ]
    assert (made["Processing"], made["ElasticsearchClusterConfig"]["InstanceType"]) == (True, "m4.large.elasticsearch")
    there = es.describe_elasticsearch_domain(DomainName="shop")["DomainStatus"]
    assert (there["Processing"], there["ElasticsearchVersion"]) == (False, "7.10")
    assert there["Endpoint"].startswith("search-shop-")
    status = refused(
        es.create_elasticsearch_domain,
        "ResourceAlreadyExistsException",
        "Domain already exists: shop",
        DomainName="shop",
        EBSOptions=VOLUMES,
    )
    assert status == 409
    assert es.list_domain_names()["DomainNames"] == [{"DomainName": "shop", "EngineType": "Elasticsearch"}]
    es.delete_elasticsearch_domain(DomainName="shop")
    assert es.list_domain_names()["DomainNames"] == []


@pytest.mark.rule("es-002")
def test_both_apis_have_the_same_domains(es, search):
    es.create_elasticsearch_domain(
        DomainName="shop",
        ElasticsearchVersion="7.10",
        ElasticsearchClusterConfig={"InstanceType": "t3.small.elasticsearch", "InstanceCount": 2},
        EBSOptions=VOLUMES,
    )
    there = search.describe_domain(DomainName="shop")["DomainStatus"]
    assert there["EngineVersion"] == "Elasticsearch_7.10"
    assert (there["ClusterConfig"]["InstanceType"], there["ClusterConfig"]["InstanceCount"]) == ("t3.small.search", 2)
    search.upgrade_domain(DomainName="shop", TargetVersion="OpenSearch_1.3")
    config = es.describe_elasticsearch_domain_config(DomainName="shop")["DomainConfig"]
    assert config["ElasticsearchVersion"]["Options"] == "OpenSearch_1.3"
    es.update_elasticsearch_domain_config(DomainName="shop", ElasticsearchClusterConfig={"InstanceCount": 3})
    assert search.describe_domain(DomainName="shop")["DomainStatus"]["ClusterConfig"]["InstanceCount"] == 3


def test_the_older_api_reads_connections_from_their_source(es, search, make):
    make()
    make("other")
    made = es.create_outbound_cross_cluster_search_connection(
        SourceDomainInfo={"DomainName": "shop"}, DestinationDomainInfo={"DomainName": "other"}, ConnectionAlias="there"
    )
    id = made["CrossClusterSearchConnectionId"]
    (inbound,) = es.describe_inbound_cross_cluster_search_connections(
        Filters=[{"Name": "source-domain-info.domain-name", "Values": ["shop"]}]
    )["CrossClusterSearchConnections"]
    assert (inbound["SourceDomainInfo"]["DomainName"], inbound["CrossClusterSearchConnectionId"]) == ("shop", id)
    assert inbound["DestinationDomainInfo"]["DomainName"] == "other"
    es.accept_inbound_cross_cluster_search_connection(CrossClusterSearchConnectionId=id)
    assert search.describe_outbound_connections()["Connections"][0]["ConnectionStatus"]["StatusCode"] == "ACTIVE"


def test_a_snapshot_takes_domains_back(aws, search, make):
    before = aws.snapshot()
    make()
    aws.restore(before)
    assert search.list_domain_names()["DomainNames"] == []


@pytest.mark.aws(authorization=True)
def test_permissions_go_by_domains(aws, search, make):
    make()
    iam = boto3.client("iam", region_name="us-east-1")
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    allow = {"Effect": "Allow", "Action": ["es:Describe*", "es:CreateDomain"], "Resource": ARN}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=document)
    hers = boto3.client("opensearch", region_name="us-east-1", **keys)
    older = boto3.client("es", region_name="us-east-1", **keys)
    assert hers.describe_domain(DomainName="shop")["DomainStatus"]["ARN"] == ARN
    assert older.describe_elasticsearch_domain(DomainName="shop")["DomainStatus"]["ARN"] == ARN
    role = "arn:aws:iam::123456789012:role/cognito"
    cognito = {
        "Enabled": True,
        "UserPoolId": "us-east-1_abc",
        "IdentityPoolId": "us-east-1:00000000-0000-4000-8000-000000000000",
        "RoleArn": role,
    }
    for call, parameters, action in (
        (hers.delete_domain, {"DomainName": "shop"}, "es:DeleteDomain"),
        (older.delete_elasticsearch_domain, {"DomainName": "shop"}, "es:DeleteElasticsearchDomain"),
        (hers.create_domain, {"DomainName": "more", **SMALL}, "es:CreateDomain"),
        (hers.create_domain, {"DomainName": "shop", **SMALL, "CognitoOptions": cognito}, "iam:PassRole"),
    ):
        with pytest.raises(ClientError, match=f"not authorized to perform: {action} on resource"):
            call(**parameters)
    assert [one["DomainName"] for one in search.list_domain_names()["DomainNames"]] == ["shop"]
