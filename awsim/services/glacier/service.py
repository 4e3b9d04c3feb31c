"""Amazon S3 Glacier, vaults (regional).

Source: S3 Glacier Developer Guide and API Reference.
"""

from __future__ import annotations

from awsim.services.glacier.archives import Archives
from awsim.services.glacier.jobs import Jobs


class Glacier(Archives, Jobs):
    """Amazon S3 Glacier: vaults of archives that are retrieved by jobs."""
