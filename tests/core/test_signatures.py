"""awsim's verification against botocore's own signers, and against the examples AWS documents."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from functools import cache

import botocore.auth
import botocore.session
import pytest
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from freezegun import freeze_time

from awsim.auth.post import post_credentials, verify_post
from awsim.auth.signatures import verify, verify_chunks, verify_presigned
from awsim.auth.signing import basic
from awsim.errors import AWSError
from awsim.wire.http import Request

NOW = 1_369_353_600.0  # 2013-05-24T00:00:00Z, the day of the examples in the S3 reference
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
KEY = "AKIAIOSFODNN7EXAMPLE"
PLAIN = Credentials(KEY, SECRET)
TEMPORARY = Credentials("ASIAIOSFODNN7EXAMPLE", SECRET, "to/ken+with=all/kinds")
S3_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your key and signing method."
)


@pytest.fixture(autouse=True)
def frozen():
    """botocore's signers at NOW."""
    with freeze_time(datetime.fromtimestamp(NOW, UTC)):
        yield


def signed(signer, method="GET", url="https://sts.amazonaws.com/", headers=None, data=b"", params=None) -> Request:
    """A request that a signer of botocore's has signed, as the HTTP layer would send it."""
    request = AWSRequest(method, url, headers or {}, data, params or {})
    request.context["payload_signing_enabled"] = True
    signer.add_auth(request)
    prepared = request.prepare()
    return Request(prepared.method, prepared.url, dict(prepared.headers.items()), prepared.body)


def changed(request: Request, *, method=None, url=None, headers=None, drop=(), body=None) -> Request:
    kept = {name: value for name, value in request.headers.items() if name not in drop}
    return Request(
        method or request.method,
        url or request.url,
        {**kept, **(headers or {})},
        request.read() if body is None else body,
    )


def refused(check, *args, **kwargs) -> AWSError:
    with pytest.raises(AWSError) as caught:
        check(*args, **kwargs)
    return caught.value


# --- header ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("credentials", [PLAIN, TEMPORARY], ids=["plain", "temporary"])
@pytest.mark.parametrize(
    ("method", "url", "headers", "data"),
    [
        ("POST", "https://sts.amazonaws.com/", {"Content-Type": "application/x-www-form-urlencoded"}, b"Action=X"),
        ("GET", "https://lambda.us-west-2.amazonaws.com/2015-03-31/functions/a%3Ab/../c//d/", {}, b""),
        ("GET", "https://x.us-west-2.amazonaws.com/a%20b/%C3%A9~?b=%20&a=2&a=1&c&d=%2F%2B", {}, b""),
        ("POST", "https://x.us-west-2.amazonaws.com:8443/", {"X-Amz-Target": "A.B", "X-A": "  two   words "}, b"{}"),
    ],
)
def test_header_of_sigv4(credentials, method, url, headers, data):
    signer = botocore.auth.SigV4Auth(credentials, "execute-api", "us-west-2")
    request = signed(signer, method, url, headers, data)
    verify(request, SECRET, NOW, "apigateway", "rest-json", region="us-west-2")
    for wrong in (
        changed(request, method="PUT"),
        changed(request, url=request.url + ("&" if "?" in request.url else "?") + "more=1"),
        changed(request, body=b"other"),
        changed(request, headers={"x-amz-date": basic(NOW + 1)}),
    ):
        error = refused(verify, wrong, SECRET, NOW, "apigateway", "rest-json")
        assert (error.code, error.status) == ("InvalidSignatureException", 403)
    error = refused(verify, request, "another", NOW, "sts", "query")
    assert (error.code, error.status) == ("SignatureDoesNotMatch", 403)
    assert error.message == (
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details."
    )
    assert refused(verify, request, "another", NOW, "dynamodb", "json").status == 400
    assert refused(verify, request, "another", NOW, "ec2", "ec2").code == "AuthFailure"


@pytest.mark.parametrize("credentials", [PLAIN, TEMPORARY], ids=["plain", "temporary"])
@pytest.mark.parametrize("path", ["/", "/a/../b//c/./d", "/sp%20ace/%E2%82%AC/plus%2B/~tilde"])
def test_header_of_s3(credentials, path):
    signer = botocore.auth.S3SigV4Auth(credentials, "s3", "eu-west-1")
    request = signed(signer, "PUT", f"https://b.s3.eu-west-1.amazonaws.com{path}?tagging", {"x-amz-acl": "x"}, b"body")
    verify(request, SECRET, NOW, "s3", region="eu-west-1")
    error = refused(verify, request, "another", NOW, "s3")
    assert (error.code, error.message, error.status) == ("SignatureDoesNotMatch", S3_MISMATCH, 403)
    assert list(error.fields) == [
        "AWSAccessKeyId",
        "StringToSign",
        "SignatureProvided",
        "StringToSignBytes",
        "CanonicalRequest",
        "CanonicalRequestBytes",
    ]
    assert error.fields["AWSAccessKeyId"] == credentials.access_key
    assert error.fields["StringToSign"].startswith("AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/eu-west-1/s3/")
    assert error.fields["StringToSignBytes"].startswith("41 57 53 34 2d")
    assert error.fields["CanonicalRequest"].startswith(f"PUT\n{path}\ntagging=\nhost:b.s3.eu-west-1.amazonaws.com\n")
    assert refused(verify, changed(request, body=b"other"), SECRET, NOW, "s3").code == "XAmzContentSHA256Mismatch"


def test_s3_payloads_that_are_not_signed():
    signer = botocore.auth.S3SigV4Auth(PLAIN, "s3", "us-east-1")
    request = AWSRequest("PUT", "https://b.s3.amazonaws.com/k", {}, b"body")
    request.context["checksum"] = {"request_algorithm": {"in": "trailer"}}
    signer.add_auth(request)
    sent = Request("PUT", request.url, dict(request.headers.items()), b"anything")
    assert sent.headers["x-amz-content-sha256"] == "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    verify(sent, SECRET, NOW, "s3")
    error = refused(verify, changed(sent, headers={"x-amz-content-sha256": "nonsense"}), SECRET, NOW, "s3")
    assert error.code == "InvalidArgument"
    assert error.message.endswith("or a valid sha256 value.")


def test_a_header_in_the_request_that_was_not_signed():
    request = signed(botocore.auth.S3SigV4Auth(PLAIN, "s3", "us-east-1"), "PUT", "https://b.s3.amazonaws.com/k")
    wrong = changed(request, headers={"x-amz-meta-wrong": "1"})
    error = refused(verify, wrong, SECRET, NOW, "s3")
    assert (error.code, error.status) == ("AccessDenied", 403)
    assert error.message == "There were headers present in the request which were not signed"
    assert error.fields == {"HeadersNotSigned": "x-amz-meta-wrong"}


def test_clocks_apart():
    request = signed(botocore.auth.SigV4Auth(PLAIN, "sts", "us-east-1"))
    verify(request, SECRET, NOW + 900, "sts", "query")
    verify(request, SECRET, NOW - 900, "sts", "query")
    error = refused(verify, request, SECRET, NOW + 901, "sts", "query")
    assert (error.code, error.status) == ("SignatureDoesNotMatch", 403)
    assert error.message == (
        "Signature expired: 20130524T000000Z is now earlier than 20130524T000001Z (20130524T001501Z - 15 min.)"
    )
    error = refused(verify, request, SECRET, NOW - 901, "dynamodb", "json")
    assert (error.code, error.status) == ("InvalidSignatureException", 400)
    assert error.message == (
        "Signature not yet current: 20130524T000000Z is still later than 20130523T235959Z (20130523T234459Z + 15 min.)"
    )
    assert refused(verify, request, SECRET, NOW + 901, "ec2", "ec2").code == "RequestExpired"
    verify(request, SECRET, NOW + 901, "sts", "query", limits={"clock-skew": None, "presigned-lifetime": None})


def test_clocks_apart_on_s3():
    request = signed(botocore.auth.S3SigV4Auth(PLAIN, "s3", "us-east-1"), url="https://b.s3.amazonaws.com/k")
    error = refused(verify, request, SECRET, NOW + 901, "s3")
    assert (error.code, error.status) == ("RequestTimeTooSkewed", 403)
    assert error.message == "The difference between the request time and the current time is too large."
    assert error.fields == {
        "RequestTime": "20130524T000000Z",
        "ServerTime": "2013-05-24T00:15:01Z",
        "MaxAllowedSkewMilliseconds": "900000",
    }


def test_scope_of_another_region_or_day():
    request = signed(botocore.auth.SigV4Auth(PLAIN, "sts", "us-east-1"))
    error = refused(verify, request, SECRET, NOW, "sts", "query", region="eu-west-1")
    assert (error.code, error.message) == (
        "SignatureDoesNotMatch",
        "Credential should be scoped to a valid region. ",
    )
    header = request.headers["authorization"].replace("/20130524/", "/20130525/")
    error = refused(verify, changed(request, headers={"authorization": header}), SECRET, NOW, "sts", "query")
    assert error.message == (
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20130525' != "
        "'20130524', from '20130524T000000Z'."
    )
    request = signed(botocore.auth.S3SigV4Auth(PLAIN, "s3", "us-east-1"), url="https://b.s3.amazonaws.com/k")
    error = refused(verify, request, SECRET, NOW, "s3", region="eu-west-1")
    assert (error.code, error.status) == ("AuthorizationHeaderMalformed", 400)
    assert error.message == (
        "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'"
    )
    assert error.fields == {"Region": "eu-west-1"}


@pytest.mark.rule("sts-003")
@pytest.mark.parametrize(
    ("header", "begins"),
    [
        (f"AWS4-HMAC-SHA256 Credential={KEY}/20130524/us-east-1/sts/aws4_request, SignedHeaders=host",
         "Authorization header requires 'Signature' parameter. (Hashed with SHA-256"),
        (f"AWS4-HMAC-SHA256 Credential={KEY}, SignedHeaders=host, Signature=a",
         f"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{KEY}'"),
        ("AWS4-HMAC-SHA256 nonsense", "Authorization header requires 'Credential' parameter. Authorization header"),
        ("Basic dXNlcjpwYXNz", "Unsupported AWS 'algorithm': 'Basic'. "),
    ],
)  # fmt: skip
def test_broken_headers(header, begins):
    request = Request("POST", "https://sts.amazonaws.com/", {"Authorization": header, "X-Amz-Date": basic(NOW)}, b"")
    error = refused(verify, request, SECRET, NOW, "sts", "query")
    assert (error.code, error.status) == ("IncompleteSignature", 400)
    assert error.message.startswith(begins)


@pytest.mark.rule("sts-003")
def test_no_signature_at_all():
    request = Request("POST", "https://sts.amazonaws.com/", {}, b"")
    error = refused(verify, request, SECRET, NOW, "sts", "query")
    assert (error.code, error.message, error.status) == (
        "MissingAuthenticationToken",
        "Request is missing Authentication Token",
        403,
    )


def test_only_one_way_to_sign_on_s3():
    request = signed(botocore.auth.S3SigV4QueryAuth(PLAIN, "s3", "us-east-1"), url="https://b.s3.amazonaws.com/k")
    both = changed(request, headers={"Authorization": f"AWS {KEY}:sig"})
    error = refused(verify, both, SECRET, NOW, "s3")
    assert (error.code, error.status) == ("InvalidArgument", 400)
    assert error.message.startswith("Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter")


# --- query ----------------------------------------------------------------------------------------------------------


def presigned(expires=3600, credentials=PLAIN, method="GET", headers=None, url="https://b.s3.amazonaws.com/k%20%2B?x"):
    return signed(botocore.auth.S3SigV4QueryAuth(credentials, "s3", "us-east-1", expires), method, url, headers)


@pytest.mark.parametrize("credentials", [PLAIN, TEMPORARY], ids=["plain", "temporary"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
def test_presigned_v4(credentials, method):
    request = presigned(60, credentials, method)
    verify_presigned(request, SECRET, NOW)
    verify_presigned(changed(request, body=b"whatever is uploaded"), SECRET, NOW + 59)
    for wrong in (
        changed(request, method="POST"),
        changed(request, url=request.url.replace("/k", "/other")),
        changed(request, url=request.url.replace("Expires=60", "Expires=61")),
        changed(request, url=request.url + "0"),
        changed(request, headers={"host": "c.s3.amazonaws.com"}),
    ):
        error = refused(verify_presigned, wrong, SECRET, NOW)
        assert (error.code, error.message, error.status) == ("SignatureDoesNotMatch", S3_MISMATCH, 403)
        assert error.fields["CanonicalRequest"]
    verify_presigned(changed(request, url=request.url + "0"), None, NOW)  # the secret is not known


def test_presigned_v4_headers_must_be_sent_as_signed():
    request = presigned(method="PUT", headers={"x-amz-acl": "private", "Content-Type": "text/plain"})
    verify_presigned(request, SECRET, NOW)
    assert (
        refused(verify_presigned, changed(request, drop=["content-type"]), SECRET, NOW).code == "SignatureDoesNotMatch"
    )
    error = refused(verify_presigned, changed(request, headers={"x-amz-meta-wrong": "1"}), SECRET, NOW)
    assert (error.code, error.fields) == ("AccessDenied", {"HeadersNotSigned": "x-amz-meta-wrong"})


def test_presigned_v4_expires():
    request = presigned(60)
    verify_presigned(request, SECRET, NOW + 59.9)
    error = refused(verify_presigned, request, SECRET, NOW + 60)
    assert (error.code, error.message, error.status) == ("AccessDenied", "Request has expired", 403)
    assert error.fields == {
        "X-Amz-Expires": "60",
        "Expires": "2013-05-24T00:01:00Z",
        "ServerTime": "2013-05-24T00:01:00Z",
    }
    # An expired URL is told from a forged one before its signature is looked at.
    assert refused(verify_presigned, changed(request, url=request.url + "0"), SECRET, NOW + 61).code == "AccessDenied"
    assert refused(verify_presigned, request, SECRET, NOW - 901).message == "Request is not valid yet"


@pytest.mark.rule("s3-216")
def test_presigned_v4_lasts_a_week_at_most():
    verify_presigned(presigned(604_800), SECRET, NOW + 604_799)
    error = refused(verify_presigned, presigned(604_801), SECRET, NOW)
    assert (error.code, error.status) == ("AuthorizationQueryParametersError", 400)
    assert error.message == (
        "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
        "604800 seconds"
    )
    lifted = {"clock-skew": 900, "presigned-lifetime": None}
    verify_presigned(presigned(604_801), SECRET, NOW, limits=lifted)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("X-Amz-Expires=3600", "X-Amz-Expires=soon", "X-Amz-Expires should be a number"),
        ("X-Amz-Expires=3600", "X-Amz-Expires=-1", "X-Amz-Expires must be non-negative"),
        ("X-Amz-Expires=3600", "Expiry=1",
         "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
         "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."),
        ("X-Amz-Date=20130524T000000Z", "X-Amz-Date=2013-05-24",
         "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""),
        ("X-Amz-Date=20130524T000000Z", "X-Amz-Date=20130525T000000Z",
         'Invalid credential date "20130524". This date is not the same as X-Amz-Date: "20130525".'),
        ("AWS4-HMAC-SHA256", "AWS4-HMAC-MD5",
         'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"'),
        ("%2F20130524%2Fus-east-1%2Fs3%2Faws4_request", "",
         "Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting "
         '"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".'),
        ("%2Fs3%2F", "%2Fiam%2F",
         'Error parsing the X-Amz-Credential parameter; incorrect service "iam". This endpoint belongs to "s3".'),
        ("%2Faws4_request", "%2Faws5_request",
         'Error parsing the X-Amz-Credential parameter; incorrect terminal "aws5_request". This endpoint uses '
         '"aws4_request".'),
    ],
)  # fmt: skip
def test_presigned_v4_with_broken_parameters(old, new, message):
    request = presigned()
    assert old in request.url
    error = refused(verify_presigned, changed(request, url=request.url.replace(old, new)), SECRET, NOW)
    assert (error.code, error.message, error.status) == ("AuthorizationQueryParametersError", message, 400)


def test_presigned_for_other_services():
    signer = botocore.auth.SigV4QueryAuth(TEMPORARY, "sts", "us-east-1", 60)
    url = "https://sts.us-east-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15"
    request = signed(signer, "GET", url, {"x-k8s-aws-id": "cluster"})
    verify_presigned(request, SECRET, NOW, "sts", "query")
    error = refused(verify_presigned, changed(request, drop=["x-k8s-aws-id"]), SECRET, NOW, "sts", "query")
    assert (error.code, error.status) == ("SignatureDoesNotMatch", 403)
    error = refused(verify_presigned, request, SECRET, NOW + 60, "sts", "query")
    assert error.message == (
        "Signature expired: 20130524T000000Z is now earlier than 20130524T000000Z (20130524T000100Z - 1 min.)"
    )


def test_requests_without_a_signature_in_the_query_pass():
    verify_presigned(Request("GET", "https://b.s3.amazonaws.com/k?versionId=1", {}, b""), SECRET, NOW)


# --- version 2 ------------------------------------------------------------------------------------------------------


def v2(
    method="GET", url="https://b.s3.amazonaws.com/k%20%2B", headers=None, auth_path=None, credentials=PLAIN, query=True
):
    request = AWSRequest(method, url, headers or {}, auth_path=auth_path)
    signer = botocore.auth.HmacV1QueryAuth(credentials, 60) if query else botocore.auth.HmacV1Auth(credentials)
    signer.add_auth(request)
    headers = dict(request.headers.items())
    if query:
        headers.pop("Date", None)
    return Request(method, request.url, headers, b"")


@pytest.mark.parametrize("query", [True, False], ids=["query", "header"])
@pytest.mark.parametrize("credentials", [PLAIN, TEMPORARY], ids=["plain", "temporary"])
@pytest.mark.parametrize(
    ("url", "auth_path"),
    [
        ("https://b.s3.amazonaws.com/k%20%2B", "/b/k%20%2B"),
        ("https://my.s3.bucket.s3.us-west-2.amazonaws.com/k", "/my.s3.bucket/k"),
        ("https://s3.us-west-2.amazonaws.com/b/k?versionId=a%2Fb%2Bc&acl&other=1", None),
        ("https://b.s3-accelerate.amazonaws.com/k?uploadId=u&partNumber=2", "/b/k"),
        ("https://b.s3.amazonaws.com/k?response-content-type=text%2Fplain", "/b/k"),
    ],
)
def test_version_2(query, credentials, url, auth_path):
    request = v2("PUT", url, {"Content-Type": "text/plain", "x-amz-meta-b": "1"}, auth_path, credentials, query)
    verify(request, SECRET, NOW, "s3")
    error = refused(verify, changed(request, method="GET"), SECRET, NOW, "s3")
    assert (error.code, error.message, error.status) == ("SignatureDoesNotMatch", S3_MISMATCH, 403)
    assert list(error.fields) == ["AWSAccessKeyId", "StringToSign", "SignatureProvided", "StringToSignBytes"]
    other = request.url.replace("/k", "/l")
    assert refused(verify, changed(request, url=other), SECRET, NOW, "s3").code == "SignatureDoesNotMatch"


def test_version_2_expires():
    request = v2(auth_path="/b/k%20%2B")
    verify_presigned(request, SECRET, NOW + 59)
    error = refused(verify_presigned, request, SECRET, NOW + 60)
    assert (error.code, error.message, error.status) == ("AccessDenied", "Request has expired", 403)
    assert error.fields == {"Expires": "2013-05-24T00:01:00Z", "ServerTime": "2013-05-24T00:01:00Z"}
    error = refused(verify_presigned, changed(request, url=request.url.replace("Expires=", "Expires=x")), SECRET, NOW)
    assert error.message == "Invalid date (should be seconds since epoch): x1369353660"
    error = refused(verify_presigned, changed(request, url=request.url.replace("Expires=", "E=")), SECRET, NOW)
    assert error.message == "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters"
    header = v2(auth_path="/b/k%20%2B", query=False)
    assert refused(verify, header, SECRET, NOW + 901, "s3").code == "RequestTimeTooSkewed"


# --- what boto3's clients make --------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [None, "s3", "s3v4"])
@pytest.mark.parametrize("style", ["auto", "path", "virtual"])
@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
@pytest.mark.parametrize("token", [None, TEMPORARY.token], ids=["plain", "temporary"])
@pytest.mark.parametrize(
    ("operation", "extra"),
    [
        ("get_object", {"VersionId": "a/b+c", "ResponseContentType": "text/plain; charset=utf-8"}),
        ("put_object", {"ACL": "private", "Metadata": {"a": "b c"}, "ContentType": "text/plain"}),
        ("delete_object", {}),
    ],
)
def test_urls_of_generate_presigned_url(version, style, region, token, operation, extra):
    config = Config(signature_version=version, s3={"addressing_style": style})
    client = _client("s3", region, token, config)
    params = {"Bucket": "bucket", "Key": "a b/ü+~", **extra}
    url = client.generate_presigned_url(operation, Params=params, ExpiresIn=60)
    method = {"get_object": "GET", "put_object": "PUT", "delete_object": "DELETE"}[operation]
    headers = {}
    if operation == "put_object":
        headers = {"Content-Type": "text/plain"}
        if "X-Amz-SignedHeaders=" in url:
            names = url.partition("X-Amz-SignedHeaders=")[2].partition("&")[0].split("%3B")
            values = {"x-amz-acl": "private", "x-amz-meta-a": "b c"}
            headers.update({name: values[name] for name in names if name in values})
    request = Request(method, url, headers, b"")
    verify_presigned(request, SECRET, NOW + 59)
    assert refused(verify_presigned, request, "another", NOW).code == "SignatureDoesNotMatch"
    assert refused(verify_presigned, request, SECRET, NOW + 3600).message == "Request has expired"


@pytest.mark.parametrize("version", ["s3", "s3v4"])
@pytest.mark.parametrize("token", [None, TEMPORARY.token], ids=["plain", "temporary"])
def test_forms_of_generate_presigned_post(version, token):
    client = _client("s3", "us-east-1", token, Config(signature_version=version))
    form = client.generate_presigned_post("bucket", "key", Fields={"acl": "private"}, ExpiresIn=60)["fields"]
    access_key = TEMPORARY.access_key if token else KEY
    assert post_credentials(form) == (access_key, token)
    document = verify_post(form, SECRET, NOW + 59)
    assert {"bucket": "bucket"} in document["conditions"]

    error = refused(verify_post, form, SECRET, NOW + 60)
    assert (error.code, error.status) == ("AccessDenied", 403)
    assert error.message == "Invalid according to Policy: Policy expired."
    document["conditions"] = []
    forged = {**form, "policy": base64.b64encode(json.dumps(document).encode()).decode()}
    error = refused(verify_post, forged, SECRET, NOW)
    assert (error.code, error.message, error.status) == ("SignatureDoesNotMatch", S3_MISMATCH, 403)
    assert list(error.fields) == ["AWSAccessKeyId", "StringToSign", "SignatureProvided", "StringToSignBytes"]
    assert error.fields["StringToSign"] == forged["policy"]
    assert error.fields["AWSAccessKeyId"] == access_key

    name = "X-Amz-Signature" if version == "s3v4" else "Signature"
    error = refused(verify_post, {k: v for k, v in form.items() if k != name.lower()}, SECRET, NOW)
    assert (error.code, error.status) == ("InvalidArgument", 400)
    assert error.message == (
        f"Bucket POST must contain a field named '{name}'.  If it is specified, please check the order of the fields."
    )
    assert error.fields == {"ArgumentName": name, "ArgumentValue": ""}


def test_forms_with_a_policy_that_is_none():
    fields = {"AWSAccessKeyId": KEY, "Signature": "x"}
    for policy, message in (
        (b"{no json", "Invalid Policy: Invalid JSON."),
        (b'{"conditions": []}', "Invalid Policy: Policy missing expiration."),
        (b'{"expiration": "soon"}', "Invalid Policy: Invalid 'expiration' value: 'soon'"),
    ):
        form = {**fields, "policy": base64.b64encode(policy).decode()}
        error = refused(verify_post, form, None, NOW)
        assert (error.code, error.message, error.status) == ("InvalidPolicyDocument", message, 400)


def _client(service, region, token, config):
    key = TEMPORARY.access_key if token else KEY
    return _session().create_client(
        service, region, aws_access_key_id=key, aws_secret_access_key=SECRET, aws_session_token=token, config=config
    )


@cache
def _session():
    return botocore.session.Session()


# --- the examples in the Amazon S3 API Reference --------------------------------------------------------------------


def test_documented_get():
    signature = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    request = Request(
        "GET",
        "https://examplebucket.s3.amazonaws.com/test.txt",
        {
            "Host": "examplebucket.s3.amazonaws.com",
            "Range": "bytes=0-9",
            "x-amz-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "x-amz-date": "20130524T000000Z",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={KEY}/20130524/us-east-1/s3/aws4_request,"
            f"SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature={signature}",
        },
        b"",
    )
    verify(request, SECRET, NOW, "s3")


def test_documented_presigned_url():
    url = (
        "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential="
        f"{KEY}%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400"
        "&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )
    verify_presigned(Request("GET", url, {}, b""), SECRET, NOW)


def test_documented_chunked_upload():
    chunks = (
        ("ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648", 65536),
        ("0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497", 1024),
        ("b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9", 0),
    )
    body = b"".join(b"%x;chunk-signature=%s\r\n%s\r\n" % (n, s.encode(), b"a" * n) for s, n in chunks)
    headers = {
        "Host": "s3.amazonaws.com",
        "x-amz-date": "20130524T000000Z",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={KEY}/20130524/us-east-1/s3/aws4_request,SignedHeaders="
        "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;"
        "x-amz-storage-class,Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "Content-Encoding": "aws-chunked",
        "x-amz-decoded-content-length": "66560",
        "Content-Length": "66824",
    }
    request = Request("PUT", "https://s3.amazonaws.com/examplebucket/chunkObject.txt", headers, body)
    verify(request, SECRET, NOW, "s3")
    verify_chunks(request, SECRET)
    tampered = changed(request, body=body.replace(b"aaa", b"aab", 1))
    error = refused(verify_chunks, tampered, SECRET)
    assert (error.code, error.status) == ("SignatureDoesNotMatch", 403)
    assert error.fields["StringToSign"].startswith("AWS4-HMAC-SHA256-PAYLOAD\n20130524T000000Z\n")
    for broken in (body[:100], body[:-90], b"zz;chunk-signature=x\r\n", b"no chunks"):
        error = refused(verify_chunks, changed(request, body=broken), SECRET)
        assert (error.code, error.status) == ("IncompleteBody", 400)


def test_chunked_upload_with_a_signed_trailer():
    def sign(algorithm, previous, *hashes):
        key = f"AWS4{SECRET}".encode()
        for part in ("20130524", "us-east-1", "s3", "aws4_request"):
            key = hmac.new(key, part.encode(), "sha256").digest()
        scope = "20130524/us-east-1/s3/aws4_request"
        text = "\n".join((algorithm, "20130524T000000Z", scope, previous, *hashes))
        return hmac.new(key, text.encode(), "sha256").hexdigest()

    def sha256(data):
        return hashlib.sha256(data).hexdigest()

    seed = "0" * 64
    first = sign("AWS4-HMAC-SHA256-PAYLOAD", seed, sha256(b""), sha256(b"hello"))
    last = sign("AWS4-HMAC-SHA256-PAYLOAD", first, sha256(b""), sha256(b""))
    trailer = sign("AWS4-HMAC-SHA256-TRAILER", last, sha256(b"x-amz-checksum-crc32:NhCmhg==\n"))
    body = (
        f"5;chunk-signature={first}\r\nhello\r\n0;chunk-signature={last}\r\n"
        f"x-amz-checksum-crc32:NhCmhg==\r\nx-amz-trailer-signature:{trailer}\r\n\r\n"
    ).encode()
    headers = {
        "x-amz-date": "20130524T000000Z",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={KEY}/20130524/us-east-1/s3/aws4_request, SignedHeaders=host, "
        f"Signature={seed}",
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    }
    verify_chunks(Request("PUT", "https://b.s3.amazonaws.com/k", headers, body), SECRET)
    for old, new in ((b"NhCmhg", b"nhCmhg"), (b"hello", b"hallo")):
        request = Request("PUT", "https://b.s3.amazonaws.com/k", headers, body.replace(old, new))
        assert refused(verify_chunks, request, SECRET).code == "SignatureDoesNotMatch"
