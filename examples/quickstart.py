"""The whole of awsim in one run: an application that knows nothing of awsim, and the AWS it believes it talks to.

    python examples/quickstart.py
"""

from photo_app import PhotoApp

from awsim import mock_aws


def main() -> None:
    with mock_aws(region="eu-west-1") as aws:
        app = PhotoApp("holiday")
        app.set_up()
        for name, size in (("beach.jpg", 40_000), ("dunes.jpg", 55_000), ("sunset.jpg", 120_000)):
            app.upload(name, b"\xff\xd8" + bytes(size))
        done = app.work_off()

        print("What the application did, on S3, SQS and DynamoDB:")
        for photo in app.catalogue():
            print(f"  {photo['name']:<12} {photo['bytes']:>7} bytes  indexed {photo['indexed_at']}")
        print(f"  {done} messages worked off, {len(aws.calls)} calls to AWS, none of which left this process")

        print("\nWhat AWS would have refused:")
        try:
            app.announce("x" * 1_048_577)
        except app.ClientError as refusal:
            error = refusal.response["Error"]
            print(f"  {refusal.operation_name}: {error['Code']}: {error['Message']}")

        print("\nAn hour in no time:")
        app.upload("late.jpg", b"\xff\xd8")
        message = app.peek()
        aws.clock.advance(hours=1)
        again = app.peek()
        print(f"  the same message is visible again: {message == again}, and it is {aws.clock.now():%H:%M} now")


if __name__ == "__main__":
    main()
