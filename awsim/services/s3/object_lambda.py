"""S3 Object Lambda: a function makes of an object what a reader gets.

s3control makes these access points; S3 is told of each (`open_lambda_point`, `close_lambda_point`). A GetObject through
one invokes its function, which says with WriteGetObjectResponse what is to be answered; what the configuration does
not name goes to the supporting access point.

Source: S3 User Guide, "Transforming objects with S3 Object Lambda", "Event context format and usage", "Working with
WriteGetObjectResponse"; S3 API Reference, "List of S3 Object Lambda error codes".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from awsim.errors import AWSError
from awsim.service import ResourceSide
from awsim.services.s3.access_points import AccessPoints
from awsim.services.s3.permissions import parsed
from awsim.state import Dict

if TYPE_CHECKING:
    from awsim.gateway.call import Call

_ROUTE = "io-use1-001"
_ALIAS_END = "--ol-s3"
_URL_LIFETIME = 61
# What Lambda says of an invocation -> what S3 makes of it.
_REFUSALS = {
    "ResourceNotFoundException": ("LambdaNotFound", "The AWS Lambda function was not found.", 404),
    "AccessDeniedException": ("LambdaPermissionError", "The caller is not authorized to invoke the function.", 403),
}


class LambdaPoint(Protocol):
    """An Object Lambda access point, as s3control keeps it."""

    @property
    def arn(self) -> str: ...
    @property
    def alias(self) -> str: ...
    @property
    def configuration(self) -> Mapping[str, Any]: ...
    @property
    def policy(self) -> str | None: ...


class ObjectLambda(AccessPoints):
    def setup(self) -> None:
        super().setup()
        self.lambda_points = Dict()  # ARN -> LambdaPoint
        self.lambda_aliases = Dict()  # alias -> ARN
        self.lambda_answers = Dict()  # token of a request that waits -> what its function has answered, None before

    def open_lambda_point(self, point: LambdaPoint) -> None:
        self.lambda_points[point.arn] = point
        self.lambda_aliases[point.alias] = point.arn

    def close_lambda_point(self, point: LambdaPoint) -> None:
        self.lambda_points.pop(point.arn, None)
        self.lambda_aliases.pop(point.alias, None)

    def by_other_names(self, call: Call) -> None:
        name = call.params.get("Bucket")
        point = self._lambda_point(name) if name is not None else None
        if point is None:
            super().by_other_names(call)
            return
        params = call.params
        self._check_point(call, point)
        configuration = point.configuration
        call.params = {**params, "Bucket": configuration["SupportingAccessPoint"]}
        super().by_other_names(call)
        call.through = call.through._replace(params=params)
        for transformation in configuration["TransformationConfigurations"]:
            if call.operation in transformation["Actions"]:
                if call.operation != "GetObject":
                    self.not_modelled(f"{call.operation} through an Object Lambda access point")
                function = transformation["ContentTransformation"]["AwsLambda"]
                call.result = self._transformed(call, point, function, params)

    def _lambda_point(self, name: str) -> LambdaPoint | None:
        if name.endswith(_ALIAS_END):
            arn = self.lambda_aliases.get(name)
            return None if arn is None else self.lambda_points[arn]
        if ":s3-object-lambda:" not in name:
            return None
        point: LambdaPoint | None = self.lambda_points.get(name.replace(":accesspoint:", ":accesspoint/"))
        if point is None:
            short = name.rpartition("/")[2]
            raise self.error("NoSuchAccessPoint", "The specified accesspoint does not exist", AccessPointName=short)
        return point

    def _check_point(self, call: Call, point: LambdaPoint) -> None:
        """Refuse what policies do not let the caller do with the access point itself."""
        from awsim.gateway.authorizer import denial, judged

        caller = call.caller
        account = point.arn.split(":")[4]
        if self.cloud.authorization is None and caller.account == account and not caller.is_anonymous:
            return
        decision = judged(call, f"s3-object-lambda:{call.operation}", point.arn)
        if decision is not None and not decision.allowed:
            raise denial(call, decision)

    def resource_policy(self, arn: str) -> ResourceSide:
        point: LambdaPoint | None = self.lambda_points.get(arn)
        if point is None:
            return super().resource_policy(arn)
        return ResourceSide(arn.split(":")[4], parsed(point.policy, False) if point.policy else ())

    # --- a read

    def _transformed(
        self, call: Call, point: LambdaPoint, function: Mapping[str, Any], params: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What the function makes of an object."""
        token = self.ids.text("lambda-token", 64)
        event = self._event(call, point, function, params, token)
        arn = function["FunctionArn"]
        self.lambda_answers[token] = None
        try:
            invoked = self.call(
                "lambda",
                "Invoke",
                as_=call.caller,
                region_=arn.split(":")[3],
                account_=arn.split(":")[4],
                FunctionName=arn,
                Payload=json.dumps(event).encode(),
            )
        except AWSError as error:
            if error.code == "NotImplemented":
                raise
            code, message, status = _REFUSALS.get(
                error.code, ("LambdaInvocationFailed", "The AWS Lambda function could not be invoked.", 400)
            )
            raise AWSError(code, message, status=status) from None
        finally:
            answer: Mapping[str, Any] | None = self.lambda_answers.pop(token)
        if answer is None:
            if invoked.get("FunctionError"):
                raise AWSError("LambdaRuntimeError", "The Lambda function failed during execution.", status=500)
            raise AWSError(
                "LambdaResponseNotReceived",
                "The Lambda function exited without successfully calling WriteGetObjectResponse.",
                status=500,
            )
        status = answer.get("StatusCode") or 200
        if answer.get("ErrorCode") or status >= 300:
            raise AWSError(answer.get("ErrorCode") or "", answer.get("ErrorMessage") or "", status=status)
        told = {name: value for name, value in answer.items() if name != "StatusCode" and value is not None}
        return {"ContentLength": len(answer["Body"]), **told, "__status__": status}

    def _event(
        self, call: Call, point: LambdaPoint, function: Mapping[str, Any], params: Mapping[str, Any], token: str
    ) -> dict[str, Any]:
        caller, http = call.caller, call.http
        _, _, _, region, account, resource = point.arn.split(":", 5)
        key = quote(params["Key"])
        host = f"{resource.partition('/')[2]}-{account}.s3-object-lambda.{region}.amazonaws.com"
        return {
            "xAmzRequestId": call.request_id,
            "getObjectContext": {
                "inputS3Url": self._url(caller.arn, point.configuration["SupportingAccessPoint"], key),
                "outputRoute": _ROUTE,
                "outputToken": token,
            },
            "configuration": {
                "accessPointArn": point.arn,
                "supportingAccessPointArn": point.configuration["SupportingAccessPoint"],
                "payload": function.get("FunctionPayload") or "",
            },
            "userRequest": {
                "url": http.url if http is not None else f"https://{host}/{key}",
                "headers": dict(http.headers.items()) if http is not None else {},
            },
            "userIdentity": {
                "type": "AssumedRole" if caller.type == "assumed-role" else "IAMUser",
                "principalId": caller.user_id,
                "arn": caller.arn,
                "accountId": caller.account,
                "accessKeyId": caller.access_key,
            },
            "protocolVersion": "1.00",
        }

    def _url(self, who: str, arn: str, key: str) -> str:
        """A presigned URL of the object, read in the name of who asks for it."""
        _, _, _, region, account, resource = arn.split(":", 5)
        keys = self.cloud.credentials(who)
        request = AWSRequest(
            "GET",
            f"https://{resource.partition('/')[2]}-{account}.s3-accesspoint.{region}.amazonaws.com/{key}",
        )
        signer = Credentials(keys["aws_access_key_id"], keys["aws_secret_access_key"])
        S3SigV4QueryAuth(signer, "s3", region, expires=_URL_LIFETIME).add_auth(request)
        return str(request.url)

    def write_get_object_response(
        self,
        RequestRoute: str,
        RequestToken: str,
        Body: bytes | None = None,
        StatusCode: int | None = None,
        ErrorCode: str | None = None,
        ErrorMessage: str | None = None,
        CacheControl: str | None = None,
        ContentDisposition: str | None = None,
        ContentEncoding: str | None = None,
        ContentLanguage: str | None = None,
        ContentLength: int | None = None,
        ContentRange: str | None = None,
        ContentType: str | None = None,
        ETag: str | None = None,
        Expires: Any = None,
        LastModified: Any = None,
        Metadata: Mapping[str, str] | None = None,
        VersionId: str | None = None,
    ) -> dict[str, Any]:
        if RequestToken not in self.lambda_answers or self.lambda_answers[RequestToken] is not None:
            raise self.error("ValidationError", "Invalid token")
        self.lambda_answers[RequestToken] = {
            "Body": bytes(Body) if Body is not None else b"",
            "StatusCode": StatusCode,
            "ErrorCode": ErrorCode,
            "ErrorMessage": ErrorMessage,
            "CacheControl": CacheControl,
            "ContentDisposition": ContentDisposition,
            "ContentEncoding": ContentEncoding,
            "ContentLanguage": ContentLanguage,
            "ContentRange": ContentRange,
            "ContentType": ContentType,
            "ETag": ETag,
            "Expires": Expires,
            "LastModified": LastModified,
            "Metadata": dict(Metadata) if Metadata is not None else None,
            "VersionId": VersionId,
        }
        return {}
