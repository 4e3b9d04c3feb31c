"""django-storages: Django's files in S3."""

import pytest
import requests

boto3 = pytest.importorskip("boto3")
django = pytest.importorskip("django", reason="Django is not installed")
pytest.importorskip("storages", reason="django-storages is not installed")


@pytest.fixture
def storage(aws):
    from django.conf import settings

    if not settings.configured:
        settings.configure(USE_TZ=True, MEDIA_ROOT="", SECRET_KEY="-")
        django.setup()
    from storages.backends.s3 import S3Storage

    boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="media")
    return S3Storage(bucket_name="media", region_name="us-east-1", location="files", file_overwrite=False)


def test_files_are_kept(storage):
    from django.core.files.base import ContentFile

    name = storage.save("notes/a.txt", ContentFile(b"hello"))
    assert name == "notes/a.txt"
    assert storage.exists(name)
    assert storage.size(name) == 5
    assert storage.get_modified_time(name).tzinfo is not None
    with storage.open(name) as file:
        assert file.read() == b"hello"
    assert storage.listdir("notes") == ([], ["a.txt"])
    assert storage.listdir("") == (["notes"], [])
    again = storage.save("notes/a.txt", ContentFile(b"other"))
    assert again != name
    storage.delete(name)
    assert not storage.exists(name)
    with pytest.raises(FileNotFoundError):
        storage.open(name).read()


def test_files_are_written_in_parts(aws, storage):
    with storage.open("big.bin", "wb") as file:
        for _ in range(12):
            file.write(bytes(1024 * 1024))
    assert storage.size("big.bin") == 12 * 1024 * 1024
    assert len(aws.calls.of("s3:UploadPart")) >= 2


def test_links_to_files(storage):
    from django.core.files.base import ContentFile

    storage.save("a b.txt", ContentFile(b"hello"))
    link = storage.url("a b.txt")
    assert "Signature" in link
    assert requests.get(link).content == b"hello"
    assert requests.get(link.partition("?")[0]).status_code == 403


def test_headers_of_a_kind(storage):
    from django.core.files.base import ContentFile

    storage.save("style.css", ContentFile(b"body{}" * 1000))
    head = boto3.client("s3", region_name="us-east-1").head_object(Bucket="media", Key="files/style.css")
    assert head["ContentType"] == "text/css"
