"""Website endpoints: <bucket>.s3-website-<region>.amazonaws.com and <bucket>.s3-website.<region>.amazonaws.com.

Source: S3 User Guide, "Hosting a static website using Amazon S3": index documents, custom error documents, redirects.
A site is read by anybody or nobody: signatures are not looked at. Its errors are pages (`awsim.wire.website`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote

from awsim.auth.credentials import ANONYMOUS
from awsim.errors import AWSError
from awsim.services.s3.browser import Browser
from awsim.services.s3.bucket import Bucket
from awsim.wire.codec import codec_for
from awsim.wire.hosts import website_of
from awsim.wire.http import Request
from awsim.wire.models import service_model
from awsim.wire.website import error_headers, page

_CONDITIONS = ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "range")
_HOME = "https://aws.amazon.com/s3/"
# Regions whose endpoints are written with a dash (AWS General Reference, "Amazon S3 website endpoints").
_DASHED = frozenset(
    (
        "us-east-1",
        "us-west-1",
        "us-west-2",
        "ap-southeast-1",
        "ap-southeast-2",
        "ap-northeast-1",
        "eu-west-1",
        "sa-east-1",
        "us-gov-west-1",
    )
)


class Site:
    """A bucket's website configuration, as GetBucketWebsite shows it, and what it makes of keys."""

    def __init__(self, configuration: Mapping[str, Any]) -> None:
        self.all_to: Mapping[str, str] | None = configuration.get("RedirectAllRequestsTo")
        self.suffix: str = (configuration.get("IndexDocument") or {}).get("Suffix", "")
        self.error_key: str | None = (configuration.get("ErrorDocument") or {}).get("Key")
        self.rules: Sequence[Mapping[str, Any]] = configuration.get("RoutingRules") or ()

    def document(self, key: str) -> str:
        """The key that is served for a request's: the index document of what looks like a folder."""
        return key + self.suffix if not key or key.endswith("/") else key

    def routed(self, key: str, status: int | None, scheme: str, host: str) -> tuple[int, str] | None:
        """Where the first rule that fits leads a request: HTTP status and address.

        `status` is that of the error met, None before any.
        """
        for rule in self.rules:
            condition = rule.get("Condition") or {}
            prefix, code = condition.get("KeyPrefixEquals"), condition.get("HttpErrorCodeReturnedEquals")
            if (code is None) != (status is None) or (code is not None and str(code) != str(status)):
                continue
            if prefix is not None and not key.startswith(prefix):
                continue
            redirect = rule["Redirect"]
            if redirect.get("ReplaceKeyWith") is not None:
                to = redirect["ReplaceKeyWith"]
            elif redirect.get("ReplaceKeyPrefixWith") is not None:
                to = redirect["ReplaceKeyPrefixWith"] + key[len(prefix or "") :]
            else:
                to = key
            address = f"{redirect.get('Protocol') or scheme}://{redirect.get('HostName') or host}/"
            return int(redirect.get("HttpRedirectCode") or 301), address + quote(to, safe="/?=&%#+;,:@!$'()*~")
        return None


def endpoint(bucket: Bucket, suffix: str) -> str:
    """The host of a bucket's website."""
    mark = "-" if bucket.region in _DASHED else "."
    return f"{bucket.name}.s3-website{mark}{bucket.region}.{suffix}"


class Websites(Browser):
    def website_object(self) -> dict[str, Any]:
        """Answer a request to a website endpoint."""
        call = self.cloud.current
        http = call.http
        if http is None:
            self.not_modelled("a website without an HTTP request")
        assert http is not None
        place = website_of(http.host)
        assert place is not None
        name, region = place
        call.caller = ANONYMOUS
        if name is None:
            return self._redirect(301, _HOME)
        if http.method not in ("GET", "HEAD"):
            raise self.error(
                "MethodNotAllowed",
                "The specified method is not allowed against this resource.",
                Method=http.method,
                ResourceType="OBJECT",
            )
        key = unquote(http.path[1:])
        bucket = self.buckets.get(name)
        if bucket is None:
            raise self._settled(self.no_such_bucket(name))
        call.params = {"Bucket": name, "Key": key}
        if bucket.region != region:
            raise AWSError(
                "IncorrectEndpoint",
                "The specified bucket exists in another region. Please direct requests to the specified endpoint.",
                status=400,
                fields={"Endpoint": endpoint(bucket, self._suffix)},
            )
        configuration = bucket.settings.get("website")
        if configuration is None:
            raise AWSError(
                "NoSuchWebsiteConfiguration",
                "The specified bucket does not have a website configuration",
                status=404,
                fields={"BucketName": name},
            )
        return self._answer(bucket, Site(configuration), key, http)

    def _answer(self, bucket: Bucket, site: Site, key: str, http: Request) -> dict[str, Any]:
        scheme = http.url.partition("://")[0].lower()
        query = f"?{http.query_string}" if http.query_string else ""
        if site.all_to is not None:
            to = f"{site.all_to.get('Protocol') or scheme}://{site.all_to['HostName']}{http.path}{query}"
            return self._redirect(301, to)
        target = site.routed(key, None, scheme, http.host)
        if target is not None:
            return self._redirect(*target)
        document = site.document(key)
        try:
            answer = self._read(bucket, document, http)
        except AWSError as error:
            # Nothing is wrong with what a browser has already.
            if error.code in ("304", "PreconditionFailed", "InvalidRange"):
                raise
            if error.code == "NoSuchKey" and document == key and bucket.shown(f"{key}/{site.suffix}") is not None:
                return self._folder(f"{http.path}/{query}")
            target = site.routed(key, error.status, scheme, http.host)
            if target is not None:
                return self._redirect(*target)
            return self._failed(bucket, site, error)
        redirect = answer.pop("WebsiteRedirectLocation", None)
        return self._redirect(301, redirect) if redirect else self._served(answer, http)

    def _read(self, bucket: Bucket, key: str, http: Request, *, whole: bool = False) -> dict[str, Any]:
        """What GetObject answers to anybody; a key that is not there is no secret to who may list the bucket."""
        if bucket.settings.get("payer") == "Requester":
            raise self.error("AccessDenied", "Access Denied")
        headers = {} if whole else {name: http.headers[name] for name in _CONDITIONS if name in http.headers}
        request = Request("GET", f"https://s3.amazonaws.com/{bucket.name}/{quote(key)}", headers)
        params = codec_for(service_model("s3").operation_model("GetObject")).parse(request)
        try:
            with self.judged_as("GetObject", params):
                return self.get_object(**params)
        except AWSError as error:
            if error.code == "NoSuchKey" and not self._lists(bucket):
                raise self.error("AccessDenied", "Access Denied") from None
            raise self._settled(error)

    def _settled(self, error: AWSError) -> AWSError:
        """An error with the status that no model gives it here."""
        error = self.completed(error)
        if error.status is None:
            error.status = 404 if error.code.startswith("NoSuch") else 400
        return error

    def _lists(self, bucket: Bucket) -> bool:
        """Whether anybody may list the bucket."""
        try:
            with self.judged_as("ListObjectsV2", {"Bucket": bucket.name}):
                self.admit(bucket)
        except AWSError:
            return False
        return True

    def _served(self, answer: dict[str, Any], http: Request, status: int | None = None) -> dict[str, Any]:
        codec = codec_for(service_model("s3").operation_model("GetObject"))
        response = codec.serialise(answer, self.cloud.current.request_id)
        headers = {**self._ids(), **response.headers}
        body = b"" if http.method == "HEAD" else response.body
        return {"__status__": status or response.status, "__headers__": headers, "Body": body}

    def _redirect(self, status: int, location: str) -> dict[str, Any]:
        headers = {**self._ids(), "Location": location, "Content-Length": "0"}
        return {"__status__": status, "__headers__": headers}

    def _folder(self, location: str) -> dict[str, Any]:
        """A key that is the name of a folder with an index document leads into the folder."""
        answer = page(302, "Found", "Resource Found", {}, self.cloud.current.request_id)
        return {"__status__": 302, "__headers__": {**answer.headers, "Location": location}, "Body": answer.body}

    def _failed(self, bucket: Bucket, site: Site, error: AWSError) -> dict[str, Any]:
        """The site's own page for an error of the client's; without one the error itself is raised."""
        http = self.cloud.current.http
        assert http is not None
        if site.error_key is None or not 400 <= (error.status or 400) < 500:
            raise error
        try:
            answer = self._read(bucket, site.error_key, http, whole=True)
        except AWSError as second:
            # The page tells of both.
            raise error from second
        redirect = answer.pop("WebsiteRedirectLocation", None)
        if redirect:
            return self._redirect(301, redirect)
        served = self._served(answer, http, error.status)
        served["__headers__"].update(error_headers(error))
        return served
