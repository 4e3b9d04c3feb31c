"""AWS Lambda (regional)."""

from __future__ import annotations

from awsim.services.lambda_.access import Access
from awsim.services.lambda_.concurrency import Concurrency
from awsim.services.lambda_.functions import Functions
from awsim.services.lambda_.layers import Layers
from awsim.services.lambda_.mappings import Mappings
from awsim.services.lambda_.urls import Urls


class Lambda(Functions, Access, Concurrency, Layers, Mappings, Urls):
    """AWS Lambda: functions whose code is a callable of the program, and what invokes them."""
