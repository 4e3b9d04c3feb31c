"""Amazon OpenSearch Service as a whole."""

from __future__ import annotations

from awsim.services.opensearch.answering import Answering


class OpenSearch(Answering):
    """Amazon OpenSearch Service (regional): domains, their endpoints and what is around them.

    Sources: OpenSearch Service API Reference and Developer Guide; how it refuses is in `refusals`. The older API,
    `es`, is another way to the same domains.
    """
