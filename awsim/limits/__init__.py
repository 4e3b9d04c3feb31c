"""The limits table: every number AWS documents, one TOML file per service, and what a Cloud makes of them."""

from awsim.limits.table import (
    Limits,
    Row,
    ScopedLimits,
    ServiceLimits,
    Tables,
    Usage,
    bounds_for,
    load,
    rates_for,
    services,
)

__all__ = [
    "Limits",
    "Row",
    "ScopedLimits",
    "ServiceLimits",
    "Tables",
    "Usage",
    "bounds_for",
    "load",
    "rates_for",
    "services",
]
