"""Every example in botocore's data of a modelled service (`examples-1.json`), run on what it presupposes.

A preparation makes what an example's input names and says which literals of the examples stand for ids that AWS makes.
The answer has all members of the example's output; values are compared where the input or the preparation determines
them, and where they are choices (enums, booleans). What AWS answers otherwise today is listed here with the reason.
"""

import importlib.util
import io
import json
import re
from pathlib import Path

import pytest

boto3 = pytest.importorskip("boto3")
from botocore import xform_name  # noqa: E402
from botocore.exceptions import ClientError, DataNotFoundError  # noqa: E402
from botocore.session import get_session  # noqa: E402
from botocore.utils import calculate_tree_hash  # noqa: E402

from awsim.errors import AWSError  # noqa: E402
from awsim.gateway.plan import plan_for  # noqa: E402

POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["sts:AssumeRole", "sts:TagSession"]}],
    }
)
REPLICATION = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"},
        ],
    }
)


class World:
    """What an example runs on: the Cloud, what its literals stand for, and whose keys it uses."""

    def __init__(self, aws, region, account):
        self.aws, self.region, self.account = aws, region, account
        self.stands_for = {}  # literal of the examples -> what it is here
        self.keys = {"aws_access_key_id": account, "aws_secret_access_key": "secret"}

    def call(self, service, operation, account=None, region=None, **parameters):
        return self.aws.call(
            service, operation, account=account or self.account, region=region or self.region, **parameters
        )

    def as_user(self, name):
        """The example is a call of this IAM user."""
        key = self.call("iam", "CreateAccessKey", UserName=name)["AccessKey"]
        self.keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}

    def act_as(self, credentials):
        self.keys = {
            "aws_access_key_id": credentials["AccessKeyId"],
            "aws_secret_access_key": credentials["SecretAccessKey"],
            "aws_session_token": credentials["SessionToken"],
        }

    def invite(self, account):
        """An account of the organization that was invited to it."""
        target = {"Id": account, "Type": "ACCOUNT"}
        asked = self.call("organizations", "InviteAccountToOrganization", Target=target)["Handshake"]
        self.call("organizations", "AcceptHandshake", account=account, HandshakeId=asked["Id"])

    def guard(self, document):
        """The organization's root allows what `document` does and no more."""
        root = {"TargetId": self.stands_for["r-examplerootid111"]}
        kind = {"Type": "SERVICE_CONTROL_POLICY", "Name": "Few", "Description": ""}
        made = self.call("organizations", "CreatePolicy", Content=document, **kind)["Policy"]["PolicySummary"]
        self.call("organizations", "AttachPolicy", PolicyId=made["Id"], **root)
        self.call("organizations", "DetachPolicy", PolicyId="p-FullAWSAccess", **root)

    def real(self, value):
        """`value` with every literal replaced by what it stands for, the longest first."""
        if isinstance(value, dict):
            return {self.real(key): self.real(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.real(inner) for inner in value]
        if isinstance(value, str):
            for literal in sorted(self.stands_for, key=len, reverse=True):
                value = value.replace(literal, self.stands_for[literal])
        return value


# --- DynamoDB

MUSIC = {
    "AttributeDefinitions": [
        {"AttributeName": "Artist", "AttributeType": "S"},
        {"AttributeName": "SongTitle", "AttributeType": "S"},
    ],
    "KeySchema": [
        {"AttributeName": "Artist", "KeyType": "HASH"},
        {"AttributeName": "SongTitle", "KeyType": "RANGE"},
    ],
    "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
}
SONGS = (
    ("No One You Know", "Call Me Today", "Somewhat Famous"),
    ("Acme Band", "Happy Day", "Songs About Life"),
    ("No One You Know", "Scared of My Shadow", "Blue Sky Blues"),
)
FORUM = {
    "AttributeDefinitions": [
        {"AttributeName": "ForumName", "AttributeType": "S"},
        {"AttributeName": "Subject", "AttributeType": "S"},
    ],
    "KeySchema": [
        {"AttributeName": "ForumName", "KeyType": "HASH"},
        {"AttributeName": "Subject", "KeyType": "RANGE"},
    ],
    "BillingMode": "PAY_PER_REQUEST",
}


def dynamodb(world, example, given):
    tables = {"CreateTable": (), "ListTables": ("Forum", "ProductCatalog", "Reply", "Thread")}
    for name in tables.get(example.partition("[")[0], ("Music", "MusicCollection")):
        world.call("dynamodb", "CreateTable", TableName=name, **MUSIC)
        if example.startswith(("DescribeTable", "DeleteTable", "UpdateTable")):  # their outputs tell of changes
            for units in (4, 6, 5):
                capacity = {"ReadCapacityUnits": units, "WriteCapacityUnits": units}
                world.call("dynamodb", "UpdateTable", TableName=name, ProvisionedThroughput=capacity)
    if example.startswith(("CreateTable", "ListTables")):
        return
    for artist, song, album in SONGS:
        item = {"Artist": {"S": artist}, "SongTitle": {"S": song}, "AlbumTitle": {"S": album}}
        world.call("dynamodb", "PutItem", TableName="Music", Item=item)


def dynamodbstreams(world, example, given):
    view = "NEW_AND_OLD_IMAGES" if example.startswith("DescribeStream") else "KEYS_ONLY"
    streaming = {"StreamEnabled": True, "StreamViewType": view}
    made = world.call("dynamodb", "CreateTable", TableName="Forum", **FORUM, StreamSpecification=streaming)
    key = {"ForumName": {"S": "DynamoDB"}, "Subject": {"S": "DynamoDB Thread 3"}}
    world.call("dynamodb", "PutItem", TableName="Forum", Item=key)
    world.call("dynamodb", "PutItem", TableName="Forum", Item={**key, "Views": {"N": "1"}})
    world.call("dynamodb", "DeleteItem", TableName="Forum", Key=key)
    stream = made["TableDescription"]["LatestStreamArn"]
    if example.startswith("DescribeStream"):  # its output has shards that were opened and closed
        world.aws.clock.advance(hours=9)
        world.call("dynamodb", "PutItem", TableName="Forum", Item=key)
    found = world.call("dynamodbstreams", "DescribeStream", StreamArn=stream)["StreamDescription"]
    shard = found["Shards"][0]["ShardId"]
    iterator = world.call(
        "dynamodbstreams", "GetShardIterator", StreamArn=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    arn = "arn:aws:dynamodb:us-west-2:111122223333:table/Forum/stream/2015-05-20T20:51:10.252"
    world.stands_for |= {
        arn: stream,
        "00000001414576573621-f55eea83": shard,
    }
    if example.startswith("GetRecords"):
        world.stands_for[f"{arn}|1|AAAAAAAAAAEvJp6D+zaQ...  <remaining characters omitted> ..."] = iterator


# --- S3


def s3(world, example, given):
    operation = example.partition("[")[0]
    bucket = given.get("Bucket", "").lower()
    if bucket != given.get("Bucket", ""):
        given["Bucket"] = bucket
    if not bucket:
        bucket = given["Bucket"] = "examplebucket"

    def put(key, body=b"x" * 43, into=bucket, **more):
        return world.call("s3", "PutObject", Bucket=into, Key=key, Body=body, **more)

    def make(name):
        world.call("s3", "CreateBucket", Bucket=name, CreateBucketConfiguration={"LocationConstraint": world.region})

    def configure(name, **parameters):
        return world.call("s3", name, Bucket=bucket, **parameters)

    def version(status="Enabled"):
        configure("PutBucketVersioning", VersioningConfiguration={"Status": status})

    if operation == "CreateBucket":
        if example == "CreateBucket[1]":
            world.region = "us-east-1"
        else:
            world.region = "eu-west-1"
        return
    make(bucket)
    key = given.get("Key")
    match operation:
        case "AbortMultipartUpload" | "CompleteMultipartUpload" | "ListParts" | "UploadPart" | "UploadPartCopy":
            upload = configure("CreateMultipartUpload", Key=key)["UploadId"]
            world.stands_for[given["UploadId"]] = upload
            if operation in ("CompleteMultipartUpload", "ListParts"):
                for number in (1, 2):
                    body = b"x" * 5 * 1024 * 1024
                    part = configure("UploadPart", Key=key, UploadId=upload, PartNumber=number, Body=body)
                world.stands_for['"d8c2eafd90c266e19ab9dcacc479f8af"'] = part["ETag"]
            if operation == "UploadPartCopy":
                make("bucketname")
                put("sourceobjectkey", b"x" * 6_000_000, "bucketname")
        case "CopyObject":
            make("sourcebucket")
            put("HappyFacejpg", into="sourcebucket")
        case "DeleteObject" | "GetObjectAcl" | "PutObjectAcl" | "GetObjectTorrent":
            put(key)
        case "PutObjectTagging" | "HeadObject":
            put(key)
            version()
        case "RestoreObject":
            put(key, StorageClass="GLACIER")
        case "DeleteObjectTagging" | "GetObjectTagging":
            wanted = given.get("VersionId")
            if wanted:
                version()
            made = put(key, Tagging="Key1=Value1" if wanted else "Key3=Value3&Key4=Value4")
            version()
            if wanted:
                world.stands_for[wanted] = made["VersionId"]
        case "DeleteObjects":
            version()
            for item in given["Delete"]["Objects"]:
                made = put(item["Key"])
                if "VersionId" in item:
                    world.stands_for[item["VersionId"]] = made["VersionId"]
        case "GetObject":
            put(key, b"x" * 43 if "Range" in given else b"x" * 3191, Tagging="a=1&b=2", ContentType="text/plain")
            version()
        case "ListMultipartUploads":
            keys = ("nextkeyfrompreviousresponse", "someobjectkey", "t") if "KeyMarker" in given else ("JavaFile",) * 2
            for each in (*keys, keys[-1]):
                upload = configure("CreateMultipartUpload", Key=each)["UploadId"]
                world.stands_for.setdefault("valuefrompreviousresponse", upload)
        case "ListObjectVersions":
            version()
            put("HappyFace.jpg")
            put("HappyFace.jpg")
        case "ListObjects" | "ListObjectsV2":
            for each in ("example1.jpg", "example2.jpg", "happyface.jpg", "test.jpg"):
                put(each)
        case "PutObject":
            version()
        case "PutBucketLogging":
            make("targetbucket")
            with_lists = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
            world.call("s3", "PutBucketOwnershipControls", Bucket="targetbucket", OwnershipControls=with_lists)
            world.call("s3", "PutBucketAcl", Bucket="targetbucket", ACL="log-delivery-write")
        case "PutBucketNotificationConfiguration" | "GetBucketNotification":
            topic = world.call("sns", "CreateTopic", Name="s3-notification-topic")["TopicArn"]
            allowed = {
                "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"},
                "Action": "sns:Publish", "Resource": topic,
            }  # fmt: skip
            policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
            world.call("sns", "SetTopicAttributes", TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
            queue = world.call("sqs", "CreateQueue", QueueName="S3ObjectCreatedEventQueue")["QueueUrl"]
            arn = f"arn:aws:sqs:{world.region}:{world.account}:S3ObjectCreatedEventQueue"
            allowed |= {"Action": "sqs:SendMessage", "Resource": arn}
            policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
            world.call("sqs", "SetQueueAttributes", QueueUrl=queue, Attributes={"Policy": policy})
            if operation == "GetBucketNotification":
                configure(
                    "PutBucketNotificationConfiguration",
                    NotificationConfiguration={
                        "TopicConfigurations": [{"Events": ["s3:ObjectCreated:Copy"], "TopicArn": topic}],
                        "QueueConfigurations": [{"Events": ["s3:ObjectCreated:Put"], "QueueArn": arn}],
                    },
                )
        case "PutBucketReplication" | "GetBucketReplication":
            version()
            make("destinationbucket")
            enabled = {"Status": "Enabled"}
            world.call("s3", "PutBucketVersioning", Bucket="destinationbucket", VersioningConfiguration=enabled)
            world.call("iam", "CreateRole", RoleName="examplerole", AssumeRolePolicyDocument=REPLICATION)
            if operation == "GetBucketReplication":
                rule = {
                    "Destination": {"Bucket": "arn:aws:s3:::destinationbucket"}, "Prefix": "Tax", "Status": "Enabled"
                }  # fmt: skip
                role = f"arn:aws:iam::{world.account}:role/examplerole"
                configure("PutBucketReplication", ReplicationConfiguration={"Role": role, "Rules": [rule]})
        case "GetBucketCors":
            rule = {"AllowedHeaders": ["Authorization"], "AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}
            configure("PutBucketCors", CORSConfiguration={"CORSRules": [{**rule, "MaxAgeSeconds": 3000}]})
        case "GetBucketLifecycle" | "GetBucketLifecycleConfiguration":
            rule = {"Prefix": "TaxDocs", "Status": "Enabled", "ID": "Rule for TaxDocs/"}
            if operation == "GetBucketLifecycle":
                rule["Expiration"] = {"Days": 1}
            else:
                rule["Transitions"] = [{"Days": 365, "StorageClass": "STANDARD_IA"}]
            configure("PutBucketLifecycleConfiguration", LifecycleConfiguration={"Rules": [rule]})
        case "GetBucketPolicy":
            world.call("s3", "DeletePublicAccessBlock", Bucket=bucket)
            document = json.loads(POLICY)
            document["Statement"][0] |= {"Principal": "*", "Resource": f"arn:aws:s3:::{bucket}/*"}
            configure("PutBucketPolicy", Policy=json.dumps(document))
        case "GetBucketTagging":
            tags = [{"Key": f"key{number}", "Value": f"value{number}"} for number in (1, 2)]
            configure("PutBucketTagging", Tagging={"TagSet": tags})
        case "GetBucketVersioning":
            configure("PutBucketVersioning", VersioningConfiguration={"Status": "Enabled", "MFADelete": "Disabled"})
        case "GetBucketWebsite":
            pages = {"ErrorDocument": {"Key": "error.html"}, "IndexDocument": {"Suffix": "index.html"}}
            configure("PutBucketWebsite", WebsiteConfiguration=pages)
    owner = world.call("s3", "ListBuckets")["Owner"]["ID"]
    world.stands_for["examplee7a2f25102679df27bb0ae12b3f85be6f290b936c4393484"] = owner
    if "ACL" in given or "Acl" in operation:
        configure("DeletePublicAccessBlock")
        configure("PutBucketOwnershipControls", OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    if operation == "GetObjectAcl":
        mine = {"Type": "CanonicalUser", "ID": owner}
        grants = [{"Grantee": mine, "Permission": name} for name in ("WRITE", "WRITE_ACP", "READ", "READ_ACP")]
        configure("PutObjectAcl", Key=key, AccessControlPolicy={"Owner": {"ID": owner}, "Grants": grants})


# --- IAM and STS


def iam(world, example, given):
    operation = example.partition("[")[0]

    def call(name, **parameters):
        return world.call("iam", name, **parameters)

    for member, make in {"UserName": "User", "GroupName": "Group", "InstanceProfileName": "InstanceProfile"}.items():
        if member in given and operation != f"Create{make}":
            call(f"Create{make}", **{member: given[member]})
    if "RoleName" in given and operation != "CreateRole":
        call("CreateRole", RoleName=given["RoleName"], AssumeRolePolicyDocument=TRUST)
    user = {"UserName": given.get("UserName")}
    match operation:
        case "AddClientIDToOpenIDConnectProvider":
            call("CreateOpenIDConnectProvider", Url="https://server.example.com", ClientIDList=["a"])
        case "ChangePassword":
            call("CreateUser", UserName="Bob")
            call("CreateLoginProfile", UserName="Bob", Password=given["OldPassword"])
            call("UpdateAccountPasswordPolicy", AllowUsersToChangePassword=True)
            world.as_user("Bob")
        case "DeleteAccessKey" | "UpdateAccessKey":
            world.stands_for[given["AccessKeyId"]] = call("CreateAccessKey", **user)["AccessKey"]["AccessKeyId"]
        case "ListAccessKeys":
            call("CreateAccessKey", **user)
        case "DeleteAccountAlias" | "ListAccountAliases":
            call("CreateAccountAlias", AccountAlias=given.get("AccountAlias", "example-corporation"))
        case "DeleteAccountPasswordPolicy":
            call("UpdateAccountPasswordPolicy", MinimumPasswordLength=8)
        case "GetAccountPasswordPolicy":
            call(
                "UpdateAccountPasswordPolicy", MinimumPasswordLength=8, MaxPasswordAge=90, PasswordReusePrevention=12,
                RequireNumbers=True, RequireSymbols=True, HardExpiry=False,
            )  # fmt: skip
        case "DeleteGroupPolicy" | "ListGroupPolicies":
            call("PutGroupPolicy", GroupName="Admins", PolicyName="ExamplePolicy", PolicyDocument=POLICY)
        case "DeleteRolePolicy":
            call("PutRolePolicy", RoleName="Test-Role", PolicyName="ExamplePolicy", PolicyDocument=POLICY)
        case "DeleteUserPolicy":
            call("PutUserPolicy", **user, PolicyName="ExamplePolicy", PolicyDocument=POLICY)
        case "DeleteLoginProfile" | "GetLoginProfile" | "UpdateLoginProfile":
            call("CreateLoginProfile", **user, Password="3s0K_;xh4~8XXI")
        case "DeleteSigningCertificate" | "UpdateSigningCertificate" | "ListSigningCertificates":
            made = call("UploadSigningCertificate", **user, CertificateBody=pem().LEAF)["Certificate"]
            world.stands_for["TA7SMP42TDN5Z26OBPJE7EXAMPLE"] = made["CertificateId"]
        case "DeleteVirtualMFADevice" | "ListVirtualMFADevices":
            call("CreateVirtualMFADevice", VirtualMFADeviceName="ExampleName")
        case "GenerateServiceLastAccessedDetails":
            call("CreatePolicy", PolicyName="ExamplePolicy1", PolicyDocument=POLICY)
        case "GetServiceLastAccessedDetails" | "GetServiceLastAccessedDetailsWithEntities":
            document = POLICY.replace('"s3:*"', '["s3:*", "iam:*"]')
            policy = call("CreatePolicy", PolicyName="ExamplePolicy1", PolicyDocument=document)["Policy"]["Arn"]
            used = call("CreateUser", UserName="AWSExampleUser01")["User"]["Arn"]
            call("CreateRole", RoleName="AWSExampleRole01", AssumeRolePolicyDocument=TRUST)
            call("AttachUserPolicy", UserName="AWSExampleUser01", PolicyArn=policy)
            call("AttachRolePolicy", RoleName="AWSExampleRole01", PolicyArn=policy)
            world.aws.call("iam", "ListUsers", caller=used, account=world.account)
            world.stands_for[given["JobId"]] = call("GenerateServiceLastAccessedDetails", Arn=policy)["JobId"]
        case "GenerateOrganizationsAccessReport" | "GetOrganizationsAccessReport":
            organize(world)
            world.invite(MEMBER)
            world.call("iam", "ListUsers", account=MEMBER)
            few = POLICY.replace('"s3:*"', '["s3:*", "iam:*"]')
            world.guard(few)
            path = f"{world.stands_for['o-exampleorgid']}/{world.stands_for['r-examplerootid111']}"
            world.stands_for["o-a1b2c3d4e5/r-f6g7h8i9j0example/ou-1a2b3c-k9l8m7n6o5example"] = path
            if "JobId" in given:
                made = call("GenerateOrganizationsAccessReport", EntityPath=path)
                world.stands_for["examplea-1234-b567-cde8-90fg123abcd4"] = made["JobId"]
        case "GetInstanceProfile" | "RemoveRoleFromInstanceProfile":
            if operation == "GetInstanceProfile":
                call("CreateRole", RoleName="Test-Role", AssumeRolePolicyDocument=TRUST)
            call("AddRoleToInstanceProfile", InstanceProfileName="ExampleInstanceProfile", RoleName="Test-Role")
        case "GetRole":
            role = f"arn:aws:iam::{world.account}:role/Test-Role"
            taken = world.call("sts", "AssumeRole", RoleArn=role, RoleSessionName="app")["AssumedRoleUser"]["Arn"]
            world.aws.call("sts", "GetCallerIdentity", caller=taken, account=world.account)
        case "ListGroups" | "ListGroupsForUser":
            call("CreateGroup", GroupName="Managers", Path="/division_abc/subdivision_xyz/product_1234/")
            call("CreateGroup", GroupName="Test", Path="/division_abc/subdivision_xyz/product_1234/engineering/")
            call("CreateGroup", GroupName="Admins", Path="/division_abc/subdivision_xyz/")
            if operation == "ListGroupsForUser":
                call("AddUserToGroup", **user, GroupName="Managers")
        case "ListPoliciesGrantingServiceAccess":
            call("CreateUser", UserName="ExampleUser01")
            call("CreateGroup", GroupName="AWSExampleGroup1")
            call("AddUserToGroup", UserName="ExampleUser01", GroupName="AWSExampleGroup1")
            document = POLICY.replace("s3:*", "iam:*")
            call(
                "PutGroupPolicy",
                GroupName="AWSExampleGroup1",
                PolicyName="ExampleGroup1Policy",
                PolicyDocument=document,
            )
            for name in ("Iam", "Ec2"):
                document = POLICY.replace("s3:*", f"{name.lower()}:*")
                arn = call("CreatePolicy", PolicyName=f"Example{name}Policy", PolicyDocument=document)["Policy"]["Arn"]
                call("AttachUserPolicy", UserName="ExampleUser01", PolicyArn=arn)
        case "ListRoleTags" | "UntagRole":
            call("TagRole", RoleName=given["RoleName"], Tags=[{"Key": "Dept", "Value": "12345"}])
        case "ListUserTags" | "UntagUser":
            call("TagUser", **user, Tags=[{"Key": "Dept", "Value": "12345"}])
        case "ListUsers":
            call("CreateUser", UserName="Juan", Path="/division_abc/subdivision_xyz/engineering/")
        case "RemoveUserFromGroup":
            call("AddUserToGroup", **user, GroupName="Admins")
        case "UploadSigningCertificate":
            given["CertificateBody"] = pem().LEAF
        case "UploadServerCertificate":
            given |= {"CertificateBody": pem().LEAF, "PrivateKey": pem().LEAF_KEY}
        case "CreateRole":
            given["AssumeRolePolicyDocument"] = TRUST


def sts(world, example, given):
    def role(name, trust=TRUST):
        world.call("iam", "CreateRole", RoleName=name, AssumeRolePolicyDocument=trust)
        return f"arn:aws:iam::{world.account}:role/{name}"

    match example:
        case "AssumeRole[0]":
            role("demo")
        case "AssumeRoleWithWebIdentity[0]":
            trust = TRUST.replace("sts:AssumeRole", "sts:AssumeRoleWithWebIdentity")
            role("FederatedWebIdentityRole", trust.replace('"AWS": "*"', '"Federated": "www.amazon.com"'))
        case "GetCallerIdentity[0]":
            made = world.call("iam", "CreateUser", UserName="Alice")["User"]
            world.stands_for["AKIAI44QH8DHBEXAMPLE"] = made["UserId"]
            world.as_user("Alice")
        case "GetCallerIdentity[1]":
            arn = role("my-role-name")
            made = world.call("sts", "AssumeRole", RoleArn=arn, RoleSessionName="my-role-session-name")
            world.stands_for["AKIAI44QH8DHBEXAMPLE:my-role-session-name"] = made["AssumedRoleUser"]["AssumedRoleId"]
            world.act_as(made["Credentials"])
        case "GetCallerIdentity[2]":
            world.call("iam", "CreateUser", UserName="Alice")
            made = world.call("sts", "GetFederationToken", Name="my-federated-user-name")
            world.act_as(made["Credentials"])
        case "GetSessionToken[0]":
            world.call("iam", "CreateUser", UserName="Alice")
            world.as_user("Alice")


def pem():
    """The certificates of the tests of IAM."""
    path = Path(__file__).parent.parent / "services" / "iam" / "pem.py"
    spec = importlib.util.spec_from_file_location("awsim_tests_pem", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- Organizations

MEMBER = "222222222222"
UNIT = "ou-examplerootid111-exampleouid111"


def organize(world):
    """The organization of all its examples: account 1 manages it, 222222222222 stands outside."""

    def call(operation, **parameters):
        return world.call("organizations", operation, **parameters)

    made = call("CreateOrganization")["Organization"]
    root = call("ListRoots")["Roots"][0]["Id"]
    unit = call("CreateOrganizationalUnit", ParentId=root, Name="Accounting Group")["OrganizationalUnit"]["Id"]
    world.stands_for |= {"o-exampleorgid": made["Id"], "r-examplerootid111": root, UNIT: unit}
    return call


def organizations(world, example, given):
    operation = example.partition("[")[0]
    if operation == "CreateOrganization":
        return
    if operation == "EnableAllFeatures":
        world.call("organizations", "CreateOrganization", FeatureSet="CONSOLIDATED_BILLING")
        world.invite(MEMBER)
        return
    call = organize(world)
    names = world.stands_for
    root, unit = names["r-examplerootid111"], names[UNIT]

    if operation == "EnablePolicyType":
        call("DisablePolicyType", RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    if operation not in ("EnablePolicyType", "DisablePolicyType"):
        made = call(
            "CreatePolicy", Content=POLICY, Description="", Name="AllowAllS3", Type="SERVICE_CONTROL_POLICY"
        )["Policy"]["PolicySummary"]  # fmt: skip
        names["p-examplepolicyid111"] = made["Id"]
    account = "333333333333"
    if "Handshake" in operation:
        account = MEMBER
    if operation not in ("DeleteOrganizationalUnit", "InviteAccountToOrganization"):
        asked = call("InviteAccountToOrganization", Target={"Id": account, "Type": "ACCOUNT"}, Notes="Come")[
            "Handshake"
        ]
        names["h-examplehandshakeid111"] = asked["Id"]
        if "Handshake" not in operation:
            world.call("organizations", "AcceptHandshake", account=account, HandshakeId=asked["Id"])
    match operation:
        case "AcceptHandshake" | "DeclineHandshake" | "ListHandshakesForAccount":
            world.keys["aws_access_key_id"] = account
        case "LeaveOrganization":
            world.keys["aws_access_key_id"] = account
        case "DetachPolicy" | "ListPoliciesForTarget":
            for target in (unit, account):
                call("AttachPolicy", PolicyId=names["p-examplepolicyid111"], TargetId=target)
        case "DescribeCreateAccountStatus" | "ListCreateAccountStatus":
            made = call("CreateAccount", AccountName="Developer Test Account", Email="anika@example.com")
            names["car-exampleaccountcreationrequestid"] = made["CreateAccountStatus"]["Id"]
        case "ListAccountsForParent" | "ListParents":
            call("MoveAccount", AccountId=account, SourceParentId=root, DestinationParentId=unit)
        case "ListChildren":
            call("CreateOrganizationalUnit", ParentId=unit, Name="Below")
        case "CreateOrganizationalUnit":
            del names[UNIT]
        case "CreatePolicy" | "UpdatePolicy":
            if "Content" in given:
                given["Content"] = given["Content"].replace('\\"', '"').replace('"s3:*"}', '"s3:*","Resource":"*"}')
    if "444444444444" in json.dumps(given) or "555555555555" in json.dumps(given):
        names |= {"444444444444": account, "555555555555": account}


# --- Glacier


def glacier(world, example, given):
    """A vault of an account that had used Glacier before it closed. Hashes of what the examples don't show are made."""
    world.aws.limits["glacier.closed"] = 0
    operation = example.partition("[")[0]
    for member in ("range", "checksum", "limit", "marker", "archiveDescription"):
        if given.get(member) == "":
            del given[member]

    def call(name, **parameters):
        return world.call("glacier", name, accountId="-", **parameters)

    for topic in ("Glacier-InventoryRetrieval-topic-Example", "mytopic"):
        world.call("sns", "CreateTopic", Name=topic)
    world.stands_for |= dict.fromkeys(("0123456789012", "012345678901", "999999999999"), world.account)
    world.stands_for["arn:aws:sns:us-west-2:111111111111"] = f"arn:aws:sns:us-west-2:{world.account}"
    vault = {"vaultName": given.get("vaultName", "my-vault")}
    if operation == "CreateVault":
        return
    call("CreateVault", **vault)
    piece = b"x" * 1024 * 1024
    match operation:
        case "AbortMultipartUpload" | "CompleteMultipartUpload" | "ListParts" | "UploadMultipartPart":
            upload = call("InitiateMultipartUpload", **vault, partSize=str(len(piece)), archiveDescription="an archive")
            world.stands_for[given["uploadId"]] = upload["uploadId"]
            one = calculate_tree_hash(io.BytesIO(piece))
            if operation == "UploadMultipartPart":
                given |= {"body": piece.decode(), "checksum": one}
            else:
                for number in range(3):
                    place = f"bytes {number * len(piece)}-{(number + 1) * len(piece) - 1}/*"
                    part = {"uploadId": upload["uploadId"], "checksum": one, "range": place}
                    call("UploadMultipartPart", **vault, **part, body=piece)
            if operation == "CompleteMultipartUpload":
                world.stands_for[given["checksum"]] = calculate_tree_hash(io.BytesIO(piece * 3))
        case "ListMultipartUploads":
            call("InitiateMultipartUpload", **vault, partSize=str(len(piece)), archiveDescription="archive 1")
        case "AbortVaultLock" | "CompleteVaultLock" | "GetVaultLock":
            policy = json.loads(POLICY)
            arn = f"arn:aws:glacier:{world.region}:{world.account}:vaults/{vault['vaultName']}"
            policy["Statement"][0] |= {"Principal": "*", "Action": "glacier:DeleteArchive", "Resource": arn}
            lock = call("InitiateVaultLock", **vault, policy={"Policy": json.dumps(policy)})["lockId"]
            if "lockId" in given:
                world.stands_for[given["lockId"]] = lock
        case "InitiateVaultLock" | "SetVaultAccessPolicy" | "GetVaultAccessPolicy":
            told = examples_of("glacier")
            document = json.loads(told["SetVaultAccessPolicy"][0]["input"]["policy"]["Policy"])
            document["Statement"][0]["Principal"] = {"AWS": f"arn:aws:iam::{world.account}:root"}
            document["Statement"][0]["Resource"] = (
                f"arn:aws:glacier:{world.region}:{world.account}:vaults/{vault['vaultName']}"
            )
            if operation == "GetVaultAccessPolicy":
                call("SetVaultAccessPolicy", **vault, policy={"Policy": json.dumps(document)})
        case "AddTagsToVault" | "ListTagsForVault" | "RemoveTagsFromVault":
            tags = dict.fromkeys(("examplekey1", "examplekey2", "date", "id"), "x")
            if operation != "AddTagsToVault":
                call("AddTagsToVault", **vault, Tags=tags)
        case "DeleteArchive" | "ListVaults" | "ListJobs":
            world.aws.limits["glacier.retrieval-standard"] = 5 * 3600  # which are in progress
            made = call("UploadArchive", **vault, body=piece, checksum=calculate_tree_hash(io.BytesIO(piece)))
            if "archiveId" in given:
                world.stands_for[given["archiveId"]] = made["archiveId"]
            if operation == "ListVaults":
                world.aws.clock.advance(hours=48)
            if operation == "ListJobs":
                world.aws.clock.advance(hours=48)
                topic = {"SNSTopic": f"arn:aws:sns:{world.region}:{world.account}:mytopic", "Description": "one"}
                asked = {"Type": "archive-retrieval", "ArchiveId": made["archiveId"], **topic}
                call("InitiateJob", **vault, jobParameters=asked)
                call("InitiateJob", **vault, jobParameters={"Type": "inventory-retrieval", **topic})
        case "DescribeJob" | "GetJobOutput" | "InitiateJob":
            call("UploadArchive", **vault, body=piece, checksum=calculate_tree_hash(io.BytesIO(piece)))
            world.aws.clock.advance(hours=48)
            if operation == "InitiateJob":
                return
            if operation == "DescribeJob":
                world.aws.limits["glacier.retrieval-standard"] = 5 * 3600
            job = call("InitiateJob", **vault, jobParameters={"Type": "inventory-retrieval", "Format": "JSON"})["jobId"]
            world.stands_for[given["jobId"]] = job
            if operation == "GetJobOutput":
                world.aws.clock.advance(hours=6)
        case "GetVaultNotifications" | "DeleteVaultNotifications":
            events = ["InventoryRetrievalCompleted", "ArchiveRetrievalCompleted"]
            topic = f"arn:aws:sns:{world.region}:{world.account}:mytopic"
            call("SetVaultNotifications", **vault, vaultNotificationConfig={"SNSTopic": topic, "Events": events})
        case "GetDataRetrievalPolicy":
            rule = {"BytesPerHour": 10737418240, "Strategy": "BytesPerHour"}
            call("SetDataRetrievalPolicy", Policy={"Rules": [rule]})
        case "ListProvisionedCapacity":
            call("PurchaseProvisionedCapacity")


def application_autoscaling(world, example, given):
    """A service of ECS, which all its examples scale, and a policy."""
    world.call("ecs", "CreateCluster")
    container = {"name": "web", "image": "httpd", "essential": True}
    world.call(
        "ecs",
        "RegisterTaskDefinition",
        family="web",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[container],
    )
    subnet = world.call("ec2", "DescribeSubnets")["Subnets"][0]["SubnetId"]
    world.call(
        "ecs",
        "CreateService",
        serviceName="web-app",
        taskDefinition="web",
        desiredCount=1,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet]}},
    )
    if example.startswith("RegisterScalableTarget"):
        return
    place = {
        "ServiceNamespace": "ecs",
        "ResourceId": "service/default/web-app",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    world.call("application-autoscaling", "RegisterScalableTarget", **place, MinCapacity=1, MaxCapacity=10)
    if example.startswith("PutScalingPolicy"):
        return
    steps = {"AdjustmentType": "PercentChangeInCapacity", "Cooldown": 60}
    steps["StepAdjustments"] = [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 200}]
    policy = world.call(
        "application-autoscaling",
        "PutScalingPolicy",
        **place,
        PolicyName="web-app-cpu-lt-25",
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration=steps,
    )
    world.call(
        "cloudwatch",
        "PutMetricAlarm",
        AlarmName="web-app-cpu-lt-25",
        Namespace="AWS/ECS",
        MetricName="CPUUtilization",
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=25,
        ComparisonOperator="LessThanThreshold",
        AlarmActions=[policy["PolicyARN"]],
    )
    world.call(
        "cloudwatch", "SetAlarmState", AlarmName="web-app-cpu-lt-25", StateValue="ALARM", StateReason="it is told so"
    )


_KEY, _OTHER_KEY = "1234abcd-12ab-34cd-56ef-1234567890ab", "0987dcba-09fe-87dc-65ba-ab0987654321"
_EXTERNAL = {"Origin": "EXTERNAL"}
# What the key of an example has to be.
_KEYS_OF_EXAMPLES = {
    "DescribeKey[1]": {"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"},
    "DescribeKey[2]": {"MultiRegion": True, "region": "us-west-2"},
    "DescribeKey[3]": {"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"},
    "GenerateMac[0]": {"KeySpec": "HMAC_384", "KeyUsage": "GENERATE_VERIFY_MAC"},
    "VerifyMac[0]": {"KeySpec": "HMAC_384", "KeyUsage": "GENERATE_VERIFY_MAC"},
    "GetPublicKey[0]": {"KeySpec": "RSA_4096", "KeyUsage": "ENCRYPT_DECRYPT"},
    "Sign[0]": {"KeySpec": "ECC_NIST_P384", "KeyUsage": "SIGN_VERIFY"},
    "Verify[0]": {"KeySpec": "ECC_NIST_P384", "KeyUsage": "SIGN_VERIFY"},
    "ReplicateKey[0]": {"MultiRegion": True},
    "DeleteImportedKeyMaterial[0]": _EXTERNAL,
    "GetParametersForImport[0]": _EXTERNAL,
    "ImportKeyMaterial[0]": _EXTERNAL,
}


def kms(world, example, given):
    """A key, one for the rest, an alias, a grant, a key store."""
    number = int(example.rpartition("[")[2][:-1])
    told = json.dumps(examples_of("kms")[example.partition("[")[0]][number])
    regions = re.findall(r"arn:aws:kms:([a-z0-9-]+):(\d+):", json.dumps(given)) or re.findall(
        r"arn:aws:kms:([a-z0-9-]+):(\d+):", told
    )
    if regions:
        world.region, world.account = regions[0]
    if example == "DescribeKey[3]":
        world.stands_for["123456789012"] = world.account
    world.keys["aws_access_key_id"] = world.account

    def key(**more):
        return world.call("kms", "CreateKey", **more)["KeyMetadata"]["KeyId"]

    tags = [{"TagKey": name, "TagValue": "x"} for name in ("Purpose", "CostCenter", "CreatedBy")]
    if example.startswith("CreateKey"):
        pass
    elif example not in ("ListKeys[0]", "ListAliases[0]"):
        mine = key(**_KEYS_OF_EXAMPLES.get(example, {}), Tags=tags)
        world.stands_for[_KEY] = mine
        world.stands_for["mrk-1234abcd12ab34cd56ef1234567890ab"] = mine
        world.stands_for[_OTHER_KEY] = mine if example == "GetPublicKey[0]" else key()
        aliased = {"AliasName": "alias/ECC_signing_key" if example[:2] in ("Si", "Ve") else "alias/ExampleAlias"}
        if example not in ("CreateAlias[0]", "DescribeKey[2]"):
            world.call("kms", "CreateAlias", **aliased, TargetKeyId=mine)
    else:
        world.call("kms", "CreateAlias", AliasName="alias/a", TargetKeyId=key())
    role = "arn:aws:iam::111122223333:role/ExampleRole"
    for name in ("ExampleRole", "ExampleAdminRole", "ExamplePowerUserRole"):
        document = {"RoleName": name, "AssumeRolePolicyDocument": TRUST}
        world.call("iam", "CreateRole", account="111122223333", **document)
    world.call("iam", "CreateUser", account="111122223333", UserName="ExampleAdminUser")
    if "Grant" in example and example != "CreateGrant[0]":
        terms = {"GranteePrincipal": role, "RetiringPrincipal": role, "Operations": ["Encrypt", "Decrypt"]}
        made = world.call("kms", "CreateGrant", KeyId=mine, Name="x", **terms)
        world.stands_for["0c237476b39f8bc44e45212e08498fbe3151305030726c0590dd8d3e9f3d6a60"] = made["GrantId"]
    if example == "CancelKeyDeletion[0]":
        world.call("kms", "ScheduleKeyDeletion", KeyId=mine)
    if example == "DescribeKey[1]":
        world.call("kms", "DisableKey", KeyId=mine)
    if example == "DescribeKey[2]":
        for region in ("eu-west-1", "ap-northeast-1", "sa-east-1"):
            world.call("kms", "ReplicateKey", region="us-west-2", KeyId=mine, ReplicaRegion=region)
    if example == "GetKeyRotationStatus[0]":
        world.call("kms", "EnableKeyRotation", KeyId=mine)
    if "CustomKeyStore" in example or example == "CreateKey[5]":
        _key_store(world, example)


def _key_store(world, example):
    world.stands_for["cluster-1a23b4cdefg"] = "cluster-aa23b4cdefg"  # by its pattern there is no 1 in an id
    if example == "CreateCustomKeyStore[0]":
        return
    store = world.call(
        "kms",
        "CreateCustomKeyStore",
        CustomKeyStoreName="ExampleKeyStore",
        CloudHsmClusterId="cluster-aa23b4cdefg",
        TrustAnchorCertificate="certificate",
        KeyStorePassword="password",
    )["CustomKeyStoreId"]
    world.stands_for["cks-1234567890abcdef0"] = store
    if example in ("CreateKey[5]", "DisconnectCustomKeyStore[0]", "DescribeCustomKeyStores[1]"):
        world.call("kms", "ConnectCustomKeyStore", CustomKeyStoreId=store)


PREPARE = {
    "application-autoscaling": (application_autoscaling, "us-west-2", "012345678910"),
    "dynamodb": (dynamodb, "us-west-2", "111122223333"),
    "dynamodbstreams": (dynamodbstreams, "us-west-2", "111122223333"),
    "glacier": (glacier, "us-west-2", "111122223333"),
    "iam": (iam, "us-east-1", "123456789012"),
    "kms": (kms, "us-east-2", "111122223333"),
    "organizations": (organizations, "us-east-1", "111111111111"),
    "s3": (s3, "us-west-2", "123456789012"),
    "sts": (sts, "us-east-1", "123456789012"),
}
NO_NAMES = "S3 tells no display names of owners since November 2025"
BY_ID = "invited by its account id here"
PLACEHOLDER = "what it gives is a placeholder"
REFUSED = {  # example -> (code, why)
    "kms:Decrypt[0]": ("InvalidCiphertextException", PLACEHOLDER),
    "kms:ImportKeyMaterial[0]": ("InvalidImportTokenException", PLACEHOLDER),
    "kms:ReEncrypt[0]": ("InvalidCiphertextException", PLACEHOLDER),
    "kms:Verify[0]": ("KMSInvalidSignatureException", PLACEHOLDER),
    "kms:VerifyMac[0]": ("KMSInvalidMacException", PLACEHOLDER),
    "s3:GetObjectTorrent[0]": ("MethodNotAllowed", "S3 serves no torrents since April 2022"),
    "s3:PutBucketPolicy[0]": ("MalformedPolicy", "its policy is about another bucket"),
    "s3:PutObjectAcl[0]": ("UnexpectedContent", "grants in headers and in the body"),
    "sts:AssumeRoleWithSAML[0]": ("InvalidIdentityToken", "the assertion is no XML"),
    "sts:DecodeAuthorizationMessage[0]": ("InvalidAuthorizationMessageException", "the message is a placeholder"),
}
OTHERWISE = {  # example -> path in its output -> why the answer is otherwise
    "dynamodb:DeleteItem[0]": {"ConsumedCapacity": "not asked for"},
    "glacier:ListMultipartUploads[0]": {"Marker": "there is no other page"},
    "glacier:ListParts[0]": {"Marker": "there is no other page"},
    "iam:GetAccountPasswordPolicy[0]": {"PasswordPolicy.ExpirePasswords": "passwords of a maximum age expire"},
    "iam:ListUsers[0]": {"Users[].PasswordLastUsed": "nobody signs in to the console here"},
    "kms:DescribeKey[2]": {"KeyMetadata.MultiRegionConfiguration.MultiRegionKeyType": "it asks about a replica"},
    "kms:ListGrants[0]": {"Grants[].Operations[]": "fewer are granted", "Truncated": "there is one grant"},
    "kms:ReplicateKey[0]": {
        "ReplicaKeyMetadata.Enabled": "a replica is Creating at first, as the API Reference says",
        "ReplicaKeyMetadata.KeyState": "a replica is Creating at first, as the API Reference says",
    },
    "organizations:AcceptHandshake[0]": {"Handshake.Parties[].Type": BY_ID},
    "organizations:CancelHandshake[0]": {"Handshake.Parties[].Type": BY_ID},
    "organizations:ListChildren[0]": {"Children[].Id": "no unit is below itself"},
    "organizations:ListCreateAccountStatus[1]": {"CreateAccountStatuses[]": "accounts are made at once here"},
    "organizations:ListHandshakesForAccount[0]": {
        "Handshakes[].Parties[].Type": BY_ID,
        "Handshakes[].Resources[].Type": BY_ID,
    },
    "organizations:ListHandshakesForOrganization[0]": {
        "Handshakes[].Parties[].Type": BY_ID,
        "Handshakes[].Resources[].Type": BY_ID,
        "Handshakes[].State": "there is one handshake, and it is open",
    },
    "s3:GetObjectAcl[0]": {"Grants[].Grantee.DisplayName": NO_NAMES, "Owner.DisplayName": NO_NAMES},
    "s3:ListMultipartUploads[0]": {"Uploads[].Owner.DisplayName": NO_NAMES},
    "s3:ListMultipartUploads[1]": {"Uploads[].Owner.DisplayName": NO_NAMES},
    "s3:ListObjectVersions[0]": {"Versions[].Owner.DisplayName": NO_NAMES},
    "s3:ListObjects[0]": {"Contents[].Owner.DisplayName": NO_NAMES, "NextMarker": "only where a delimiter is given"},
    "s3:ListParts[0]": {"Owner.DisplayName": NO_NAMES},
}


def examples_of(service):
    try:
        return get_session().get_component("data_loader").load_service_model(service, "examples-1")["examples"]
    except DataNotFoundError:
        return {}


def modelled(service, operation):
    try:
        plan_for(service, operation)
    except AWSError as error:
        assert error.code == "NotImplemented", error
        return False
    return True


def examples():
    for service in PREPARE:
        for operation, listed in examples_of(service).items():
            if not modelled(service, operation):
                continue
            for number in range(len(listed)):
                yield f"{service}:{operation}[{number}]"


def typed(shape, value):
    """An example's value as boto3 takes it: its JSON writes some numbers and all blobs as strings."""
    match shape.type_name:
        case "structure":
            return {key: typed(shape.members[key], inner) for key, inner in value.items()}
        case "list":
            return [typed(shape.member, inner) for inner in value]
        case "map":
            return {key: typed(shape.value, inner) for key, inner in value.items()}
        case "integer" | "long" if isinstance(value, str):
            return int(value)
        case "blob" if isinstance(value, str):
            return value.encode()
    return value


def leaves(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    else:
        yield value


def unlike(shape, expected, answered, known, path=""):
    """What the answer has otherwise than the example: (path, what) pairs."""
    match shape.type_name:
        case "structure":
            for name, inner in expected.items():
                if name not in shape.members or inner in ("", {}, [], None):
                    continue
                where = f"{path}.{name}".lstrip(".")
                if name not in answered:
                    yield where, "is missing"
                else:
                    yield from unlike(shape.members[name], inner, answered[name], known, where)
        case "list":
            for inner in expected:
                found = [list(unlike(shape.member, inner, each, known, f"{path}[]")) for each in answered]
                yield from min(found, key=len, default=[(f"{path}[]", "is empty")])
        case "map":
            for key, inner in expected.items():
                if key not in answered:
                    yield f"{path}{{{key}}}", "is missing"
                else:
                    yield from unlike(shape.value, inner, answered[key], known, f"{path}{{{key}}}")
        case "string" if (expected in known or shape.enum) and answered != expected:
            yield path, f"is {answered!r}, in the example {expected!r}"
        case "boolean" if answered is not expected and str(answered).lower() != expected:
            yield path, f"is {answered!r}, in the example {expected!r}"


@pytest.mark.parametrize("example", list(examples()))
def test_example(aws, example):
    service, _, name = example.partition(":")
    operation, number = name.rstrip("]").split("[")
    prepare, region, account = PREPARE[service]
    told = json.loads(json.dumps(examples_of(service)[operation][int(number)]))
    world = World(aws, region, account)
    given = told.get("input") or {}
    prepare(world, name, given)

    client = boto3.client(service, region_name=world.region, **world.keys)
    model = client.meta.service_model.operation_model(operation)
    given = world.real(given)
    parameters = typed(model.input_shape, given) if given else {}
    call = getattr(client, xform_name(operation))
    if example in REFUSED:
        with pytest.raises(ClientError) as caught:
            call(**parameters)
        assert caught.value.response["Error"]["Code"] == REFUSED[example][0]
        return
    answer = call(**parameters)
    if told.get("output"):
        known = {leaf for leaf in leaves(given) if isinstance(leaf, str)} | set(world.stands_for.values())
        found = dict(unlike(model.output_shape, world.real(told["output"]), answer, known))
        assert found.keys() == OTHERWISE.get(example, {}).keys(), found
