"""Configurations of buckets: kept, checked, given back."""

import json

import pytest

MALFORMED = "The XML you provided was not well-formed or did not validate against our published schema"
DAY = {"Days": 1}


def test_settings_of_an_unknown_bucket(s3, refused):
    for read in (
        s3.get_bucket_encryption, s3.get_bucket_tagging, s3.get_bucket_cors, s3.get_bucket_policy, s3.get_bucket_acl,
        s3.get_bucket_versioning, s3.get_object_lock_configuration, s3.get_bucket_lifecycle_configuration,
        s3.get_bucket_notification_configuration, s3.delete_bucket_tagging, s3.delete_bucket_encryption,
    ):  # fmt: skip
        with refused("NoSuchBucket", "The specified bucket does not exist", 404, BucketName="missing"):
            read(Bucket="missing")


def test_another_account_reads_no_settings(s3, bucket, other, refused):
    for read in (other.get_bucket_acl, other.get_bucket_policy, other.get_bucket_versioning, other.delete_bucket):
        with refused("AccessDenied", "Access Denied", 403):
            read(Bucket=bucket)


# --- lifecycle


def rule(**more):
    return {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}, **more}


@pytest.fixture
def lifecycle(s3, bucket):
    def put(*rules, **more):
        return s3.put_bucket_lifecycle_configuration(
            Bucket=bucket, LifecycleConfiguration={"Rules": list(rules)}, **more
        )

    return put


@pytest.mark.rule("s3-094", "s3-095")
def test_lifecycle_rules(s3, bucket, lifecycle, refused):
    with refused("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist", 404, BucketName=bucket):
        s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    rules = [
        rule(Expiration={"Days": 7}),
        rule(ID="b", Filter={"Tag": {"Key": "a", "Value": "b"}}, NoncurrentVersionExpiration={"NoncurrentDays": 3}),
        rule(ID="c", Filter={"ObjectSizeGreaterThan": 20}, AbortIncompleteMultipartUpload={"DaysAfterInitiation": 2}),
    ]
    assert lifecycle(*rules)["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"
    answer = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    assert answer["Rules"] == rules
    assert answer["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"
    lifecycle(*rules, TransitionDefaultMinimumObjectSize="varies_by_storage_class")
    answer = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    assert answer["TransitionDefaultMinimumObjectSize"] == "varies_by_storage_class"
    with refused("InvalidRequest", "Invalid TransitionDefaultMinimumObjectSize found: value"):
        lifecycle(*rules, TransitionDefaultMinimumObjectSize="value")
    s3.delete_bucket_lifecycle(Bucket=bucket)
    with refused("NoSuchLifecycleConfiguration", status=404):
        s3.get_bucket_lifecycle_configuration(Bucket=bucket)


def test_a_rule_without_id_gets_one(s3, bucket, lifecycle):
    lifecycle({"Status": "Enabled", "Prefix": "x/", "Expiration": DAY})
    kept = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"][0]
    assert kept["ID"]
    assert kept["Prefix"] == "x/"


@pytest.mark.rule("s3-094")
@pytest.mark.aws(limits={"s3.lifecycle-rules": 2})
def test_the_number_of_rules(lifecycle, refused):
    from awsim.cloud import Cloud

    assert Cloud().limits["s3.lifecycle-rules"] == 1000
    lifecycle(*(rule(ID=str(n), Expiration=DAY) for n in range(2)))
    with refused("InvalidRequest"):
        lifecycle(*(rule(ID=str(n), Expiration=DAY) for n in range(3)))


TAGS = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]


@pytest.mark.parametrize(
    ("bad", "code", "message"),
    [
        (rule(Expiration={"Days": 1, "ExpiredObjectDeleteMarker": True}), "MalformedXML", MALFORMED),
        ({"ID": "r", "Status": "Enabled", "Expiration": DAY}, "MalformedXML", MALFORMED),
        (rule(NoncurrentVersionExpiration={"NewerNoncurrentVersions": 1}), "MalformedXML", MALFORMED),
        (rule(Filter={"Prefix": "a", "Tag": TAGS[0]}, Expiration=DAY), "MalformedXML", MALFORMED),
        (rule(Filter={"And": {"Tags": TAGS}, "Prefix": "a"}, Expiration=DAY), "MalformedXML", MALFORMED),
        (rule(Status="On", Expiration=DAY), "MalformedXML", MALFORMED),
        (
            rule(Filter={"And": {"Tags": [TAGS[0], TAGS[0]]}}, Expiration=DAY),
            "InvalidRequest",
            "Duplicate Tag Keys are not allowed.",
        ),
        (
            rule(Expiration={"Date": "2030-01-01T10:00:00Z"}),
            "InvalidArgument",
            "'Date' must be at midnight GMT",
        ),
        (
            rule(Filter={"Tag": TAGS[0]}, AbortIncompleteMultipartUpload={"DaysAfterInitiation": 1}),
            "InvalidRequest",
            "AbortIncompleteMultipartUpload cannot be specified with Tags.",
        ),
        (rule(), "InvalidRequest", "At least one action needs to be specified in a rule"),
    ],
)
def test_rules_that_are_none(s3, bucket, lifecycle, refused, bad, code, message):
    lifecycle(rule(Expiration={"Days": 9}))
    with refused(code, message):
        lifecycle(bad)
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == [rule(Expiration={"Days": 9})]


@pytest.mark.rule("s3-099", "s3-100")
def test_the_days_of_transitions(lifecycle, refused):
    def to(**days):
        return rule(Transitions=[{"Days": n, "StorageClass": name} for name, n in days.items()])

    for name in ("STANDARD_IA", "ONEZONE_IA"):
        message = f"'Days' in Transition action must be greater than or equal to 30 for storageClass '{name}'"
        with refused("InvalidArgument", message):
            lifecycle(to(**{name: 29}))
        lifecycle(to(**{name: 30}))
    with refused("InvalidArgument"):
        lifecycle(to(STANDARD_IA=30, GLACIER=59))
    lifecycle(to(STANDARD_IA=30, GLACIER=60))
    lifecycle(to(GLACIER=1))
    with refused("InvalidArgument", "Rule ID must be unique. Found same ID for more than one rule"):
        lifecycle(to(GLACIER=1), to(GLACIER=2))


# --- policy


def statement(**more):
    return {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::reports/*",
        **more,
    }


@pytest.fixture
def policy(s3, bucket):
    def put(*statements, text=None):
        document = text if text is not None else json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        s3.put_bucket_policy(Bucket=bucket, Policy=document)
        return document

    return put


@pytest.mark.rule("s3-191")
def test_a_policy(s3, bucket, policy, refused):
    with refused("NoSuchBucketPolicy", "The bucket policy does not exist", 404, BucketName=bucket):
        s3.get_bucket_policy(Bucket=bucket)
    text = policy(statement())
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == text
    for wrong in ("invalid json", "[]", "1"):
        with refused("MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'"):
            policy(text=wrong)
    with refused("MalformedPolicy", "Missing required field Statement"):
        policy(text="{}")
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == text
    for _ in range(2):
        answer = s3.delete_bucket_policy(Bucket=bucket)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    with refused("NoSuchBucketPolicy", status=404):
        s3.get_bucket_policy(Bucket=bucket)


@pytest.mark.rule("s3-192", "s3-193")
def test_statements_that_are_none(s3, bucket, policy, refused):
    for name in ("Effect", "Principal", "Action", "Resource"):
        short = statement()
        del short[name]
        with refused("MalformedPolicy", f"Missing required field {name}"):
            policy(short)
    with refused("MalformedPolicy", "Policy has invalid resource"):
        policy(statement(Resource="arn:aws:s3:::another/*"))
    for action, resource in (("s3:PutObject", "arn:aws:s3:::reports"), ("s3:ListBucket", "arn:aws:s3:::reports/*")):
        with refused("MalformedPolicy", "Action does not apply to any resource(s) in statement"):
            policy(statement(Action=action, Resource=resource))
    policy(statement(Action=["s3:ListBucket", "s3:GetBucketLocation"], Resource="arn:aws:s3:::reports"))
    policy(statement(Action="s3:*", Resource="arn:aws:s3:::reports"))
    policy(statement(Action="s3:*", Resource=["arn:aws:s3:::*", "arn:aws:s3:::rep?rts/*"]))
    with refused("MalformedPolicy", "Allow with NotPrincipal is not allowed."):
        short = statement()
        policy({**short, "NotPrincipal": short.pop("Principal")})


@pytest.mark.aws(limits={"s3.policy-size": 400})
def test_the_size_of_a_policy(policy, refused):
    policy(statement())
    with refused("PolicyTooLarge"):
        policy(statement(), statement(), statement())


@pytest.mark.rule("s3-189")
def test_public_policies_are_blocked(s3, bucket, policy, refused):
    public = statement(Principal="*")
    message = (
        "User: arn:aws:iam::123456789012:user/awsim is not authorized to perform: s3:PutBucketPolicy on resource: "
        '"arn:aws:s3:::reports" because public policies are prevented by the BlockPublicPolicy setting in S3 Block '
        "Public Access."
    )
    with refused("AccessDenied", message, 403):
        policy(public)
    policy(statement())
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is False
    s3.delete_public_access_block(Bucket=bucket)
    policy(public)
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is True
    narrowed = statement(Principal={"AWS": "*"}, Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})
    policy(narrowed)
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is False
    policy(statement(Principal="*", Condition={"Bool": {"aws:SecureTransport": "true"}}))
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is True


# --- access


@pytest.mark.rule("s3-186")
def test_public_access_is_blocked_at_first(s3, bucket, refused):
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    found = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert found == dict.fromkeys(names, True)
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    found = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert found == {**dict.fromkeys(names, False), "BlockPublicAcls": True}
    s3.delete_public_access_block(Bucket=bucket)
    with refused("NoSuchPublicAccessBlockConfiguration", status=404, BucketName=bucket):
        s3.get_public_access_block(Bucket=bucket)


def test_ownership(s3, bucket, refused):
    def put(*rules):
        s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": list(rules)})

    def get(name=bucket):
        return s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]

    assert get() == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    put({"ObjectOwnership": "ObjectWriter"})
    for wrong in ((), ({"ObjectOwnership": "ObjectWriter"},) * 2, ({"ObjectOwnership": "Nobody"},)):
        with refused("MalformedXML", MALFORMED):
            put(*wrong)
    assert get() == [{"ObjectOwnership": "ObjectWriter"}]
    for _ in range(2):
        s3.delete_bucket_ownership_controls(Bucket=bucket)
    with refused("OwnershipControlsNotFoundError", status=404, BucketName=bucket):
        get()
    s3.create_bucket(Bucket="preferred", ObjectOwnership="BucketOwnerPreferred")
    assert get("preferred") == [{"ObjectOwnership": "BucketOwnerPreferred"}]
    message = "Invalid x-amz-object-ownership header: RandomValue"
    with refused("InvalidArgument", message, ArgumentName="x-amz-object-ownership"):
        s3.create_bucket(Bucket="random", ObjectOwnership="RandomValue")


@pytest.fixture
def listed(s3, bucket):
    """The bucket with access control lists switched on."""
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    return bucket


@pytest.mark.rule("s3-180")
def test_lists_are_off_at_first(s3, bucket, keys, refused):
    message = "The bucket does not allow ACLs"
    for acl in ("public-read", "private", "authenticated-read"):
        with refused("AccessControlListNotSupported", message):
            s3.put_object(Bucket=bucket, Key="k", ACL=acl)
    assert keys(bucket) == []
    s3.put_object(Bucket=bucket, Key="k", ACL="bucket-owner-full-control")
    for change in (
        lambda: s3.put_object_acl(Bucket=bucket, Key="k", ACL="public-read"),
        lambda: s3.put_bucket_acl(Bucket=bucket, ACL="private"),
        lambda: s3.create_multipart_upload(Bucket=bucket, Key="k", ACL="public-read"),
    ):
        with refused("AccessControlListNotSupported", message):
            change()
    with refused("InvalidBucketAclWithObjectOwnership"):
        s3.create_bucket(Bucket="public", ACL="public-read")
    with refused("InvalidBucketAclWithBlockPublicAccessError"):
        s3.create_bucket(Bucket="public", ACL="public-read", ObjectOwnership="ObjectWriter")
    s3.create_bucket(Bucket="private", ACL="private")


@pytest.mark.rule("s3-178")
def test_a_new_bucket_is_private(s3, bucket, anonymous, refused):
    s3.put_object(Bucket=bucket, Key="k")
    owner = {"ID": s3.list_buckets()["Owner"]["ID"]}
    mine = [{"Grantee": {**owner, "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}]
    for answer in (s3.get_bucket_acl(Bucket=bucket), s3.get_object_acl(Bucket=bucket, Key="k")):
        assert (answer["Owner"], answer["Grants"]) == (owner, mine)
    with refused("AccessDenied", "Access Denied", 403):
        anonymous.get_object(Bucket=bucket, Key="k")


@pytest.mark.rule("s3-181", "s3-182", "s3-187")
def test_lists_where_they_are_on(s3, listed, refused):
    s3.put_object(Bucket=listed, Key="k")
    on_bucket = {"Bucket": listed}
    on_object = {"Bucket": listed, "Key": "k"}
    for put, get, place in (
        (s3.put_bucket_acl, s3.get_bucket_acl, on_bucket),
        (s3.put_object_acl, s3.get_object_acl, on_object),
    ):
        before = get(**place)["Grants"]
        action = "PutObjectAcl" if "Key" in place else "PutBucketAcl"
        message = (
            f"User: arn:aws:iam::123456789012:user/awsim is not authorized to perform: s3:{action} on resource: "
            f'"arn:aws:s3:::{"/".join(place.values())}" because public ACLs are prevented by the BlockPublicAcls '
            "setting in S3 Block Public Access."
        )
        with refused("AccessDenied", message, 403):
            put(**place, ACL="public-read")
        assert get(**place)["Grants"] == before
    s3.delete_public_access_block(Bucket=listed)
    everybody = {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"}
    for put, get, place in (
        (s3.put_bucket_acl, s3.get_bucket_acl, on_bucket),
        (s3.put_object_acl, s3.get_object_acl, on_object),
    ):
        put(**place, ACL="public-read")
        assert get(**place)["Grants"][1] == {"Grantee": everybody, "Permission": "READ"}
        owner = get(**place)["Owner"]
        grants = [{"Grantee": {**owner, "Type": "CanonicalUser"}, "Permission": "READ"}]
        put(**place, AccessControlPolicy={"Owner": owner, "Grants": grants})
        assert get(**place)["Grants"] == grants
        put(**place, GrantRead='uri="http://acs.amazonaws.com/groups/s3/LogDelivery"')
        assert [grant["Permission"] for grant in get(**place)["Grants"]] == ["READ"]


def test_lists_that_are_none(s3, listed, refused):
    put = lambda **given: s3.put_bucket_acl(Bucket=listed, **given)  # noqa: E731
    owner = {"ID": s3.list_buckets()["Owner"]["ID"]}
    fake = "http://acs.amazonaws.com/groups/s3/FakeGroup"
    grantee = {**owner, "Type": "CanonicalUser"}
    with refused("InvalidArgument", ArgumentName="x-amz-acl", ArgumentValue="fake-acl"):
        put(ACL="fake-acl")
    with refused("MissingSecurityHeader", "Your request was missing a required header", MissingHeaderName="x-amz-acl"):
        put()
    with refused("InvalidArgument", "Argument format not recognized", ArgumentValue='fakekey="1234"'):
        put(GrantWrite='fakekey="1234"')
    with refused("InvalidArgument", "Invalid group uri", ArgumentName="uri", ArgumentValue=fake):
        put(GrantWrite=f'uri="{fake}"')
    with refused("InvalidArgument", "Invalid id", ArgumentName="id", ArgumentValue="wrong-id"):
        put(GrantWrite='id="wrong-id"')
    with refused("InvalidRequest", "Specifying both Canned ACLs and Header Grants is not allowed"):
        put(ACL="private", GrantRead=f'id="{owner["ID"]}"')
    with refused("UnexpectedContent", "This request does not support content"):
        put(ACL="private", AccessControlPolicy={"Owner": owner, "Grants": []})
    for wrong in (
        {"Owner": owner},
        {"Grants": []},
        {"Owner": owner, "Grants": [{"Grantee": grantee, "Permission": "ALL"}]},
        {"Owner": owner, "Grants": [{"Grantee": {"Type": "CanonicalUser"}, "Permission": "READ"}]},
    ):
        with refused("MalformedACLError", MALFORMED):
            put(AccessControlPolicy=wrong)
    with refused("InvalidArgument", "Invalid id", ArgumentName="CanonicalUser/ID"):
        put(AccessControlPolicy={"Owner": {"ID": "wrong-id"}, "Grants": []})
    assert len(s3.get_bucket_acl(Bucket=listed)["Grants"]) == 1


# --- CORS


CORS = {"AllowedOrigins": ["https://a.com"], "AllowedMethods": ["GET"]}


@pytest.mark.rule("s3-148", "s3-149", "s3-150", "s3-151")
def test_cors_rules(s3, bucket, refused):
    def put(**rule):
        s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})

    with refused("NoSuchCORSConfiguration", "The CORS configuration does not exist", 404, BucketName=bucket):
        s3.get_bucket_cors(Bucket=bucket)
    full = {**CORS, "AllowedHeaders": ["Authorization"], "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 3000, "ID": "x"}
    put(**full)
    message = "Found unsupported HTTP method in CORS config. Unsupported method is PATCH"
    with refused("InvalidRequest", message):
        put(**{**CORS, "AllowedMethods": ["PATCH"]})
    message = 'AllowedOrigin "http://*.*.com" can not have more than one wildcard.'
    with refused("InvalidRequest", message):
        put(**{**CORS, "AllowedOrigins": ["http://*.*.com"]})
    for wrong in ([], [CORS] * 101):
        with refused("MalformedXML", MALFORMED):
            s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": wrong})
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == [full]
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [CORS] * 100})
    for _ in range(2):
        s3.delete_bucket_cors(Bucket=bucket)
    with refused("NoSuchCORSConfiguration", status=404):
        s3.get_bucket_cors(Bucket=bucket)


# --- website


@pytest.mark.rule("s3-143", "s3-144")
def test_websites(s3, bucket, refused):
    def put(**site):
        s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=site)

    message = "The specified bucket does not have a website configuration"
    with refused("NoSuchWebsiteConfiguration", message, 404, BucketName=bucket):
        s3.get_bucket_website(Bucket=bucket)
    site = {"IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "error.html"}}
    put(**site)
    with refused("InvalidArgument", "The IndexDocument Suffix is not well formed", ArgumentName="IndexDocument"):
        put(IndexDocument={"Suffix": "a/b"})
    with refused("InvalidArgument"):
        put(ErrorDocument={"Key": "x"})
    answer = s3.get_bucket_website(Bucket=bucket)
    assert {name: answer[name] for name in site} == site
    s3.delete_bucket_website(Bucket=bucket)
    with refused("NoSuchWebsiteConfiguration", status=404):
        s3.get_bucket_website(Bucket=bucket)


# --- logging


@pytest.mark.rule("s3-256", "s3-257", "s3-258")
def test_logging(s3, eu, other, bucket, refused):
    def put(target):
        status = {"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": "log"}}
        s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus=status)

    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)
    eu.create_bucket(Bucket="europe", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    other.create_bucket(Bucket="foreign")
    for wrong in ("missing", "foreign"):
        with refused("InvalidTargetBucketForLogging", TargetBucket=wrong):
            put(wrong)
    with refused("CrossLocationLoggingProhibitted", status=403):
        put("europe")
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)
    put(bucket)
    assert s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"] == {"TargetBucket": bucket, "TargetPrefix": "log"}
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={})
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)


# --- notifications


QUEUE = "arn:aws:sqs:us-east-1:123456789012:jobs"


def to_queue(*events, arn=QUEUE, **rules):
    entry = {"QueueArn": arn, "Events": list(events) or ["s3:ObjectCreated:*"]}
    if rules:
        found = [{"Name": name, "Value": value} for name, value in rules.items()]
        entry["Filter"] = {"Key": {"FilterRules": found}}
    return entry


@pytest.fixture
def notify(s3, bucket):
    def put(*queues, **more):
        configuration = {"QueueConfigurations": list(queues), **more} if queues else more
        # What destinations say to it: test_notifications.
        s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration=configuration, SkipDestinationValidation=True
        )

    return put


@pytest.mark.rule("s3-235", "s3-236", "s3-239")
def test_notifications(s3, bucket, notify, refused):
    def get():
        answer = s3.get_bucket_notification_configuration(Bucket=bucket)
        answer.pop("ResponseMetadata")
        return answer

    assert get() == {}
    events = [
        "s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectRestore:*", "s3:Replication:*", "s3:ObjectTagging:*",
    ]  # fmt: skip
    function = "arn:aws:lambda:us-east-1:123456789012:function:f"
    topic = "arn:aws:sns:us-east-1:123456789012:t"
    notify(
        {**to_queue(*events), "Id": "q"},
        TopicConfigurations=[{"TopicArn": topic, "Events": ["s3:ObjectAcl:Put"], "Id": "t"}],
        LambdaFunctionConfigurations=[{"LambdaFunctionArn": function, "Events": ["s3:LifecycleTransition"], "Id": "f"}],
        EventBridgeConfiguration={},
    )
    answer = get()
    assert answer["QueueConfigurations"] == [{**to_queue(*events), "Id": "q"}]
    assert answer.keys() == {
        "QueueConfigurations", "TopicConfigurations", "LambdaFunctionConfigurations", "EventBridgeConfiguration",
    }  # fmt: skip
    with refused("InvalidArgument", "The event is not supported for notifications"):
        notify(to_queue("s3:ObjectRead:*"))
    assert get() == answer
    # A put replaces the whole; an entry without id gets one.
    notify(to_queue())
    assert get()["QueueConfigurations"][0]["Id"]
    notify()
    assert get() == {}


@pytest.mark.rule("s3-238")
def test_filters_of_notifications(s3, bucket, notify, refused):
    notify(to_queue(prefix="images/", suffix=".jpg"), to_queue(prefix="images/", suffix=".txt"))
    kept = s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"][0]["Filter"]
    assert kept["Key"]["FilterRules"] == [
        {"Name": "Prefix", "Value": "images/"},
        {"Name": "Suffix", "Value": ".jpg"},
    ]
    message = "Configurations overlap. Configurations on the same bucket cannot share a common event type."
    with refused("InvalidArgument", message):
        notify(to_queue("s3:ObjectCreated:Put", prefix="images/"), to_queue(suffix=".jpg"))
    notify(to_queue("s3:ObjectCreated:Put"), to_queue("s3:ObjectCreated:Post"))
    message = "filter rule name must be either prefix or suffix"
    with refused("InvalidArgument", message, ArgumentName="FilterRule.Name", ArgumentValue="INVALID"):
        notify(to_queue(INVALID="x"))


@pytest.mark.rule("s3-241", "s3-242")
def test_targets_of_notifications(s3, bucket, notify, refused):
    with refused("InvalidArgument", "The ARN could not be parsed", ArgumentName="Queue", ArgumentValue="invalid-queue"):
        notify(to_queue(arn="invalid-queue"))
    message = "The notification destination service region is not valid for the bucket location constraint"
    with refused("InvalidArgument", message):
        notify(to_queue(arn="arn:aws:sqs:eu-west-1:123456789012:jobs"))
    with refused("InvalidArgument", "Unable to validate the following destination configurations"):
        notify(to_queue(arn=QUEUE + ".fifo"))
    assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(Bucket=bucket)


@pytest.mark.rule("s3-237")
@pytest.mark.aws(limits={"s3.notifications": 2})
def test_the_number_of_notifications(notify, refused):
    from awsim.cloud import Cloud

    assert Cloud().limits["s3.notifications"] == 100
    notify(*(to_queue(prefix=f"{n}/") for n in range(2)))
    with refused("InvalidArgument"):
        notify(*(to_queue(prefix=f"{n}/") for n in range(3)))


# --- payment, acceleration


@pytest.mark.rule("s3-156")
def test_who_pays(s3, bucket, refused):
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"
    s3.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration={"Payer": "Requester"})
    with refused("MalformedXML", MALFORMED):
        s3.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration={"Payer": "Random"})
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "Requester"


@pytest.mark.rule("s3-158", "s3-159")
def test_acceleration(s3, bucket, refused):
    def put(status, name=bucket):
        s3.put_bucket_accelerate_configuration(Bucket=name, AccelerateConfiguration={"Status": status})

    assert "Status" not in s3.get_bucket_accelerate_configuration(Bucket=bucket)
    put("Enabled")
    for wrong in ("enabled", "Random"):
        with refused("MalformedXML", MALFORMED):
            put(wrong)
    assert s3.get_bucket_accelerate_configuration(Bucket=bucket)["Status"] == "Enabled"
    s3.create_bucket(Bucket="with.dot")
    message = "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names"
    with refused("InvalidRequest", message):
        put("Enabled", "with.dot")


@pytest.mark.rule("s3-160", "s3-161")
def test_the_accelerated_endpoint(s3, bucket, body, keys, refused):
    import boto3
    from botocore.config import Config

    fast = boto3.client("s3", region_name="us-east-1", config=Config(s3={"use_accelerate_endpoint": True}))
    with refused("InvalidRequest", "S3 Transfer Acceleration is not configured on this bucket"):
        fast.put_object(Bucket=bucket, Key="k", Body=b"1")
    assert keys(bucket) == []
    s3.put_bucket_accelerate_configuration(Bucket=bucket, AccelerateConfiguration={"Status": "Enabled"})
    fast.put_object(Bucket=bucket, Key="k", Body=b"1")
    assert body(bucket, "k") == b"1"


# --- replication


ROLE = "arn:aws:iam::123456789012:role/replication"


def replicating(**more):
    rule = {"Status": "Enabled", "Destination": {"Bucket": "arn:aws:s3:::target"}, "Prefix": "", "ID": "r", **more}
    return {"Role": ROLE, "Rules": [{name: value for name, value in rule.items() if value is not None}]}


@pytest.mark.rule("s3-217", "s3-218", "s3-219")
def test_replication_is_kept(s3, versioned, refused):
    def put(configuration):
        s3.put_bucket_replication(Bucket=versioned, ReplicationConfiguration=configuration)

    with refused("ReplicationConfigurationNotFoundError", status=404, BucketName=versioned):
        s3.get_bucket_replication(Bucket=versioned)
    with refused("InvalidRequest", "Destination bucket must exist."):
        put(replicating())
    s3.create_bucket(Bucket="target")
    with refused("InvalidRequest", "Destination bucket must have versioning enabled."):
        put(replicating())
    s3.put_bucket_versioning(Bucket="target", VersioningConfiguration={"Status": "Enabled"})
    s3.create_bucket(Bucket="plain")
    message = "Versioning must be 'Enabled' on the bucket to apply a replication configuration"
    with refused("InvalidRequest", message):
        s3.put_bucket_replication(Bucket="plain", ReplicationConfiguration=replicating())
    put(replicating())
    assert s3.get_bucket_replication(Bucket=versioned)["ReplicationConfiguration"] == replicating()
    with refused("InvalidBucketState", status=409):
        s3.put_bucket_versioning(Bucket=versioned, VersioningConfiguration={"Status": "Suspended"})
    s3.delete_bucket_replication(Bucket=versioned)
    s3.put_bucket_versioning(Bucket=versioned, VersioningConfiguration={"Status": "Suspended"})


@pytest.mark.rule("s3-227", "s3-233")
def test_replication_rules_that_are_none(s3, versioned, refused):
    s3.create_bucket(Bucket="target")
    s3.put_bucket_versioning(Bucket="target", VersioningConfiguration={"Status": "Enabled"})
    markers = {"Status": "Enabled"}
    tagged = replicating(
        Prefix=None, Priority=1, Filter={"Tag": {"Key": "a", "Value": "b"}}, DeleteMarkerReplication=markers
    )
    encrypted = replicating(SourceSelectionCriteria={"SseKmsEncryptedObjects": {"Status": "Enabled"}})
    for wrong in (tagged, encrypted):
        with refused("InvalidRequest"):
            s3.put_bucket_replication(Bucket=versioned, ReplicationConfiguration=wrong)
    with refused("ReplicationConfigurationNotFoundError", status=404):
        s3.get_bucket_replication(Bucket=versioned)


# --- configurations by id


INVENTORY = {
    "Destination": {"S3BucketDestination": {"Bucket": "arn:aws:s3:::reports", "Format": "CSV"}},
    "IsEnabled": True,
    "IncludedObjectVersions": "All",
    "Schedule": {"Frequency": "Daily"},
}
ANALYSIS = {
    "StorageClassAnalysis": {
        "DataExport": {
            "OutputSchemaVersion": "V_1",
            "Destination": {"S3BucketDestination": {"Format": "CSV", "Bucket": "arn:aws:s3:::reports"}},
        }
    }
}
TIERS = {"Status": "Enabled", "Tierings": [{"Days": 90, "AccessTier": "ARCHIVE_ACCESS"}]}
KINDS = [
    pytest.param("inventory", "Inventory", INVENTORY, marks=pytest.mark.rule("s3-162")),
    pytest.param("analytics", "Analytics", ANALYSIS, marks=pytest.mark.rule("s3-164")),
    ("metrics", "Metrics", {"Filter": {"Prefix": "logs/"}}),
    ("intelligent_tiering", "IntelligentTiering", TIERS),
]


@pytest.mark.parametrize(("kind", "name", "configuration"), KINDS)
def test_configurations_by_id(aws, s3, bucket, refused, kind, name, configuration):
    member = f"{name}Configuration"
    put, get, delete = (getattr(s3, f"{verb}_bucket_{kind}_configuration") for verb in ("put", "get", "delete"))
    list_ = getattr(s3, f"list_bucket_{kind}_configurations")
    missing = ("NoSuchConfiguration", "The specified configuration does not exist.", 404)
    for call in (get, delete):
        with refused(*missing):
            call(Bucket=bucket, Id="a")
    assert list_(Bucket=bucket)["IsTruncated"] is False
    for id in ("b", "a"):
        put(Bucket=bucket, Id=id, **{member: {**configuration, "Id": id}})
    assert get(Bucket=bucket, Id="a")[member] == {**configuration, "Id": "a"}
    assert [entry["Id"] for entry in list_(Bucket=bucket)[f"{member}List"]] == ["a", "b"]
    with refused("IdMismatch", "Document ID does not match the specified configuration ID."):
        put(Bucket=bucket, Id="a", **{member: {**configuration, "Id": "x"}})
    aws.limits[f"s3.{kind.replace('_', '-')}-configurations"] = 2
    with refused("TooManyConfigurations"):
        put(Bucket=bucket, Id="c", **{member: {**configuration, "Id": "c"}})
    put(Bucket=bucket, Id="a", **{member: {**configuration, "Id": "a"}})
    aws.limits["s3.configurations-page"] = 1
    page = list_(Bucket=bucket)
    assert page["IsTruncated"] is True
    page = list_(Bucket=bucket, ContinuationToken=page["NextContinuationToken"])
    assert [entry["Id"] for entry in page[f"{member}List"]] == ["b"]
    delete(Bucket=bucket, Id="a")
    with refused(*missing):
        get(Bucket=bucket, Id="a")


def test_inventories_that_are_none(s3, bucket, refused):
    def put(**changes):
        given = {**INVENTORY, "Id": "a", **changes}
        s3.put_bucket_inventory_configuration(Bucket=bucket, Id="a", InventoryConfiguration=given)

    place = {"S3BucketDestination": {"Bucket": "bucket-name", "Format": "CSV"}}
    with refused("InvalidS3DestinationBucket", "Invalid bucket ARN."):
        put(Destination=place)
    for wrong in (
        {"Schedule": {"Frequency": "Hourly"}},
        {"IncludedObjectVersions": "Some"},
        {"OptionalFields": ["Random"]},
        {"Destination": {"S3BucketDestination": {"Bucket": "arn:aws:s3:::reports", "Format": "TXT"}}},
    ):
        with refused("MalformedXML", MALFORMED):
            put(**wrong)
    assert "InventoryConfigurationList" not in s3.list_bucket_inventory_configurations(Bucket=bucket)
