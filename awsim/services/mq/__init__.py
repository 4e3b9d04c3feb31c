"""Amazon MQ, its control plane: brokers of ActiveMQ and RabbitMQ, their users and configurations.

There is no broker: nothing listens at the endpoints, no message can be sent, and data replication copies nothing.
Elements of configurations that Amazon MQ would take out are kept. Resource shares are not modelled.
"""

from awsim.services.mq.service import MQ

SERVICE = MQ
