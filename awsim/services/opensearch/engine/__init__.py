"""The search engine behind a domain's endpoint: indices, documents, queries and the REST API that reaches them.

A small part of OpenSearch, exact where it is there: what it does not have is refused by name (501). It knows nothing of
AWS. Sources: OpenSearch documentation, "REST API reference", "Query DSL", "Mappings and field types".
"""

from awsim.services.opensearch.engine.asking import Answer, Ask
from awsim.services.opensearch.engine.cluster import Cluster
from awsim.services.opensearch.engine.rest import answer

__all__ = ["Answer", "Ask", "Cluster", "answer"]
