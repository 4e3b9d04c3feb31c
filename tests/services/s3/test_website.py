"""Website endpoints, as browsers see them."""

import json
import urllib.request

import boto3
import httpx
import pytest
import requests
import urllib3

from awsim import mock_aws

HOST = "http://site.s3-website-us-east-1.amazonaws.com"
NO_KEY = "The specified key does not exist."


def let_in(s3, bucket, *actions):
    """Let everybody do so much."""
    s3.put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration=dict.fromkeys(
            ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), False
        ),
    )
    arn = f"arn:aws:s3:::{bucket}"
    statements = [
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": action,
            "Resource": arn if action == "s3:ListBucket" else f"{arn}/*",
        }
        for action in actions
    ]
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))


def site(s3, bucket="site", public=("s3:GetObject", "s3:ListBucket"), **configuration):
    configuration = configuration or {"IndexDocument": {"Suffix": "index.html"}}
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=configuration)
    if public:
        let_in(s3, bucket, *public)


@pytest.fixture
def pages(s3):
    s3.create_bucket(Bucket="site")
    for key, text in (("index.html", "home"), ("docs/index.html", "docs"), ("oops.html", "oops"), ("a b.txt", "ab")):
        s3.put_object(Bucket="site", Key=key, Body=text.encode(), ContentType="text/html", Metadata={"n": "1"})


def get(path="/", **more):
    return requests.get(HOST + path, allow_redirects=False, **more)


def listed(answer):
    """The items of an error page: name -> value."""
    assert answer.headers["content-type"].startswith("text/html")
    items = [part.partition("</li>")[0] for part in answer.text.split("<li>")[1:]]
    return dict(item.split(": ", 1) for item in items)


@pytest.mark.rule("s3-145")
def test_the_index_document_at_every_form_of_the_endpoint(s3, pages):
    site(s3)
    for host in ("site.s3-website-us-east-1.amazonaws.com", "site.s3-website.us-east-1.amazonaws.com"):
        assert requests.get(f"http://{host}/").content == b"home"
        assert httpx.get(f"http://{host}").content == b"home"
        assert urllib.request.urlopen(f"http://{host}/docs/").read() == b"docs"
        assert urllib3.PoolManager().request("GET", f"http://{host}/docs/").data == b"docs"
    answer = get()
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html"
    assert answer.headers["x-amz-meta-n"] == "1"
    assert answer.headers["etag"] == '"106a6c241b8797f52e1e77317b96a201"'
    assert answer.headers["server"] == "AmazonS3"
    assert get("/a%20b.txt").content == b"ab"
    head = requests.head(HOST + "/docs/")
    assert (head.status_code, head.headers["content-length"], head.content) == (200, "4", b"")


@pytest.mark.rule("s3-145")
def test_the_endpoint_is_of_the_buckets_region(s3, eu):
    eu.create_bucket(Bucket="site", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    eu.put_object(Bucket="site", Key="index.html", Body=b"home")
    site(eu)
    assert requests.get("http://site.s3-website-eu-west-1.amazonaws.com/").content == b"home"
    answer = get()
    assert answer.status_code == 400
    shown = listed(answer)
    assert shown["Code"] == "IncorrectEndpoint"
    assert shown["Endpoint"] == "site.s3-website-eu-west-1.amazonaws.com"


def test_the_endpoint_itself_leads_to_aws(aws):
    answer = requests.get("http://s3-website-us-east-1.amazonaws.com/", allow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (301, "https://aws.amazon.com/s3/")


def test_no_bucket_and_no_site(s3, bucket):
    answer = get()
    assert (answer.status_code, listed(answer)["Code"]) == (404, "NoSuchBucket")
    assert listed(answer)["Message"] == "The specified bucket does not exist"
    assert listed(answer)["BucketName"] == "site"
    answer = requests.get(HOST.replace("site", "reports", 1) + "/k")
    assert (answer.status_code, listed(answer)["Code"]) == (404, "NoSuchWebsiteConfiguration")
    assert listed(answer)["Message"] == "The specified bucket does not have a website configuration"
    assert list(listed(answer)) == ["Code", "Message", "BucketName", "RequestId", "HostId"]


@pytest.mark.rule("s3-146")
def test_a_missing_key_shows_the_error_document(s3, pages):
    site(s3, IndexDocument={"Suffix": "index.html"}, ErrorDocument={"Key": "oops.html"})
    answer = get("/none")
    assert (answer.status_code, answer.content) == (404, b"oops")
    assert answer.headers["x-amz-error-code"] == "NoSuchKey"
    assert answer.headers["x-amz-error-detail-Key"] == "none"
    assert requests.head(HOST + "/none").status_code == 404


@pytest.mark.rule("s3-146")
def test_without_an_error_document_the_page_is_s3s(s3, pages):
    site(s3)
    answer = get("/none/")
    request_id, host_id = answer.headers["x-amz-request-id"], answer.headers["x-amz-id-2"]
    assert answer.status_code == 404
    assert answer.text == (
        "<html>\n<head><title>404 Not Found</title></head>\n<body>\n<h1>404 Not Found</h1>\n<ul>\n"
        f"<li>Code: NoSuchKey</li>\n<li>Message: {NO_KEY}</li>\n<li>Key: none/index.html</li>\n"
        f"<li>RequestId: {request_id}</li>\n<li>HostId: {host_id}</li>\n</ul>\n<hr/>\n</body>\n</html>\n"
    )


@pytest.mark.rule("s3-146")
def test_an_error_document_that_is_missing_too(s3, pages):
    site(s3, IndexDocument={"Suffix": "index.html"}, ErrorDocument={"Key": "error.html"})
    answer = get("/none")
    assert answer.status_code == 404
    assert answer.text.endswith(
        "</ul>\n<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>\n<ul>\n"
        f"<li>Code: NoSuchKey</li>\n<li>Message: {NO_KEY}</li>\n<li>Key: error.html</li>\n</ul>\n"
        "<hr/>\n</body>\n</html>\n"
    )


@pytest.mark.rule("s3-146")
def test_who_may_not_list_does_not_learn_what_is_missing(s3, pages):
    site(s3, public=("s3:GetObject",), IndexDocument={"Suffix": "index.html"}, ErrorDocument={"Key": "oops.html"})
    answer = get("/none")
    assert (answer.status_code, answer.content) == (403, b"oops")
    assert answer.headers["x-amz-error-code"] == "AccessDenied"


@pytest.mark.rule("s3-147")
def test_a_site_is_shut_until_the_public_may_read(s3, pages, refused):
    site(s3, public=())
    answer = get()
    assert (answer.status_code, listed(answer)["Code"]) == (403, "AccessDenied")
    policy = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::site/*"}
    with refused("AccessDenied", status=403):
        s3.put_bucket_policy(Bucket="site", Policy=json.dumps({"Version": "2012-10-17", "Statement": [policy]}))
    let_in(s3, "site", "s3:GetObject")
    assert get().content == b"home"


@pytest.mark.rule("s3-147")
def test_the_owners_signature_opens_nothing(s3, pages, v4):
    site(s3, public=())
    signed = v4.generate_presigned_url("get_object", Params={"Bucket": "site", "Key": "index.html"})
    assert get("/index.html?" + signed.partition("?")[2]).status_code == 403


def test_policies_decide_under_authorization_too():
    with mock_aws(authorization=True):
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="site")
        s3.put_object(Bucket="site", Key="index.html", Body=b"home")
        site(s3, public=())
        assert get().status_code == 403
        let_in(s3, "site", "s3:GetObject")
        assert get().content == b"home"


def test_a_policy_about_the_page_that_leads_here(s3, pages):
    site(s3, public=("s3:GetObject",))
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::site/*",
        "Condition": {"StringLike": {"aws:Referer": "http://example.com/*"}},
    }
    s3.put_bucket_policy(Bucket="site", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    assert get().status_code == 403
    assert get(headers={"Referer": "http://example.com/a"}).status_code == 200


def test_a_site_whose_requester_would_pay_is_shut(s3, pages):
    site(s3)
    s3.put_bucket_request_payment(Bucket="site", RequestPaymentConfiguration={"Payer": "Requester"})
    assert get().status_code == 403


def test_reading_is_all_a_site_does(s3, pages):
    site(s3)
    for method in ("PUT", "POST", "DELETE"):
        answer = requests.request(method, HOST + "/index.html", data=b"x")
        assert (answer.status_code, listed(answer)["Code"]) == (405, "MethodNotAllowed")
        assert listed(answer)["Message"] == "The specified method is not allowed against this resource."
        assert listed(answer)["Method"] == method
    assert get().content == b"home"


def test_the_name_of_a_folder_leads_into_it(s3, pages):
    site(s3)
    answer = get("/docs")
    assert (answer.status_code, answer.headers["location"]) == (302, "/docs/")
    assert listed(answer)["Code"] == "Found"
    assert requests.get(HOST + "/docs").content == b"docs"


def test_what_a_browser_has_already(s3, pages):
    site(s3, IndexDocument={"Suffix": "index.html"}, ErrorDocument={"Key": "oops.html"})
    first = get()
    same = get(headers={"If-None-Match": first.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    part = get(headers={"Range": "bytes=1-2"})
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, b"om", "bytes 1-2/4")


# --- redirects


def test_all_requests_lead_elsewhere(s3, pages):
    site(s3, RedirectAllRequestsTo={"HostName": "example.com", "Protocol": "https"})
    answer = get("/a/b?x=1")
    assert (answer.status_code, answer.headers["location"]) == (301, "https://example.com/a/b?x=1")
    site(s3, RedirectAllRequestsTo={"HostName": "example.com"})
    assert get("/a").headers["location"] == "http://example.com/a"


def test_an_object_that_leads_elsewhere(s3, pages):
    site(s3)
    s3.put_object(Bucket="site", Key="old", Body=b"moved", WebsiteRedirectLocation="/index.html")
    answer = get("/old")
    assert (answer.status_code, answer.headers["location"], answer.content) == (301, "/index.html", b"")
    # The REST endpoint tells of it and does nothing.
    assert s3.get_object(Bucket="site", Key="old")["WebsiteRedirectLocation"] == "/index.html"


@pytest.mark.parametrize(
    "rule,path,status,location",
    [
        (
            {"Condition": {"KeyPrefixEquals": "docs/"}, "Redirect": {"ReplaceKeyPrefixWith": "documents/"}},
            "/docs/page",
            301,
            HOST + "/documents/page",
        ),
        (
            {"Condition": {"KeyPrefixEquals": "images/"}, "Redirect": {"ReplaceKeyWith": "deleted.html"}},
            "/images/1.png",
            301,
            HOST + "/deleted.html",
        ),
        (
            {
                "Condition": {"HttpErrorCodeReturnedEquals": "404"},
                "Redirect": {
                    "HostName": "api.example.com",
                    "Protocol": "https",
                    "ReplaceKeyPrefixWith": "report?key=",
                    "HttpRedirectCode": "307",
                },
            },
            "/missing",
            307,
            "https://api.example.com/report?key=missing",
        ),
        ({"Redirect": {"HostName": "example.com"}}, "/index.html", 301, "http://example.com/index.html"),
        (
            {
                "Condition": {"KeyPrefixEquals": "up/", "HttpErrorCodeReturnedEquals": "404"},
                "Redirect": {"ReplaceKeyPrefixWith": ""},
            },
            "/up/a",
            301,
            HOST + "/a",
        ),
    ],
)
def test_routing_rules(s3, pages, rule, path, status, location):
    site(s3, IndexDocument={"Suffix": "index.html"}, RoutingRules=[rule])
    answer = get(path)
    assert (answer.status_code, answer.headers["location"]) == (status, location)


def test_rules_that_do_not_fit(s3, pages):
    rules = [
        {"Condition": {"HttpErrorCodeReturnedEquals": "404"}, "Redirect": {"HostName": "example.com"}},
        {"Condition": {"KeyPrefixEquals": "docs/"}, "Redirect": {"HostName": "first.example.com"}},
        {"Condition": {"KeyPrefixEquals": "docs/"}, "Redirect": {"HostName": "second.example.com"}},
    ]
    site(s3, IndexDocument={"Suffix": "index.html"}, RoutingRules=rules)
    assert get().content == b"home"
    assert get("/docs/index.html").headers["location"] == "http://first.example.com/docs/index.html"


def test_the_journal_knows_of_a_visit(aws, s3, pages):
    site(s3)
    get()
    get("/none")
    calls = aws.calls.of("s3:WebsiteObject")
    assert calls[0].caller == "anonymous"
    assert calls[1].error.code == "NoSuchKey"


def test_a_page_of_another_origin_may_look(s3, pages):
    site(s3)
    rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["http://example.com"]}
    s3.put_bucket_cors(Bucket="site", CORSConfiguration={"CORSRules": [rule]})
    answer = get(headers={"Origin": "http://example.com"})
    assert answer.headers["access-control-allow-origin"] == "http://example.com"
    asked = {"Origin": "http://example.com", "Access-Control-Request-Method": "GET"}
    preflight = requests.options(HOST + "/index.html", headers=asked)
    assert (preflight.status_code, preflight.headers["access-control-allow-methods"]) == (200, "GET")
