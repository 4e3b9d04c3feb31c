"""Flask-Session on a DynamoDB table: sessions are kept between requests, changed, cleared and expired."""

from __future__ import annotations

import boto3
import pytest

flask = pytest.importorskip("flask", reason="Flask is not installed")
pytest.importorskip("flask_session.dynamodb", reason="Flask-Session with its DynamoDB backend is not installed")
from flask_session import Session  # noqa: E402


@pytest.fixture
def table(aws):
    return boto3.resource("dynamodb", region_name="us-east-1").Table("Sessions")


@pytest.fixture
def app(aws, table):
    app = flask.Flask("shop")
    app.config.update(
        SESSION_TYPE="dynamodb", SESSION_DYNAMODB=boto3.resource("dynamodb"), SESSION_DYNAMODB_TABLE=table.name
    )
    Session(app)

    @app.route("/add/<thing>")
    def add(thing):
        flask.session["basket"] = [*flask.session.get("basket", ()), thing]
        return flask.session["basket"]

    @app.route("/leave")
    def leave():
        flask.session.clear()
        return []

    return app


def test_a_basket_is_kept_between_requests(app, table):
    ann, bob = app.test_client(), app.test_client()
    assert ann.get("/add/pen").json == ["pen"]
    assert ann.get("/add/ink").json == ["pen", "ink"]
    assert bob.get("/add/mug").json == ["mug"]
    stored = table.scan()["Items"]
    assert len(stored) == 2
    assert all(item["id"].startswith("session:") and item["expiration"] > 0 for item in stored)
    ann.get("/leave")
    assert table.scan(Select="COUNT")["Count"] == 1
    assert ann.get("/add/cup").json == ["cup"]


@pytest.mark.aws(at="2026-01-01", lifecycle="timed")
def test_sessions_expire_with_the_table(aws, app, table):
    aws.clock.advance(minutes=1)
    table.meta.client.update_time_to_live(
        TableName=table.name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expiration"}
    )
    client = app.test_client()
    client.get("/add/pen")
    aws.clock.advance(days=31)
    assert table.scan(Select="COUNT")["Count"] == 1
    aws.clock.advance(days=3)
    assert table.scan(Select="COUNT")["Count"] == 0
    assert client.get("/add/ink").json == ["ink"]
