"""An Availability Zone is out: what lies in it alone is gone, what is spread over zones goes on, and all comes back."""

import boto3
import pytest

START = "2026-03-01T00:00:00Z"
REGION = "us-east-1"
SUBNETS = ["subnet-1", "subnet-2", "subnet-3"]  # one in each of the zones a, b and c

modes = pytest.mark.parametrize(
    (),
    [
        pytest.param(marks=pytest.mark.aws(at=START), id="instant"),
        pytest.param(marks=pytest.mark.aws(at=START, lifecycle="timed"), id="timed"),
        pytest.param(marks=pytest.mark.aws(at=START, realistic=True), id="realistic"),
    ],
)


class Shop:
    """Orders go to a stream of Kafka and a queue of SQS; invoices to a broker of ActiveMQ, the small one to another."""

    def __init__(self):
        self.kafka, self.mq, self.sqs = (boto3.client(name, region_name=REGION) for name in ("kafka", "mq", "sqs"))
        self.cluster = self.kafka.create_cluster(
            ClusterName="orders",
            KafkaVersion="3.9.x",
            NumberOfBrokerNodes=6,
            BrokerNodeGroupInfo={"InstanceType": "kafka.m5.large", "ClientSubnets": SUBNETS},
        )["ClusterArn"]
        self.invoices = self._broker("invoices", "ACTIVE_STANDBY_MULTI_AZ", SUBNETS[:2])
        self.small = self._broker("small", "SINGLE_INSTANCE", SUBNETS[:1])
        self.queue = self.sqs.create_queue(QueueName="orders")["QueueUrl"]

    def _broker(self, name, mode, subnets):
        return self.mq.create_broker(
            BrokerName=name,
            EngineType="ACTIVEMQ",
            DeploymentMode=mode,
            HostInstanceType="mq.m5.large",
            PubliclyAccessible=False,
            SubnetIds=subnets,
            Users=[{"Username": "shop", "Password": "correct-horse-battery"}],
        )["BrokerId"]

    def healthy(self):
        """What of it is as it should be."""
        states = {
            "kafka": self.kafka.describe_cluster(ClusterArn=self.cluster)["ClusterInfo"]["State"] == "ACTIVE",
            "invoices": self.mq.describe_broker(BrokerId=self.invoices)["BrokerState"] == "RUNNING",
            "small": self.mq.describe_broker(BrokerId=self.small)["BrokerState"] == "RUNNING",
            "sqs": bool(self.sqs.send_message(QueueUrl=self.queue, MessageBody="order")["MessageId"]),
        }
        return {name for name, fine in states.items() if fine}

    def brokers(self):
        """Those of Kafka that can be reached."""
        nodes = [node["BrokerNodeInfo"] for node in self.kafka.list_nodes(ClusterArn=self.cluster)["NodeInfoList"]]
        return [int(node["BrokerId"]) for node in nodes if node.get("Endpoints")]


@modes
def test_a_zone_is_out(aws):
    shop = Shop()
    aws.clock.advance(minutes=30)
    everything = {"kafka", "invoices", "small", "sqs"}
    assert shop.healthy() == everything
    with aws.faults.outage(zone="us-east-1a"):
        assert shop.healthy() == {"invoices", "sqs"}
        assert shop.brokers() == [2, 3, 5, 6]
        aws.clock.advance(hours=1)
        assert shop.healthy() == {"invoices", "sqs"}
    assert shop.healthy() == everything
    assert shop.brokers() == [1, 2, 3, 4, 5, 6]
    with aws.faults.outage(zone="us-east-1c"):
        assert shop.healthy() == {"invoices", "small", "sqs"}


@modes
def test_a_snapshot_is_from_before_the_outage(aws):
    shop = Shop()
    aws.clock.advance(minutes=30)
    before = aws.snapshot()
    aws.faults.outage(zone="us-east-1a")
    assert "small" not in shop.healthy()
    aws.restore(before)
    assert shop.healthy() == {"kafka", "invoices", "small", "sqs"}
