"""botocore's service models: the ones clients have loaded already where there are any, else loaded once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.model import OperationModel, ServiceModel

_models: dict[str, ServiceModel] = {}
#: (shape, what makes a reader of its values, given the wire's own): see `Service.readers`.
Readers = tuple[tuple[str, Callable[[Callable[[Any], Any]], Callable[[Any], Any]]], ...]

_schemas: dict[tuple[str, str, frozenset[str], Readers], Schema] = {}
_loader: Any = None


def loader() -> Any:
    """One botocore Loader for the process."""
    global _loader
    if _loader is None:
        import os

        from botocore.loaders import create_loader

        _loader = create_loader(os.environ.get("AWS_DATA_PATH"))
    return _loader


def service_model(name: str) -> ServiceModel:
    """The model of a service by botocore's name; raises botocore's UnknownServiceError."""
    model = _models.get(name)
    if model is None:
        model = _models.setdefault(name, ServiceModel(loader().load_service_model(name, "service-2"), name))
    return model


def adopt(operation: OperationModel) -> None:
    """Remember the model a client has loaded, so that it is never loaded again."""
    model = operation.service_model
    if model.service_name not in _models:
        _models.setdefault(model.service_name, model)


# Query error codes (shape name -> code) that models of services which moved from query to JSON no longer carry, as the
# SQS API reference and recorded answers have them. The last two have no shape.
_SQS = "AWS.SimpleQueueService."
_QUERY_CODES: dict[str, dict[str, str]] = {
    "sqs": {
        "BatchEntryIdsNotDistinct": _SQS + "BatchEntryIdsNotDistinct",
        "BatchRequestTooLong": _SQS + "BatchRequestTooLong",
        "EmptyBatchRequest": _SQS + "EmptyBatchRequest",
        "InvalidBatchEntryId": _SQS + "InvalidBatchEntryId",
        "KmsAccessDenied": "KMS.AccessDeniedException",
        "KmsDisabled": "KMS.DisabledException",
        "KmsInvalidKeyUsage": "KMS.InvalidKeyUsageException",
        "KmsInvalidState": "KMS.InvalidStateException",
        "KmsNotFound": "KMS.NotFoundException",
        "KmsOptInRequired": "KMS.OptInRequired",
        "KmsThrottled": "KMS.ThrottlingException",
        "MessageNotInflight": _SQS + "MessageNotInflight",
        "PurgeQueueInProgress": _SQS + "PurgeQueueInProgress",
        "QueueDeletedRecently": _SQS + "QueueDeletedRecently",
        "QueueDoesNotExist": _SQS + "NonExistentQueue",
        "QueueNameExists": "QueueAlreadyExists",
        "TooManyEntriesInBatchRequest": _SQS + "TooManyEntriesInBatchRequest",
        "UnsupportedOperation": _SQS + "UnsupportedOperation",
        "InvalidParameterValueException": "InvalidParameterValue",
        "MissingRequiredParameterException": "MissingParameter",
    }
}


class Schema:
    """A service's raw model and whatever has been compiled from it, shared by all its operations.

    Compilers read the raw C2J dictionaries: an object per shape, as botocore.model makes them, costs more than
    compiling. A shape reference is `{"shape": name, **traits}`, and traits of the reference win over the shape's.
    """

    def __init__(self, model: ServiceModel, exact: frozenset[str] = frozenset(), readers: Readers = ()) -> None:
        description = model._service_description
        self.name: str = model.service_name
        self.metadata: dict[str, Any] = model.metadata
        self.shapes: dict[str, dict[str, Any]] = description.get("shapes", {})
        self.operations: dict[str, dict[str, Any]] = description.get("operations", {})
        self.memo: dict[Any, Any] = {}
        #: Shapes whose values are given just as the wire has them: `Service.exact`.
        self.exact = exact
        #: Shapes that JSON is read by a service's own reader for: `Service.readers`.
        self.readers = dict(readers)
        self._errors: dict[str, str] | None = None
        self._error_codes: dict[str, str] = {}

    def resolve(self, reference: dict[str, Any]) -> dict[str, Any]:
        """The shape with the reference's traits merged over it."""
        shape = self.shapes[reference["shape"]]
        return shape if len(reference) == 1 else {**shape, **reference}

    def error_name(self, code: str) -> str | None:
        """The name of the error (its shape's, where it has one) with this name or this `error.code`."""
        if self._errors is None:
            self._scan_errors()
        return self._errors.get(code)  # type: ignore[union-attr]

    def error_code(self, shape_name: str) -> str:
        """The code that query protocols send for an error shape: `error.code`, else the shape's name."""
        if self._errors is None:
            self._scan_errors()
        return self._error_codes.get(shape_name, shape_name)

    def _scan_errors(self) -> None:
        names: dict[str, str] = {}
        codes: dict[str, str] = dict(_QUERY_CODES.get(self.name, ()))
        for name in codes:
            names[name] = name
        for name, shape in self.shapes.items():
            if shape.get("exception"):
                names[name] = name
                code = shape.get("error", {}).get("code")
                if code:
                    codes[name] = code
        self._error_codes = codes
        for name, code in codes.items():
            names.setdefault(code, name)
        self._errors = names

    def holds(self, reference: dict[str, Any] | None, kind: str) -> bool:
        """Whether a shape of type `kind` is anywhere below the reference."""
        if reference is None:
            return False
        shapes = self.shapes
        seen = set()
        todo = [reference["shape"]]
        while todo:
            name = todo.pop()
            if name in seen:
                continue
            seen.add(name)
            shape = shapes[name]
            if shape["type"] == kind:
                return True
            if "members" in shape:
                todo += [member["shape"] for member in shape["members"].values()]
            elif "member" in shape:
                todo.append(shape["member"]["shape"])
            elif "value" in shape:
                todo.append(shape["value"]["shape"])
        return False


def request_uri(http: dict[str, Any]) -> str:
    """An operation's URI template as the model has it.

    botocore's S3 client cuts `/{Bucket}` off the templates of the model it holds and keeps the whole path as authPath.
    """
    uri = http.get("requestUri", "/")
    path = http.get("authPath")
    if path is None:
        return uri
    _, mark, query = uri.partition("?")
    return (path.rstrip("/") or "/") + mark + query


def schema_of(model: ServiceModel, exact: frozenset[str] = frozenset(), readers: Readers = ()) -> Schema:
    """The schema shared by every client of a service: (name, API version) tells models apart."""
    key = (model.service_name, model.metadata.get("apiVersion", ""), exact, readers)
    schema = _schemas.get(key)
    if schema is None:
        schema = _schemas.setdefault(key, Schema(model, exact, readers))
    return schema
