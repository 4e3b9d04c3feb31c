"""Amazon OpenSearch Service."""

from awsim.services.opensearch.service import OpenSearch

SERVICE = OpenSearch
