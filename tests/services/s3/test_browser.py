"""Plain HTTP: presigned URLs, form uploads, CORS."""

import base64
import json

import boto3
import pytest
import requests
from botocore.config import Config

MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your key and signing method."
)


@pytest.fixture
def url(v4, bucket):
    """`url("get_object", "key", ExpiresIn=…, …)`: a URL signed with version 4."""

    def make(operation, key="k", ExpiresIn=3600, **params):
        return v4.generate_presigned_url(
            operation, Params={"Bucket": bucket, "Key": key, **params}, ExpiresIn=ExpiresIn
        )

    return make


def code_of(answer):
    return answer.text.partition("<Code>")[2].partition("</Code>")[0]


def message_of(answer):
    return answer.text.partition("<Message>")[2].partition("</Message>")[0]


# --- presigned URLs


@pytest.mark.rule("s3-209", "s3-210")
def test_a_presigned_url_opens_one_object(s3, bucket, url):
    s3.put_object(Bucket=bucket, Key="k", Body=b"data", ContentType="text/plain", Metadata={"a": "b"})
    link = url("get_object", ExpiresIn=60)
    for name in (
        "Algorithm=AWS4-HMAC-SHA256",
        "Credential=",
        "Date=",
        "Expires=60",
        "SignedHeaders=host",
        "Signature=",
    ):
        assert f"X-Amz-{name}" in link
    answer = requests.get(link)
    assert (answer.status_code, answer.content) == (200, b"data")
    assert answer.headers["content-type"] == "text/plain"
    assert answer.headers["x-amz-meta-a"] == "b"
    assert answer.headers["accept-ranges"] == "bytes"
    head = requests.head(url("head_object"))
    assert (head.status_code, head.headers["content-length"], head.content) == (200, "4", b"")
    part = requests.get(link, headers={"Range": "bytes=1-2"})
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, b"at", "bytes 1-2/4")
    assert requests.get(link.partition("?")[0]).status_code == 403


@pytest.mark.rule("s3-210")
def test_a_changed_url_is_refused(s3, bucket, url):
    s3.put_object(Bucket=bucket, Key="k", Body=b"data")
    link = url("get_object", ExpiresIn=60)
    last = "0" if link[-1] != "0" else "1"
    for wrong in (link[:-1] + last, link.replace("Expires=60", "Expires=61"), link.replace("/k?", "/other?")):
        answer = requests.get(wrong)
        assert (answer.status_code, code_of(answer), message_of(answer)) == (403, "SignatureDoesNotMatch", MISMATCH)
        for member in ("AWSAccessKeyId", "StringToSign", "SignatureProvided", "CanonicalRequest", "HostId"):
            assert f"<{member}>" in answer.text
    answer = requests.get(link.replace("&X-Amz-Signature", "&X-Amz-Other"))
    assert (answer.status_code, code_of(answer)) == (400, "AuthorizationQueryParametersError")


@pytest.mark.rule("s3-211", "s3-212")
def test_a_url_is_good_for_its_operation_and_key(s3, bucket, url, keys, body):
    s3.put_object(Bucket=bucket, Key="k", Body=b"data")
    answer = requests.put(url("get_object"), data=b"new")
    assert (answer.status_code, code_of(answer)) == (403, "SignatureDoesNotMatch")
    assert body(bucket, "k") == b"data"
    link = url("put_object", "new")
    answer = requests.put(link, data=b"new")
    assert (answer.status_code, answer.headers["etag"]) == (200, '"22af645d1859cb5ca6da0c484f1f37ea"')
    answer = requests.put(link.replace("/new?", "/other?"), data=b"new")
    assert code_of(answer) == "SignatureDoesNotMatch"
    assert keys(bucket) == ["k", "new"]
    assert requests.delete(url("delete_object")).status_code == 204
    assert keys(bucket) == ["new"]


@pytest.mark.rule("s3-214", "s3-215", "s3-263")
def test_a_url_ends(aws, s3, bucket, url, v4):
    s3.put_object(Bucket=bucket, Key="k", Body=b"data")
    default = v4.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    assert "X-Amz-Expires=3600" in default
    short = url("get_object", ExpiresIn=2)
    aws.clock.advance(seconds=3)
    answer = requests.get(short)
    assert (answer.status_code, code_of(answer), message_of(answer)) == (403, "AccessDenied", "Request has expired")
    assert "<X-Amz-Expires>2</X-Amz-Expires>" in answer.text
    for member in ("Expires", "ServerTime", "RequestId", "HostId"):
        assert f"<{member}>" in answer.text
    assert requests.get(default).status_code == 200
    aws.clock.advance(seconds=3600)
    assert requests.get(default).status_code == 403


@pytest.mark.rule("s3-216")
def test_a_week_and_no_longer(s3, bucket, url):
    s3.put_object(Bucket=bucket, Key="k", Body=b"data")
    assert requests.get(url("get_object", ExpiresIn=604_800)).status_code == 200
    answer = requests.get(url("get_object", ExpiresIn=604_801))
    assert (answer.status_code, code_of(answer)) == (400, "AuthorizationQueryParametersError")
    assert message_of(answer) == (
        "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
        "604800 seconds"
    )


def test_signature_version_2(aws, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"data")
    old = boto3.client("s3", region_name="us-east-1", config=Config(signature_version="s3"))
    link = old.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"}, ExpiresIn=5)
    assert "AWSAccessKeyId=" in link
    assert requests.get(link).content == b"data"
    assert code_of(requests.put(link, data=b"x")) == "SignatureDoesNotMatch"
    aws.clock.advance(seconds=6)
    assert message_of(requests.get(link)) == "Request has expired"


def test_metadata_has_to_be_signed(s3, bucket, url):
    link = url("put_object", Metadata={"foo": "bar"})
    assert requests.put(link, data=b"x", headers={"x-amz-meta-foo": "bar"}).status_code == 200
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == {"foo": "bar"}
    answer = requests.put(link, data=b"x", headers={"x-amz-meta-foo": "bar", "x-amz-meta-wrong": "x"})
    assert message_of(answer) == "There were headers present in the request which were not signed"
    assert code_of(requests.put(link, data=b"x")) == "SignatureDoesNotMatch"


def test_an_upload_by_urls(s3, bucket, url, body):
    id = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    answer = requests.put(url("upload_part", UploadId=id, PartNumber=1), data=b"part")
    parts = [{"PartNumber": 1, "ETag": answer.headers["etag"]}]
    s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=id, MultipartUpload={"Parts": parts})
    assert body(bucket, "k") == b"part"


# --- form uploads


@pytest.fixture
def post(v4, bucket):
    """`post(key, file, Fields=…, Conditions=…, change=…)`: a form made by boto3, sent by requests."""

    def send(key="k", file=b"data", name="x.txt", change=None, drop=(), **given):
        form = v4.generate_presigned_post(bucket, key, **given)
        fields = {field: value for field, value in form["fields"].items() if field not in drop}
        return requests.post(
            form["url"], data={**fields, **(change or {})}, files={"file": (name, file)}, allow_redirects=False
        )

    return send


@pytest.mark.newer_botocore
def test_a_form_makes_an_object(s3, bucket, post, body):
    answer = post("up/${filename}", b"data", "photo.jpg")
    assert answer.status_code == 204
    assert answer.headers["location"] == f"https://{bucket}.s3.us-east-1.amazonaws.com/up%2Fphoto.jpg"
    assert body(bucket, "up/photo.jpg") == b"data"
    head = s3.head_object(Bucket=bucket, Key="up/photo.jpg", ChecksumMode="ENABLED")
    assert head["ContentType"] == "binary/octet-stream"
    assert head["ChecksumCRC64NVME"] == answer.headers["x-amz-checksum-crc64nvme"]


@pytest.mark.parametrize(("name", "status"), [("photo.jpg", 204), ("other.jpg", 403)])
def test_the_name_of_the_file_counts_for_the_policy(bucket, v4, keys, name, status):
    # boto3 makes a key that ends in ${filename} the condition ["starts-with", "$key", <its beginning>].
    form = v4.generate_presigned_post(bucket, "photo${filename}")
    form["fields"]["key"] = "${filename}"
    answer = requests.post(form["url"], data=form["fields"], files={"file": (name, b"x")})
    assert answer.status_code == status
    assert keys(bucket) == (["photo.jpg"] if status == 204 else [])


def test_fields_of_a_form(s3, bucket, post):
    fields = {
        "Content-Type": "text/plain", "x-amz-meta-Test": "meta", "Cache-Control": "no-cache",
        "x-amz-storage-class": "STANDARD_IA",
        "tagging": "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>",
    }  # fmt: skip
    conditions = [{name: value} for name, value in fields.items()]
    assert post(Fields=fields, Conditions=conditions).status_code == 204
    head = s3.head_object(Bucket=bucket, Key="k")
    assert head["Metadata"] == {"test": "meta"}
    assert (head["ContentType"], head["CacheControl"], head["StorageClass"]) == (
        "text/plain",
        "no-cache",
        "STANDARD_IA",
    )
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [{"Key": "a", "Value": "b"}]
    answer = post(Fields={"tagging": "not xml"}, Conditions=[{"tagging": "not xml"}])
    assert (answer.status_code, code_of(answer)) == (400, "MalformedXML")


@pytest.mark.parametrize(("status", "expected"), [("200", 200), ("201", 201), ("204", 204), ("500", 204)])
def test_the_status_of_a_form(bucket, post, status, expected):
    given = {"success_action_status": status}
    answer = post(Fields=given, Conditions=[given])
    assert answer.status_code == expected
    if expected == 201:
        assert f"<PostResponse><Location>https://{bucket}.s3.us-east-1.amazonaws.com/k</Location>" in answer.text
        assert f"<Bucket>{bucket}</Bucket><Key>k</Key>" in answer.text


def test_where_a_form_leads(bucket, post):
    given = {"success_action_redirect": "http://example.com/done?a=1"}
    answer = post(Fields=given, Conditions=[given])
    assert answer.status_code == 303
    assert answer.headers["location"] == (
        f"http://example.com/done?a=1&bucket={bucket}&key=k&etag=%228d777f385d3dfec8815d20f7496026dc%22"
    )


def failing(condition):
    return f"Invalid according to Policy: Policy Condition failed: {condition}"


@pytest.mark.parametrize(
    ("conditions", "change", "code", "message"),
    [
        ([["eq", "$acl", "private"]], {"acl": "public-read"}, "AccessDenied", failing('["eq", "$acl", "private"]')),
        ([{"acl": "private"}], {"acl": "x"}, "AccessDenied", failing('["eq", "$acl", "private"]')),
        (
            [["starts-with", "$x-amz-meta-a", "b"]],
            {"x-amz-meta-a": "ab"},
            "AccessDenied",
            failing('["starts-with", "$x-amz-meta-a", "b"]'),
        ),
        ([["eq", "key", "k"]], {}, "AccessDenied", failing('["eq", "key", "k"]')),
        ([], {"x-amz-meta-a": "b"}, "AccessDenied", "Invalid according to Policy: Extra input fields: x-amz-meta-a"),
        (
            [["content-length-range", 0, 3]],
            {},
            "EntityTooLarge",
            "Your proposed upload exceeds the maximum allowed size",
        ),
        (
            [["content-length-range", 5, 10]],
            {},
            "EntityTooSmall",
            "Your proposed upload is smaller than the minimum allowed size",
        ),
        (
            [{"a": "b", "c": "d"}],
            {},
            "InvalidPolicyDocument",
            "Invalid Policy: Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.",
        ),
    ],
)
def test_conditions_of_a_policy(bucket, post, keys, conditions, change, code, message):
    answer = post(Conditions=conditions, change=change)
    assert code_of(answer) == code
    assert message_of(answer).replace("&quot;", '"') == message
    assert answer.status_code == (403 if code == "AccessDenied" else 400)
    assert keys(bucket) == []


def test_conditions_that_hold(bucket, post, keys):
    conditions = [
        ["content-length-range", 4, 4], ["starts-with", "$Content-Type", "image/"], ["starts-with", "$x-amz-meta-a", ""]
    ]  # fmt: skip
    change = {"Content-Type": "image/png, image/jpg", "x-amz-meta-a": "b", "x-ignore-this": "z"}
    assert post(Conditions=conditions, change=change).status_code == 204
    assert keys(bucket) == ["k"]


def test_a_policy_ends(aws, v4, bucket, keys):
    form = v4.generate_presigned_post(bucket, "k", ExpiresIn=5)
    aws.clock.advance(seconds=6)
    answer = requests.post(form["url"], data=form["fields"], files={"file": b"x"})
    assert (answer.status_code, code_of(answer)) == (403, "AccessDenied")
    assert message_of(answer) == "Invalid according to Policy: Policy expired."
    assert keys(bucket) == []


def test_a_policy_that_was_changed(v4, bucket, post, keys):
    wider = base64.b64encode(json.dumps({"expiration": "2099-01-01T00:00:00Z", "conditions": []}).encode()).decode()
    answer = post(change={"policy": wider})
    assert (answer.status_code, code_of(answer), message_of(answer)) == (403, "SignatureDoesNotMatch", MISMATCH)
    assert keys(bucket) == []


def test_forms_that_are_none(bucket, v4, post, keys):
    answer = post(drop=("key",))
    assert (answer.status_code, code_of(answer)) == (400, "InvalidArgument")
    assert "<ArgumentName>key</ArgumentName>" in answer.text
    answer = post(drop=("policy", "x-amz-signature", "x-amz-credential"))
    assert (answer.status_code, code_of(answer)) == (403, "AccessDenied")
    form = v4.generate_presigned_post(bucket, "k")
    answer = requests.post(form["url"], files={name: (None, value) for name, value in form["fields"].items()})
    assert "POST requires exactly one file upload per request." in answer.text
    answer = requests.post(form["url"], data={**form["fields"], "file": "x"})
    assert (answer.status_code, code_of(answer)) == (412, "PreconditionFailed")
    assert "<Condition>Bucket POST must be of the enclosure-type multipart/form-data</Condition>" in answer.text
    assert keys(bucket) == []


def test_too_many_fields(bucket, post, keys):
    answer = post(change={"x-ignore-much": "x" * 21_000})
    assert (answer.status_code, code_of(answer)) == (400, "MaxPostPreDataLengthExceededError")
    assert keys(bucket) == []


def test_the_caller_of_a_form_is_who_signed_it(aws, bucket, post):
    post()
    call = aws.calls.of("s3:PostObject")[0]
    assert call.account == "123456789012"
    assert call.parameters == {"Bucket": bucket, "Key": "k"}


# --- CORS


@pytest.fixture
def allow(s3, bucket):
    def put(*rules):
        s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": list(rules)})

    return put


def preflight(bucket, origin="https://www.example.com", method="GET", headers=None, key="k"):
    given = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    return requests.options(
        f"https://{bucket}.s3.amazonaws.com/{key}",
        headers={name: value for name, value in given.items() if value is not None},
    )


SITE = {"AllowedOrigins": ["https://www.example.com"], "AllowedMethods": ["GET"]}


@pytest.mark.rule("s3-154")
def test_an_allowed_preflight(bucket, allow):
    allow({**SITE, "AllowedHeaders": ["x-amz-*"], "ExposeHeaders": ["ETag", "x-amz-id-2"], "MaxAgeSeconds": 3000})
    answer = preflight(bucket, headers="x-amz-request-payer, X-Amz-Acl")
    assert (answer.status_code, answer.content) == (200, b"")
    expected = {
        "Access-Control-Allow-Origin": "https://www.example.com",
        "Access-Control-Allow-Methods": "GET",
        "Access-Control-Allow-Headers": "x-amz-request-payer, x-amz-acl",
        "Access-Control-Expose-Headers": "ETag, x-amz-id-2",
        "Access-Control-Max-Age": "3000",
        "Access-Control-Allow-Credentials": "true",
        "Vary": "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
    }
    assert {name: answer.headers[name] for name in expected} == expected


@pytest.mark.rule("s3-151", "s3-154")
def test_wildcards_of_origins(bucket, allow):
    allow({"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]})
    answer = preflight(bucket)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    allow({"AllowedOrigins": ["https://*.example.com"], "AllowedMethods": ["GET"]})
    assert preflight(bucket).headers["Access-Control-Allow-Origin"] == "https://www.example.com"
    assert preflight(bucket, "https://example.com").status_code == 403


@pytest.mark.rule("s3-152", "s3-155")
def test_a_preflight_that_no_rule_allows(bucket, allow):
    answer = preflight(bucket)
    assert (answer.status_code, code_of(answer)) == (403, "AccessForbidden")
    assert message_of(answer) == "CORSResponse: CORS is not enabled for this bucket."
    allow(SITE)
    for wrong in (
        {"origin": "http://www.example.com"},
        {"origin": "https://api.example.com"},
        {"origin": "https://www.example.com:8443"},
        {"method": "PUT"},
        {"headers": "x-other"},
    ):
        answer = preflight(bucket, **wrong)
        assert (answer.status_code, code_of(answer)) == (403, "AccessForbidden")
        assert message_of(answer).startswith("CORSResponse: This CORS request is not allowed.")
        assert "<ResourceType>OBJECT</ResourceType>" in answer.text
    assert preflight("missing-bucket").text.count("CORSResponse: Bucket not found") == 1
    answer = preflight(bucket, origin=None)
    assert (answer.status_code, message_of(answer)) == (
        400,
        "Insufficient information. Origin request header needed.",
    )


@pytest.mark.rule("s3-153")
def test_the_object_is_served_either_way(s3, bucket, allow, url):
    s3.put_object(Bucket=bucket, Key="k", Body=b"data")
    allow(SITE)
    link = url("get_object")
    answer = requests.get(link, headers={"Origin": "https://www.example.com"})
    assert answer.content == b"data"
    assert answer.headers["Access-Control-Allow-Origin"] == "https://www.example.com"
    answer = requests.get(link, headers={"Origin": "https://other.com"})
    assert answer.content == b"data"
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_refusals_too_are_seen_by_pages_of_other_origins(s3, bucket):
    rules = [
        {"AllowedMethods": ["GET"], "AllowedOrigins": ["http://*.example.com"]},
        {"AllowedMethods": ["PUT"], "AllowedOrigins": ["http://put.example.com"]},
    ]
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": rules})
    address = f"https://{bucket}.s3.us-east-1.amazonaws.com/k"

    def allowed(method, origin, **headers):
        answer = requests.request(method, address, headers={"Origin": origin, **headers})
        assert answer.status_code == 403
        return answer.headers.get("access-control-allow-origin"), answer.headers.get("access-control-allow-methods")

    assert allowed("GET", "http://a.example.com") == ("http://a.example.com", "GET")
    assert allowed("GET", "http://example.org") == (None, None)
    assert allowed("PUT", "http://a.example.com") == (None, None)
    assert allowed("PUT", "http://put.example.com") == ("http://put.example.com", "PUT")
    asking = {"Access-Control-Request-Method": "GET"}
    assert allowed("PUT", "http://a.example.com", **asking) == ("http://a.example.com", "GET")


# --- headers and errors, as programs that speak HTTP themselves see them


def test_the_headers_of_an_answer(s3, bucket, url):
    s3.put_object(Bucket=bucket, Key="k", Body=b"data", CacheControl="no-cache")
    answer = requests.get(url("get_object"))
    assert {name.lower() for name in answer.headers} == {
        "x-amz-id-2",
        "x-amz-request-id",
        "date",
        "last-modified",
        "etag",
        "x-amz-server-side-encryption",
        "cache-control",
        "accept-ranges",
        "content-type",
        "content-length",
        "server",
    }
    assert answer.headers["server"] == "AmazonS3"
    assert answer.headers["date"].endswith(" GMT")
    assert answer.headers["content-type"] == "binary/octet-stream"


def test_an_error_word_for_word(s3, bucket, url):
    answer = requests.get(url("get_object", "a&b"))
    request_id, host_id = answer.headers["x-amz-request-id"], answer.headers["x-amz-id-2"]
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/xml"
    assert answer.text == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Key>a&amp;b</Key>"
        f"<RequestId>{request_id}</RequestId><HostId>{host_id}</HostId></Error>"
    )
    head = requests.head(url("head_object", "a&b"))
    assert (head.status_code, head.content) == (404, b"")
    assert "x-amz-request-id" in head.headers


@pytest.mark.parametrize(
    "host", ["s3.amazonaws.com", "s3.us-east-1.amazonaws.com", "s3.dualstack.us-east-1.amazonaws.com"]
)
def test_path_style_and_virtual_hosts(s3, bucket, host):
    s3.put_object(Bucket=bucket, Key="deep/a b", Body=b"data")
    path = boto3.client(
        "s3",
        region_name="us-east-1",
        endpoint_url=f"https://{host}",
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    virtual = boto3.client(
        "s3",
        region_name="us-east-1",
        endpoint_url=f"https://{host}",
        config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"}),
    )
    for client, start in ((path, f"https://{host}/{bucket}/"), (virtual, f"https://{bucket}.{host}/")):
        link = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "deep/a b"})
        assert link.startswith(start)
        assert requests.get(link).content == b"data"
        assert client.head_object(Bucket=bucket, Key="deep/a b")["ContentLength"] == 4
