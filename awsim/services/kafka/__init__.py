"""Amazon Managed Streaming for Apache Kafka (MSK), its control plane: clusters, their topics and what is around them.

There is no Kafka: nothing listens where bootstrap strings point, no record can be produced or consumed, and a
replicator copies nothing. Channels, which deliver records to S3 or Iceberg, are not modelled.
"""

from awsim.services.kafka.service import Kafka

SERVICE = Kafka
