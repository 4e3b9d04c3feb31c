"""Users of ActiveMQ, and configurations with their revisions."""

from base64 import b64decode, b64encode

import pytest

pytestmark = pytest.mark.aws(at="2026-03-01T00:00:00Z")

PASSWORD = "correct-horse-battery"
XML = '<broker xmlns="http://activemq.apache.org/schema/core" schedulePeriodForDestinationPurge="10000"/>'


def encoded(text):
    return b64encode(text.encode()).decode()


def missing(what, id, attribute):
    return ("NotFoundException", f"Can't find requested {what} [{id}]. Make sure your {what} exists.", attribute)


# --- users


def test_users_change_at_a_reboot(mq, active, refused):
    id = active()
    jane = {"BrokerId": id, "Username": "jane"}
    mq.create_user(**jane, Password=PASSWORD, Groups=["readers"], ConsoleAccess=True)
    made = mq.describe_user(**jane)
    assert made["Pending"] == {"ConsoleAccess": True, "Groups": ["readers"], "PendingChange": "CREATE"}
    assert "Groups" not in made
    listed = mq.list_users(BrokerId=id)["Users"]
    assert listed == [{"Username": "admin"}, {"Username": "jane", "PendingChange": "CREATE"}]
    conflict = refused(mq.create_user, **jane, Password=PASSWORD)
    assert conflict == ("ConflictException", "User [jane] already exists.", "username")
    mq.reboot_broker(BrokerId=id)
    made = mq.describe_user(**jane)
    assert (made["ConsoleAccess"], made["Groups"]) == (True, ["readers"])
    assert "Pending" not in made
    mq.update_user(**jane, Groups=["writers"])
    changed = mq.describe_user(**jane)
    assert changed["Groups"] == ["readers"]
    assert changed["Pending"] == {"ConsoleAccess": True, "Groups": ["writers"], "PendingChange": "UPDATE"}
    mq.reboot_broker(BrokerId=id)
    assert mq.describe_user(**jane)["Groups"] == ["writers"]
    mq.delete_user(**jane)
    assert mq.describe_user(**jane)["Pending"]["PendingChange"] == "DELETE"
    assert refused(mq.update_user, **jane, Groups=["x2"])[0] == "ConflictException"
    mq.reboot_broker(BrokerId=id)
    assert refused(mq.describe_user, **jane) == missing("user", "jane", "username")
    mq.create_user(**jane, Password=PASSWORD)
    mq.update_user(**jane, ConsoleAccess=True)
    assert mq.describe_user(**jane)["Pending"]["PendingChange"] == "CREATE"
    mq.delete_user(**jane)
    assert refused(mq.delete_user, **jane) == missing("user", "jane", "username")


def test_what_no_user_can_be(mq, active, refused):
    id = active()
    jane = {"BrokerId": id, "Username": "jane", "Password": PASSWORD}
    for change, attribute in (
        ({"Username": "a,b"}, "username"),
        ({"Username": "x" * 101}, "username"),
        ({"Password": "x" * 251}, "password"),
        ({"Groups": ["a"]}, "groups"),
        ({"Groups": [f"group-{number}" for number in range(21)]}, None),
    ):
        refusal = refused(mq.create_user, **{**jane, **change})
        assert (refusal[0], refusal[2]) == ("BadRequestException", attribute)
    both = (
        "Replication user couldn't have console access. [replicationUser] and [consoleAccess] are mutually exclusive "
        "parameters."
    )
    assert refused(mq.create_user, **jane, ReplicationUser=True, ConsoleAccess=True)[1] == both
    assert mq.list_users(BrokerId=id)["Users"] == [{"Username": "admin"}]


@pytest.mark.aws(limits={"mq.users-per-broker": 2})
def test_quota_of_users(mq, active, refused):
    id = active()
    mq.create_user(BrokerId=id, Username="jane", Password=PASSWORD)
    over = "The number of users of the broker would exceed the limit of 2."
    assert refused(mq.create_user, BrokerId=id, Username="joe", Password=PASSWORD)[1] == over


def test_rabbit_keeps_its_own_users(mq, rabbit, refused):
    id = rabbit()
    message = "To manage broker users, please use the RabbitMQ web console, or the management API"
    jane = {"BrokerId": id, "Username": "jane"}
    for call, params in (
        (mq.create_user, {**jane, "Password": PASSWORD}),
        (mq.update_user, jane),
        (mq.delete_user, jane),
        (mq.describe_user, jane),
        (mq.list_users, {"BrokerId": id}),
    ):
        assert refused(call, **params)[:2] == ("BadRequestException", message)


# --- configurations


@pytest.mark.newer_botocore
def test_configurations(aws, mq, refused):
    created = mq.create_configuration(EngineType="ACTIVEMQ", EngineVersion="5.18", Name="purging", Tags={"team": "a"})
    id = created["Id"]
    assert id.startswith("c-")
    assert created["Arn"] == f"arn:aws:mq:us-east-1:123456789012:configuration:{id}"
    assert created["AuthenticationStrategy"] == "simple"
    assert created["LatestRevision"]["Description"] == "Auto-generated default for purging on ActiveMQ 5.18"
    described = mq.describe_configuration(ConfigurationId=id)
    assert (described["EngineType"], described["EngineVersion"], described["Tags"]) == (
        "ActiveMQ",
        "5.18",
        {"team": "a"},
    )
    first = mq.describe_configuration_revision(ConfigurationId=id, ConfigurationRevision="1")
    assert b64decode(first["Data"]).startswith(b"<?xml")
    answer = mq.update_configuration(ConfigurationId=id, Data=encoded(XML), Description="purge")
    assert answer["LatestRevision"]["Revision"] == 2
    assert answer["Warnings"] == []
    second = mq.describe_configuration_revision(ConfigurationId=id, ConfigurationRevision="2")
    assert (second["Data"], second["Description"]) == (encoded(XML), "purge")
    numbers = [each["Revision"] for each in mq.list_configuration_revisions(ConfigurationId=id)["Revisions"]]
    assert numbers == [1, 2]
    (listed,) = mq.list_configurations()["Configurations"]
    assert (listed["Id"], listed["Description"], listed["LatestRevision"]["Revision"]) == (id, "purge", 2)
    for bad in ("no base64!", encoded("<broker"), encoded("<beans/>")):
        refusal = refused(mq.update_configuration, ConfigurationId=id, Data=bad)
        assert (refusal[0], refusal[2]) == ("BadRequestException", "data")
    unknown = refused(mq.describe_configuration_revision, ConfigurationId=id, ConfigurationRevision="3")
    assert unknown[0] == "NotFoundException"
    assert refused(mq.create_configuration, EngineType="ACTIVEMQ", Name="purging")[0] == "ConflictException"
    assert refused(mq.create_configuration, EngineType="ACTIVEMQ", Name="a b")[2] == "name"
    assert refused(mq.create_configuration, EngineType="ACTIVEMQ", Name="x", EngineVersion="1")[2] == "engineVersion"
    mq.delete_configuration(ConfigurationId=id)
    assert refused(mq.describe_configuration, ConfigurationId=id) == missing("configuration", id, "configuration-id")


@pytest.mark.newer_botocore
def test_a_broker_has_a_revision(mq, active, rabbit, refused):
    own = mq.create_configuration(EngineType="ACTIVEMQ", Name="purging")["Id"]
    mq.update_configuration(ConfigurationId=own, Data=encoded(XML))
    id = active(Configuration={"Id": own, "Revision": 1})
    assert mq.describe_broker(BrokerId=id)["Configurations"]["Current"] == {"Id": own, "Revision": 1}
    mq.update_broker(BrokerId=id, Configuration={"Id": own})
    waiting = mq.describe_broker(BrokerId=id)["Configurations"]
    assert (waiting["Current"]["Revision"], waiting["Pending"]["Revision"]) == (1, 2)
    mq.reboot_broker(BrokerId=id)
    after = mq.describe_broker(BrokerId=id)["Configurations"]
    assert after["Current"] == {"Id": own, "Revision": 2}
    assert after["History"] == [{"Id": own, "Revision": 1}]
    assert "Pending" not in after
    used = refused(mq.delete_configuration, ConfigurationId=own)
    assert used == ("ConflictException", f"Configuration [{own}] is in use by broker [{id}].", "configuration-id")
    assert refused(mq.update_broker, BrokerId=id, Configuration={"Id": own, "Revision": 3})[0] == "NotFoundException"
    assert refused(mq.update_broker, BrokerId=rabbit(), Configuration={"Id": own})[2] == "configuration"


def test_rabbit_configurations(mq, refused):
    id = mq.create_configuration(EngineType="RABBITMQ", Name="timeouts")["Id"]
    mq.update_configuration(ConfigurationId=id, Data=encoded("# short\nconsumer_timeout = 60000\n"))
    wrong = refused(mq.update_configuration, ConfigurationId=id, Data=encoded("consumer_timeout"))
    assert wrong[1] == "Configuration data has an invalid line: consumer_timeout"


@pytest.mark.aws(limits={"mq.revisions-per-configuration": 2})
def test_quota_of_revisions(mq, refused):
    id = mq.create_configuration(EngineType="ACTIVEMQ", Name="c")["Id"]
    mq.update_configuration(ConfigurationId=id, Data=encoded(XML))
    over = "The number of revisions of the configuration would exceed the limit of 2."
    assert refused(mq.update_configuration, ConfigurationId=id, Data=encoded(XML))[1] == over
