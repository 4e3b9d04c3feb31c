"""Amazon Elasticsearch Service: the older API of OpenSearch Service."""

from awsim.services.es.service import Elasticsearch

SERVICE = Elasticsearch
