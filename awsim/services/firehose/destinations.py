"""Destinations: what each kind is set to, with defaults filled in; refused where Firehose would.

Of a destination that is no bucket, awsim runs HTTP endpoints and Splunk (over HTTP, see `awsim.endpoints`), domains of
OpenSearch Service and the S3 half of Redshift. OpenSearch Serverless, Snowflake and Iceberg can be configured; their
records fail, and lie with that reason under the error prefix of the backup bucket.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from awsim.errors import AWSError
from awsim.services.firehose import extraction, prefixes
from awsim.wire.models import service_model

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits

Settings = dict[str, Any]


class Form(NamedTuple):
    """A kind of destination. Requests name it `<name>DestinationConfiguration`, descriptions likewise.

    `failed` is what `!{firehose:error-output-type}` says of its failures, `rows` what its rows of the table begin with,
    `all` and `some` the values of S3BackupMode.
    """

    name: str
    failed: str
    rows: str
    all: str = "AllData"
    some: str = "FailedDataOnly"

    @property
    def configuration(self) -> str:
        return f"{self.name}DestinationConfiguration"

    @property
    def update(self) -> str:
        return f"{self.name}DestinationUpdate"

    @property
    def description(self) -> str:
        return f"{self.name}DestinationDescription"


S3 = Form("ExtendedS3", "processing-failed", "", "Enabled", "Disabled")
REDSHIFT = Form("Redshift", "redshift-failed", "redshift", "Enabled", "Disabled")
HTTP = Form("HttpEndpoint", "http-endpoint-failed", "http")
SPLUNK = Form("Splunk", "splunk-failed", "splunk", "AllEvents", "FailedEventsOnly")
_DOCUMENTS = ("AllDocuments", "FailedDocumentsOnly")
ELASTICSEARCH = Form("Elasticsearch", "elasticsearch-failed", "opensearch", *_DOCUMENTS)
OPENSEARCH = Form("Amazonopensearchservice", "AmazonOpenSearchService-failed", "opensearch", *_DOCUMENTS)
FORMS = {
    form.name: form
    for form in (
        S3,
        REDSHIFT,
        HTTP,
        SPLUNK,
        ELASTICSEARCH,
        OPENSEARCH,
        Form("AmazonOpenSearchServerless", "AmazonOpenSearchServerless-failed", "opensearch", *_DOCUMENTS),
        Form("Snowflake", "snowflake-failed", "snowflake"),
        Form("Iceberg", "iceberg-failed", "iceberg"),
    )
}
_SEARCH = ("Elasticsearch", "Amazonopensearchservice", "AmazonOpenSearchServerless")
# What Describe keeps to itself.
_SECRET = frozenset({"AccessKey", "Password", "PrivateKey", "KeyPassphrase"})


# Parameters of processors that are numbers, and the rows that bound them.
_NUMBERS = {"NumberOfRetries": "lambda-retries-most", "BufferSizeInMBs": "lambda-buffer-size-most"}


# --- settings


def complete(form: Form, given: Mapping[str, Any], limits: ServiceLimits) -> Settings:
    """A configuration with everything that Describe shows; raises what is wrong with it."""
    settings = _bucket(given, limits, given) if form is S3 else _elsewhere(form, given, limits)
    settings["S3BackupMode"] = settings.get("S3BackupMode", form.some)
    backup = settings.get("S3BackupConfiguration")
    if backup is not None:
        settings["S3BackupConfiguration"] = _bucket(backup, limits)
    elif settings["S3BackupMode"] == "Enabled":
        raise _refused("S3BackupConfiguration must be specified when S3BackupMode is Enabled.")
    secrets = settings.get("SecretsManagerConfiguration") or {}
    if secrets.get("Enabled") and "SecretARN" not in secrets:
        raise _refused("SecretARN must be specified when SecretsManagerConfiguration is enabled.")
    _check_conversion(settings, limits)
    _check_processing(settings, limits)
    if "CustomTimeZone" in settings:
        zone(settings["CustomTimeZone"])
    return settings


def changed(form: Form, old: Settings, to: Form, update: Mapping[str, Any], limits: ServiceLimits) -> Settings:
    """What UpdateDestination makes of settings: merged within a kind, set anew for another kind."""
    given = dict(update)
    for theirs, ours in (("S3Update", "S3Configuration"), ("S3BackupUpdate", "S3BackupConfiguration")):
        if theirs in given:
            given[ours] = {**(old.get(ours) or {}), **given.pop(theirs)}
    if form is to:
        # A domain is named by its ARN or by its endpoint.
        gone = {"DomainARN": "ClusterEndpoint", "ClusterEndpoint": "DomainARN"}
        kept = {name: value for name, value in old.items() if gone.get(name) not in given}
        return complete(to, {**kept, **given}, limits)
    if form.name in _SEARCH or to.name in _SEARCH:
        raise _refused("Switching between Amazon OpenSearch Service and other services is not supported.")
    needed = service_model("firehose").shape_for(to.configuration).required_members
    for member in needed:
        if member not in given:
            raise _refused(f"{member} must be specified when the destination type is changed.")
    return complete(to, given, limits)


def described(form: Form, settings: Settings) -> dict[str, Any]:
    """A destination as DescribeDeliveryStream shows it."""
    whole = {
        name: {key: each for key, each in value.items() if key not in _SECRET} if isinstance(value, dict) else value
        for name, value in settings.items()
        if name not in _SECRET
    }
    if (backup := whole.pop("S3BackupConfiguration", None)) is not None:
        whole["S3BackupDescription"] = backup
    if (network := whole.pop("VpcConfiguration", None)) is not None:
        whole["VpcConfigurationDescription"] = network
    shown: dict[str, Any] = {"DestinationId": "destinationId-000000000001"}
    if form is S3:
        shown["S3DestinationDescription"] = {name: whole[name] for name in _S3_MEMBERS if name in whole}
    elif (bucket := whole.pop("S3Configuration", None)) is not None:
        whole["S3DestinationDescription"] = bucket
    return {**shown, form.description: whole}


_S3_MEMBERS = (
    "RoleARN", "BucketARN", "Prefix", "ErrorOutputPrefix", "BufferingHints", "CompressionFormat",
    "EncryptionConfiguration", "CloudWatchLoggingOptions",
)  # fmt: skip


def bucket_of(form: Form, settings: Settings) -> Settings:
    """The bucket that records go to, or failures where the destination is none."""
    return settings if form is S3 else settings["S3Configuration"]


def hints_of(form: Form, settings: Settings) -> Mapping[str, int]:
    """The BufferingHints that decide when records are delivered."""
    hints: Mapping[str, int] = (bucket_of(form, settings) if form is REDSHIFT else settings)["BufferingHints"]
    return hints


def processors(settings: Settings) -> list[tuple[str, Mapping[str, str]]]:
    """(type, parameters) of the processors that are on."""
    processing = settings.get("ProcessingConfiguration") or {}
    if not processing.get("Enabled"):
        return []
    return [
        (
            processor["Type"],
            {one["ParameterName"]: one["ParameterValue"] for one in processor.get("Parameters") or ()},
        )
        for processor in processing.get("Processors") or ()
    ]


def partitioned(settings: Settings) -> bool:
    """Whether records are partitioned by keys of their own."""
    return bool((settings.get("DynamicPartitioningConfiguration") or {}).get("Enabled"))


def converted(settings: Settings) -> bool:
    """Whether records are to become Parquet or ORC."""
    conversion = settings.get("DataFormatConversionConfiguration") or {}
    return bool(conversion) and bool(conversion.get("Enabled", True))


def zone(name: str) -> ZoneInfo:
    """The time zone of prefixes."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise _refused(f"CustomTimeZone {name} is not valid.") from None


# --- parts


def _elsewhere(form: Form, given: Mapping[str, Any], limits: ServiceLimits) -> Settings:
    settings = dict(given)
    settings["S3Configuration"] = _bucket(given["S3Configuration"], limits)
    if form is not REDSHIFT:
        settings["BufferingHints"] = _hints(given, limits, form.rows)
    retry = given.get("RetryOptions") or {}
    duration = retry.get("DurationInSeconds", int(limits[f"{form.rows}-retry"]))
    settings["RetryOptions"] = {"DurationInSeconds": duration}
    settings.setdefault("CloudWatchLoggingOptions", {"Enabled": False})
    if form is HTTP:
        settings["RequestConfiguration"] = {
            "ContentEncoding": "NONE",
            "CommonAttributes": [],
            **(given.get("RequestConfiguration") or {}),
        }
    if form in (ELASTICSEARCH, OPENSEARCH):
        _check_domain(settings)
        settings.setdefault("IndexRotationPeriod", "OneDay")
        settings.setdefault("DocumentIdOptions", {"DefaultDocumentIdFormat": "FIREHOSE_DEFAULT"})
    if form is SPLUNK:
        settings.setdefault("HECAcknowledgmentTimeoutInSeconds", int(limits["splunk-acknowledgment-timeout"]))
    return settings


def _hints(given: Mapping[str, Any], limits: ServiceLimits, rows: str) -> dict[str, int]:
    hints = given.get("BufferingHints") or {}
    of = f"{rows}-" if rows in ("splunk", "snowflake") else ""
    return {
        "SizeInMBs": hints.get("SizeInMBs", int(limits[f"{of}default-buffer-size"])),
        "IntervalInSeconds": hints.get("IntervalInSeconds", int(limits[f"{of}default-buffer-interval"])),
    }


def _bucket(given: Mapping[str, Any], limits: ServiceLimits, destination: Mapping[str, Any] | None = None) -> Settings:
    settings = {
        **given,
        "BufferingHints": _hints(given, limits, ""),
        "CompressionFormat": given.get("CompressionFormat") or "UNCOMPRESSED",
        "EncryptionConfiguration": given.get("EncryptionConfiguration") or {"NoEncryptionConfig": "NoEncryption"},
        "CloudWatchLoggingOptions": given.get("CloudWatchLoggingOptions") or {"Enabled": False},
    }
    for name in ("RoleARN", "BucketARN"):
        if not settings.get(name):
            raise _refused(f"{name} must be specified.")
    shortest = limits["buffer-interval-shortest"]
    if shortest is not None and settings["BufferingHints"]["IntervalInSeconds"] < shortest:
        raise limits.error("buffer-interval-shortest")
    by_keys = destination is not None and partitioned(dict(destination))
    prefixes.check(settings.get("Prefix") or "", settings.get("ErrorOutputPrefix") or "", by_keys=by_keys)
    return settings


def _check_conversion(settings: Settings, limits: ServiceLimits) -> None:
    if not converted(settings):
        return
    if settings["CompressionFormat"] != "UNCOMPRESSED":
        raise _refused("CompressionFormat must be UNCOMPRESSED when data format conversion is enabled.")
    least = limits["conversion-buffer-size"]
    if settings["BufferingHints"]["SizeInMBs"] < least:
        raise _refused(
            f"BufferingHints.SizeInMBs must be at least {int(least)} when data format conversion is enabled."
        )


def _check_domain(settings: Settings) -> None:
    """One domain, by its ARN or its endpoint."""
    if ("DomainARN" in settings) == ("ClusterEndpoint" in settings):
        raise _refused("Exactly one of DomainARN and ClusterEndpoint must be specified.")
    endpoint = settings.get("ClusterEndpoint")
    if endpoint is not None and not endpoint.startswith("https:"):
        raise _refused("ClusterEndpoint must be a URL that begins with https:")


def _check_processing(settings: Settings, limits: ServiceLimits) -> None:
    used = processors(settings)
    for kind, parameters in used:
        if kind == "Lambda" and "LambdaArn" not in parameters:
            raise _refused("Parameter LambdaArn is required for processor type Lambda.")
        for name, row in _NUMBERS.items():
            if name in parameters:
                _check_number(name, parameters[name], limits, row)
        if kind == "MetadataExtraction":
            if parameters.get("JsonParsingEngine") != "JQ-1.6" or "MetadataExtractionQuery" not in parameters:
                raise _refused("MetadataExtraction needs MetadataExtractionQuery, and JQ-1.6 as JsonParsingEngine.")
            extraction.compiled(parameters["MetadataExtractionQuery"])
    if not partitioned(settings):
        return
    least = limits["partitioning-buffer-size"]
    if settings["BufferingHints"]["SizeInMBs"] < least:
        raise _refused(f"BufferingHints.SizeInMBs must be at least {int(least)} when Dynamic Partitioning is enabled.")
    if not any(kind in ("MetadataExtraction", "Lambda") for kind, _ in used):
        raise _refused("A MetadataExtraction or Lambda processor is required when Dynamic Partitioning is enabled.")
    if not prefixes.keys(settings.get("Prefix") or ""):
        raise _refused("Prefix must contain the partition keys when Dynamic Partitioning is enabled.")


def _check_number(name: str, text: str, limits: ServiceLimits, row: str) -> None:
    """Refuse the value of a processor's parameter that is no number within a row's bounds."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    low, high = limits.row(row).minimum or 0, limits[row]
    if not (low <= value and (high is None or value <= high)):
        raise limits.error(row, given=text)


def _refused(message: str) -> AWSError:
    return AWSError("InvalidArgumentException", message)
