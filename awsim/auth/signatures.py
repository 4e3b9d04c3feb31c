"""Request signatures of version 4, in the header, in presigned URLs and chunk by chunk; and the way in for version 2.

Everything here works from a wire `Request`, a secret and a time in epoch seconds, and answers in the service's words:
an `AWSError`, as `Refused.worded` phrases it, with S3's further members. A secret of None (the key was made elsewhere
and never seen signing) leaves the signature itself unchecked; form, dates and expiry still count. Of version 4a
(asymmetric) signatures only form and dates are checked.

Sources: "AWS Signature Version 4 for API requests" (IAM User Guide), "Authenticating Requests" (Amazon S3 API
Reference), answers recorded in ../shared/recorded/s3.jsonl.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from awsim.auth import signatures_v2
from awsim.auth.credentials import parse_authorization
from awsim.auth.refusals import Refused
from awsim.auth.signing import (
    ALGORITHM,
    ALGORITHM_4A,
    ALGORITHMS,
    NO_DATE,
    Bounds,
    Scope,
    argument,
    basic,
    basic_time,
    canonical_path,
    canonical_query,
    header_time,
    hmac_sha256,
    host_of,
    is_skewed,
    iso,
    minutes,
    mismatch,
    pairs,
    same,
    skewed,
    spelled,
)
from awsim.errors import AWSError
from awsim.wire.http import Headers, Request

_UNSIGNED = "UNSIGNED-PAYLOAD"
_EMPTY = hashlib.sha256(b"").hexdigest()
_S3_SERVICES = ("s3", "s3control")
_PAYLOADS = (
    _UNSIGNED,
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
    "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER",
)
_TWO_WAYS = (
    "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or "
    "the Authorization header should be specified"
)
_QUERY_NEEDS = (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Signature",
    "X-Amz-Date",
    "X-Amz-SignedHeaders",
    "X-Amz-Expires",
)
_HEX64 = re.compile(r"[0-9a-f]{64}")


def verify(
    request: Request,
    secret: str | None,
    now: float,
    service: str,
    protocol: str = "",
    *,
    region: str | None = None,
    limits: Bounds | None = None,
    bucket: str | None = None,
) -> None:
    """Check whatever signature `request` carries, in header or query. Raises AWSError in the words of `service`.

    `protocol` is the one the service's model speaks; `region`, where given, is the one the scope must name. `limits` is
    the rows of STS ("clock-skew", "presigned-lifetime"), the table's own if None; `bucket` that of a virtual-hosted S3
    request on a host of its own.
    """
    in_header = parse_authorization(request.headers)[4]
    in_query = parse_authorization(Headers(), request.query_string)[4] if request.query_string else "none"
    if in_header != "none" and in_query != "none" and service in _S3_SERVICES:
        raise argument("Authorization", request.headers["Authorization"], _TWO_WAYS)
    kind = in_query if in_header == "none" else in_header
    _verify(kind, request, secret, now, service, protocol, region, limits, bucket)


def verify_presigned(
    request: Request,
    secret: str | None,
    now: float,
    service: str = "s3",
    protocol: str = "",
    *,
    region: str | None = None,
    limits: Bounds | None = None,
    bucket: str | None = None,
) -> None:
    """As `verify`, for a URL that is signed in its query (version 4, or S3's 2); one that is not passes."""
    kind = parse_authorization(Headers(), request.query_string)[4]
    if kind != "none":
        _verify(kind, request, secret, now, service, protocol, region, limits, bucket)


def verify_chunks(request: Request, secret: str) -> None:
    """Check the signature of every chunk of an aws-chunked body (STREAMING-AWS4-HMAC-SHA256-PAYLOAD[-TRAILER]).

    The header's own signature, from which the chain starts, is `verify`'s. Raises AWSError SignatureDoesNotMatch.
    """
    components = _components(request.headers["Authorization"])
    parts = components["Credential"].rsplit("/", 4)
    scope = Scope(*parts[:4])
    stamp = request.headers.get("X-Amz-Date") or ""
    key, previous = scope.key(secret), components["Signature"]

    def check(algorithm: str, hashes: Sequence[str], signature: str) -> str:
        text = "\n".join((algorithm, stamp, str(scope), previous, *hashes))
        expected = hmac_sha256(key, text).hex()
        if not same(expected, signature):
            fields = mismatch(scope.access_key, text, signature)
            raise Refused("signature", scope.access_key, fields=fields).worded("s3", "rest-xml")
        return expected

    trailer = b""
    for data, signature, rest in _chunks(request.read()):
        previous = check("AWS4-HMAC-SHA256-PAYLOAD", (_EMPTY, hashlib.sha256(data).hexdigest()), signature)
        trailer = rest
    if (request.headers.get("X-Amz-Content-SHA256") or "").endswith("-TRAILER"):
        lines = [line for line in trailer.replace(b"\r\n", b"\n").split(b"\n") if line]
        signed = b"".join(line + b"\n" for line in lines if not line.startswith(b"x-amz-trailer-signature:"))
        given = next((line for line in lines if line.startswith(b"x-amz-trailer-signature:")), b":")
        signature = given.partition(b":")[2].strip().decode("latin-1")
        check("AWS4-HMAC-SHA256-TRAILER", (hashlib.sha256(signed).hexdigest(),), signature)


def canonical_request(
    request: Request, signed_headers: Sequence[str], payload: str, *, once: bool, without: str = ""
) -> str:
    """Version 4's canonical request. `without` names the query parameter that is the signature itself.

    `once`: the path is percent-encoded once and not normalised, as S3 has it.
    """
    headers = request.headers
    values = ((name, headers.get(name, host_of(request.url) if name == "host" else "")) for name in signed_headers)
    lines = [f"{name}:{' '.join(value.split())}" for name, value in values]
    return "\n".join(
        (
            request.method.upper(),
            canonical_path(request.path, once),
            canonical_query(request.query_string, without),
            *lines,
            "",
            ";".join(signed_headers),
            payload,
        )
    )


def _verify(
    kind: str,
    request: Request,
    secret: str | None,
    now: float,
    service: str,
    protocol: str,
    region: str | None,
    limits: Bounds | None,
    bucket: str | None,
) -> None:
    bounds = _table() if limits is None else limits
    words = _S3Words(region) if service in _S3_SERVICES else _Words(region)
    try:
        if kind in ("v4", "v4a"):
            _verify_header(request, secret, now, words, bounds)
        elif kind in ("v4-query", "v4a-query"):
            _verify_query(request, secret, now, words, bounds)
        elif kind == "v2-query":
            signatures_v2.verify_query(request, secret, now, bucket)
        elif kind == "v2":
            signatures_v2.verify_header(request, secret, now, bounds, bucket)
        elif kind == "unreadable":
            raise _unreadable(request, words)
        elif kind == "none":
            raise Refused("missing")
    except Refused as refused:
        raise refused.worded(service, protocol) from None


def _unreadable(request: Request, words: _Words) -> Exception:
    header = request.headers["Authorization"]
    if not header.startswith("AWS4-"):
        return Refused("unreadable", message=f"Unsupported AWS 'algorithm': '{header.partition(' ')[0]}'. ")
    components = _components(header)
    missing = [name for name in ("Credential", "Signature", "SignedHeaders") if not components.get(name)]
    if missing:
        return words.incomplete(missing, request.headers.get("X-Amz-Date") or "", header)
    return words.malformed_scope(components["Credential"], "header")


def _verify_header(request: Request, secret: str | None, now: float, words: _Words, bounds: Bounds) -> None:
    header = request.headers["Authorization"]
    components = _components(header)
    stamp = request.headers.get("X-Amz-Date") or request.headers.get("Date") or ""
    missing = [name for name in ("Credential", "Signature", "SignedHeaders") if not components.get(name)]
    if missing or not stamp:
        raise words.incomplete(missing, stamp, header)
    asymmetric = header.startswith(ALGORITHM_4A)
    scope = _scope(components["Credential"], asymmetric, words, "header")
    signed_at, stamp = header_time(stamp)
    if signed_at is None:
        raise words.unreadable_date(stamp)
    if is_skewed(signed_at, now, bounds):
        raise skewed(signed_at, stamp, now, bounds)
    words.check_scope(scope, stamp, "header")
    names = components["SignedHeaders"].lower().split(";")
    words.check_headers(request, names)
    payload = words.payload(request)
    if secret is not None and not asymmetric:
        canonical = canonical_request(request, names, payload, once=words.once)
        _compare(canonical, scope, stamp, secret, components["Signature"])


def _verify_query(request: Request, secret: str | None, now: float, words: _Words, bounds: Bounds) -> None:
    given = {name.lower(): value for name, value in pairs(request.query_string)}
    missing = [name for name in words.needs if name.lower() not in given]
    if missing:
        raise words.missing(missing)
    algorithm, stamp = given["x-amz-algorithm"], given["x-amz-date"]
    if algorithm not in (ALGORITHM, ALGORITHM_4A):
        raise words.bad_parameter(ALGORITHMS)
    scope = _scope(given["x-amz-credential"], algorithm == ALGORITHM_4A, words, "query")
    signed_at = basic_time(stamp)
    if signed_at is None:
        raise words.bad_parameter("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
    words.check_scope(scope, stamp, "query")
    skew = bounds["clock-skew"]
    lifetime = _lifetime(given.get("x-amz-expires", skew), words, bounds)
    if skew is not None and signed_at - now > skew:
        raise words.not_yet(signed_at, stamp, now, bounds)
    if now >= signed_at + lifetime:
        raise words.expired(signed_at, stamp, lifetime, now)
    names = given["x-amz-signedheaders"].lower().split(";")
    words.check_headers(request, names)
    if secret is not None and algorithm == ALGORITHM:
        payload = words.presigned_payload(request, given, names)
        canonical = canonical_request(request, names, payload, once=words.once, without="X-Amz-Signature")
        _compare(canonical, scope, stamp, secret, given["x-amz-signature"])


def _scope(text: str, asymmetric: bool, words: _Words, where: str) -> Scope:
    parts = text.rsplit("/", 3 if asymmetric else 4)
    if asymmetric:
        parts.insert(2, "*")  # good for a set of regions, which a header names
    if len(parts) != 5:
        raise words.malformed_scope(text, where)
    if parts[4] != "aws4_request":
        raise words.wrong_terminal(parts[4], where)
    return Scope(*parts[:4])


def _lifetime(text: str | float | None, words: _Words, bounds: Bounds) -> int:
    try:
        lifetime = int(text or 0)
    except ValueError:
        raise words.bad_parameter("X-Amz-Expires should be a number") from None
    if lifetime < 0:
        raise words.bad_parameter("X-Amz-Expires must be non-negative")
    longest = bounds["presigned-lifetime"]
    if longest is not None and lifetime > longest:
        raise words.bad_parameter(
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
            f"{longest:.0f} seconds"
        )
    return lifetime


class _Words:
    """What services in general ask of a version 4 signature and how they word what is wrong with it."""

    once = False  # whether the path is percent-encoded once only, and not normalised
    needs: tuple[str, ...] = _QUERY_NEEDS[:-1]

    def __init__(self, region: str | None) -> None:
        self.region = region

    def incomplete(self, missing: Sequence[str], stamp: str, header: str) -> Exception:
        parts = [f"Authorization header requires '{name}' parameter." for name in missing]
        if not stamp:
            parts.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
        digest = base64.b64encode(hashlib.sha256(header.encode()).digest()).decode()
        parts.append(f"(Hashed with SHA-256 and encoded with Base64) Authorization={digest}")
        return Refused("unreadable", message=" ".join(parts))

    def missing(self, names: Sequence[str]) -> Exception:
        return self.bad_parameter(" ".join(f"AWS query-string parameters must include '{name}'." for name in names))

    def bad_parameter(self, message: str) -> Exception:
        return Refused("unreadable", message=message)

    def malformed_scope(self, text: str, where: str) -> Exception:
        message = "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term"
        return Refused("unreadable", message=f"{message}, got '{text}'")

    def wrong_terminal(self, terminal: str, where: str) -> Exception:
        message = f"Credential should be scoped with a valid terminator: 'aws4_request', not '{terminal}'."
        return Refused("scope", message=message)

    def unreadable_date(self, stamp: str) -> Exception:
        return Refused(
            "unreadable",
            message=f"Date must be in ISO-8601 'basic format'. Got '{stamp}'. See http://en.wikipedia.org/wiki/ISO_8601",
        )

    def check_scope(self, scope: Scope, stamp: str, where: str) -> None:
        if scope.date != stamp[:8]:
            raise Refused(
                "scope",
                message="Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                f"'{scope.date}' != '{stamp[:8]}', from '{stamp}'.",
            )
        if self.region and scope.region not in (self.region, "*"):
            raise Refused("scope", message="Credential should be scoped to a valid region. ")

    def check_headers(self, request: Request, names: Sequence[str]) -> None:
        """Refuse headers that had to be signed and were not."""

    def payload(self, request: Request) -> str:
        """The payload line of a request signed in its header."""
        declared = request.headers.get("X-Amz-Content-SHA256")
        return declared if declared in _PAYLOADS else hashlib.sha256(request.read()).hexdigest()

    def presigned_payload(self, request: Request, given: Mapping[str, str], names: Sequence[str]) -> str:
        return hashlib.sha256(request.read()).hexdigest()

    def not_yet(self, signed_at: float, stamp: str, now: float, bounds: Bounds) -> Exception:
        return skewed(signed_at, stamp, now, bounds)

    def expired(self, signed_at: float, stamp: str, lifetime: int, now: float) -> Exception:
        bound = f"{basic(now - lifetime)} ({basic(now)} - {minutes(lifetime)}.)"
        return Refused("skewed", message=f"Signature expired: {stamp} is now earlier than {bound}")


class _S3Words(_Words):
    once = True
    needs = _QUERY_NEEDS

    def incomplete(self, missing: Sequence[str], stamp: str, header: str) -> Exception:
        if not missing:
            return AWSError("AccessDenied", NO_DATE, status=403)
        return self._malformed(
            "the authorization header requires three components: Credential, SignedHeaders, and Signature."
        )

    def missing(self, names: Sequence[str]) -> Exception:
        *most, last = self.needs
        return self.bad_parameter(
            f"Query-string authentication version 4 requires the {', '.join(most)}, and {last} parameters."
        )

    def bad_parameter(self, message: str, **fields: str) -> Exception:
        return AWSError("AuthorizationQueryParametersError", message, status=400, fields=fields)

    def malformed_scope(self, text: str, where: str) -> Exception:
        return self._scope_error(
            'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".', where
        )

    def wrong_terminal(self, terminal: str, where: str) -> Exception:
        return self._scope_error(f'incorrect terminal "{terminal}". This endpoint uses "aws4_request".', where)

    def unreadable_date(self, stamp: str) -> Exception:
        return AWSError("AccessDenied", NO_DATE, status=403)

    def check_scope(self, scope: Scope, stamp: str, where: str) -> None:
        if not scope.service.startswith("s3"):
            raise self._scope_error(f'incorrect service "{scope.service}". This endpoint belongs to "s3".', where)
        if not (len(scope.date) == 8 and scope.date.isdecimal()):
            text = (
                f'incorrect date format "{scope.date}". This date in the credential must be in the format "yyyyMMdd".'
            )
            raise self._scope_error(text, where)
        if scope.date != stamp[:8]:
            text = f'Invalid credential date "{scope.date}". This date is not the same as X-Amz-Date: "{stamp[:8]}".'
            raise self._malformed(text) if where == "header" else self.bad_parameter(text)
        if self.region and scope.region not in (self.region, "*"):
            text = f"the region '{scope.region}' is wrong; expecting '{self.region}'"
            raise self._scope_error(text, where, Region=self.region)

    def check_headers(self, request: Request, names: Sequence[str]) -> None:
        unsigned = sorted(
            name
            for name in request.headers
            if name.startswith("x-amz-") and name not in names and name != "x-amz-content-sha256"
        )
        if unsigned:
            message = "There were headers present in the request which were not signed"
            raise AWSError("AccessDenied", message, status=403, fields={"HeadersNotSigned": ", ".join(unsigned)})

    def payload(self, request: Request) -> str:
        declared = request.headers.get("X-Amz-Content-SHA256")
        if declared is None:
            message = "Missing required header for this request: x-amz-content-sha256"
            raise AWSError("InvalidRequest", message, status=400)
        if declared in _PAYLOADS:
            return declared
        if not _HEX64.fullmatch(declared):
            allowed = ", ".join(_PAYLOADS)
            message = f"x-amz-content-sha256 must be {allowed} or a valid sha256 value."
            raise argument("x-amz-content-sha256", declared, message)
        computed = hashlib.sha256(request.read()).hexdigest()
        if computed != declared:
            raise AWSError(
                "XAmzContentSHA256Mismatch",
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
                status=400,
                fields={"ClientComputedContentSHA256": declared, "S3ComputedContentSHA256": computed},
            )
        return computed

    def presigned_payload(self, request: Request, given: Mapping[str, str], names: Sequence[str]) -> str:
        header = request.headers.get("X-Amz-Content-SHA256") if "x-amz-content-sha256" in names else None
        return header or given.get("x-amz-content-sha256") or _UNSIGNED

    def not_yet(self, signed_at: float, stamp: str, now: float, bounds: Bounds) -> Exception:
        return AWSError("AccessDenied", "Request is not valid yet", status=403, fields={"ServerTime": iso(now)})

    def expired(self, signed_at: float, stamp: str, lifetime: int, now: float) -> Exception:
        fields = {"X-Amz-Expires": str(lifetime), "Expires": iso(signed_at + lifetime), "ServerTime": iso(now)}
        return AWSError("AccessDenied", "Request has expired", status=403, fields=fields)

    def _malformed(self, reason: str, **fields: str) -> AWSError:
        message = f"The authorization header is malformed; {reason}"
        return AWSError("AuthorizationHeaderMalformed", message, status=400, fields=fields)

    def _scope_error(self, reason: str, where: str, **fields: str) -> Exception:
        if where == "header":
            return self._malformed(reason, **fields)
        return self.bad_parameter(f"Error parsing the X-Amz-Credential parameter; {reason}", **fields)


def _compare(canonical: str, scope: Scope, stamp: str, secret: str, given: str) -> None:
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"{ALGORITHM}\n{stamp}\n{scope}\n{digest}"
    if not same(hmac_sha256(scope.key(secret), text).hex(), given):
        fields = mismatch(scope.access_key, text, given)
        fields["CanonicalRequest"] = canonical
        fields["CanonicalRequestBytes"] = spelled(canonical)
        raise Refused("signature", scope.access_key, fields=fields)


def _components(header: str) -> dict[str, str]:
    parts = (part.partition("=") for part in header.partition(" ")[2].split(","))
    return {name.strip(): value.strip() for name, _, value in parts}


def _chunks(body: bytes) -> Iterator[tuple[bytes, str, bytes]]:
    """(data, signature, what follows) of each chunk, the last (empty) one included."""
    at, length = 0, -1
    try:
        while length:
            end = body.index(b"\r\n", at)
            size, _, extension = body[at:end].partition(b";")
            length = int(size, 16)
            data = body[end + 2 : end + 2 + length]
            if len(data) < length:
                raise ValueError
            at = end + 2 + length + (2 if length else 0)
            yield data, extension.partition(b"=")[2].decode("latin-1"), body[at:]
    except ValueError:
        raise AWSError("IncompleteBody", "The request body terminated unexpectedly", status=400) from None


@cache
def _table() -> Bounds:
    from awsim.limits.table import load

    return {name: row.value for name, row in load("sts").items() if not isinstance(row.value, str)}
