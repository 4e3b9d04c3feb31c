"""Lists of objects, versions, uploads: order, grouping, pages."""

import pytest
import requests

INVALID_MARKER = "A version-id marker cannot be specified without a key marker."


@pytest.mark.rule("s3-024")
def test_folders_are_nothing_but_beginnings(s3, bucket, keys, refused):
    for key in ("a/b", "a/c", "a/d/e", "f"):
        s3.put_object(Bucket=bucket, Key=key)
    answer = s3.list_objects_v2(Bucket=bucket, Delimiter="/")
    assert [entry["Prefix"] for entry in answer["CommonPrefixes"]] == ["a/"]
    assert [entry["Key"] for entry in answer["Contents"]] == ["f"]
    assert answer["KeyCount"] == 2
    assert answer["Delimiter"] == "/"
    answer = s3.list_objects_v2(Bucket=bucket, Delimiter="/", Prefix="a/")
    assert [entry["Prefix"] for entry in answer["CommonPrefixes"]] == ["a/d/"]
    assert [entry["Key"] for entry in answer["Contents"]] == ["a/b", "a/c"]
    with refused("404", status=404):
        s3.head_object(Bucket=bucket, Key="a/")
    for key in ("a/b", "a/c", "a/d/e"):
        s3.delete_object(Bucket=bucket, Key=key)
    assert "CommonPrefixes" not in s3.list_objects_v2(Bucket=bucket, Delimiter="/")


@pytest.mark.rule("s3-026")
def test_keys_are_in_the_order_of_their_bytes(s3, bucket, keys):
    for key in ("b", "a", "C", "a/1", "ü", "\U0001f600", "\uffff"):
        s3.put_object(Bucket=bucket, Key=key)
    expected = ["C", "a", "a/1", "b", "ü", "\uffff", "\U0001f600"]
    assert keys(bucket) == expected == sorted(expected, key=str.encode)
    assert [entry["Key"] for entry in s3.list_objects(Bucket=bucket)["Contents"]] == expected


def test_version_2_goes_on_with_a_token(s3, bucket, refused):
    for n in range(5):
        s3.put_object(Bucket=bucket, Key=f"k{n}")
    first = s3.list_objects_v2(Bucket=bucket, MaxKeys=2, StartAfter="k0")
    assert [entry["Key"] for entry in first["Contents"]] == ["k1", "k2"]
    assert (first["IsTruncated"], first["KeyCount"], first["MaxKeys"], first["StartAfter"]) == (True, 2, 2, "k0")
    second = s3.list_objects_v2(
        Bucket=bucket, MaxKeys=2, StartAfter="k0", ContinuationToken=first["NextContinuationToken"]
    )
    assert [entry["Key"] for entry in second["Contents"]] == ["k3", "k4"]
    assert second["ContinuationToken"] == first["NextContinuationToken"]
    assert second["IsTruncated"] is False
    assert second["StartAfter"] == "k0"
    assert "NextContinuationToken" not in second
    for wrong in ("", "garbage"):
        with refused("InvalidArgument", "The continuation token provided is incorrect"):
            s3.list_objects_v2(Bucket=bucket, ContinuationToken=wrong)


@pytest.mark.aws(consistency="eventual", replay="s3.short-page#1=1")
def test_a_page_may_be_shorter_than_it_could_be(s3, bucket):
    for n in range(5):
        s3.put_object(Bucket=bucket, Key=f"k{n}")
    first = s3.list_objects_v2(Bucket=bucket)
    assert ([entry["Key"] for entry in first["Contents"]], first["IsTruncated"]) == (["k0", "k1"], True)
    rest = s3.list_objects_v2(Bucket=bucket, ContinuationToken=first["NextContinuationToken"])
    assert ([entry["Key"] for entry in rest["Contents"]], rest["IsTruncated"]) == (["k2", "k3", "k4"], False)


@pytest.mark.newer_botocore
def test_members_of_an_entry(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"test")
    entry = s3.list_objects_v2(Bucket=bucket)["Contents"][0]
    assert entry.keys() == {
        "Key", "LastModified", "ETag", "ChecksumAlgorithm", "ChecksumType", "Size", "StorageClass"
    }  # fmt: skip
    assert entry["Size"] == 4
    owner = s3.list_buckets()["Owner"]
    assert s3.list_objects_v2(Bucket=bucket, FetchOwner=True)["Contents"][0]["Owner"] == owner
    assert s3.list_objects(Bucket=bucket)["Contents"][0]["Owner"] == owner


def test_version_1_goes_on_with_a_marker(s3, bucket):
    for key in ("folder/aSub/1", "folder/aSub/2", "folder/file1", "folder/file2"):
        s3.put_object(Bucket=bucket, Key=key)
    given = {"Bucket": bucket, "Prefix": "folder/", "Delimiter": "/", "MaxKeys": 1}
    start = s3.list_objects(**given)
    assert start["CommonPrefixes"] == [{"Prefix": "folder/aSub/"}]
    assert (start["IsTruncated"], start["NextMarker"], start["Marker"]) == (True, "folder/aSub/", "")
    for marker in ("folder/aSub/", "folder/aSub/1"):
        following = s3.list_objects(**given, Marker=marker)
        assert [entry["Key"] for entry in following["Contents"]] == ["folder/file1"]
        assert "CommonPrefixes" not in following
        assert following["NextMarker"] == "folder/file1"
    last = s3.list_objects(**given, Marker="folder/file1")
    assert last["IsTruncated"] is False
    assert "NextMarker" not in last
    # Without a delimiter the last key serves as marker.
    assert "NextMarker" not in s3.list_objects(Bucket=bucket, MaxKeys=1)


@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2", "list_object_versions"])
def test_the_size_of_a_page(s3, bucket, refused, operation):
    for n in range(3):
        s3.put_object(Bucket=bucket, Key=f"k{n}")
    list_ = getattr(s3, operation)
    none = list_(Bucket=bucket, MaxKeys=0)
    assert (none["MaxKeys"], none["IsTruncated"]) == (0, False)
    assert not {"Contents", "Versions"} & none.keys()
    assert list_(Bucket=bucket, MaxKeys=5000)["MaxKeys"] == 1000
    message = "Argument max-keys must be an integer between 0 and 2147483647"
    with refused("InvalidArgument", message, ArgumentName="max-keys", ArgumentValue="-1"):
        list_(Bucket=bucket, MaxKeys=-1)


def test_more_than_a_page(s3, bucket):
    for n in range(1010):
        s3.put_object(Bucket=bucket, Key=f"k-{n:04d}")
    first = s3.list_objects_v2(Bucket=bucket)
    assert (len(first["Contents"]), first["IsTruncated"]) == (1000, True)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    assert sum(len(page["Contents"]) for page in pages) == 1010
    pages = s3.get_paginator("list_objects").paginate(Bucket=bucket)
    assert sum(len(page["Contents"]) for page in pages) == 1010
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, PaginationConfig={"PageSize": 300})
    assert sum(len(page["Versions"]) for page in pages) == 1010


def test_the_encoding_of_keys(s3, bucket, v4):
    for key in ("a b", "x&y", "a/%2F", "ü\x01"):
        s3.put_object(Bucket=bucket, Key=key)
    url = v4.generate_presigned_url("list_objects_v2", Params={"Bucket": bucket, "EncodingType": "url"})
    text = requests.get(url).text
    for encoded in ("a+b", "x%26y", "a/%252F", "%C3%BC%01"):
        assert f"<Key>{encoded}</Key>" in text
    assert "<EncodingType>url</EncodingType>" in text
    scope = "AKIAEXAMPLE/20260101/us-east-1/s3/aws4_request"
    signed = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={'0' * 64}"
    answer = requests.get(f"https://{bucket}.s3.amazonaws.com/?prefix=x", headers={"Authorization": signed})
    assert "<Key>x&amp;y</Key>" in answer.text
    assert "<EncodingType>" not in answer.text


def test_an_unknown_encoding(s3, bucket, refused):
    with refused("InvalidArgument", "Invalid Encoding Method specified in Request", ArgumentName="encoding-type"):
        s3.list_objects_v2(Bucket=bucket, EncodingType="rot13")


def test_versions_go_on_behind_key_and_version(s3, versioned, versions, refused):
    for key in ("t0", "t1", "t2"):
        s3.put_object(Bucket=versioned, Key=key, Body=b"version 1")
    for key in ("t0", "t1"):
        s3.delete_object(Bucket=versioned, Key=key)
        s3.put_object(Bucket=versioned, Key=key, Body=b"version 2")
    s3.delete_object(Bucket=versioned, Key="t2")
    everything = s3.list_object_versions(Bucket=versioned)
    order = {key: [] for key in ("t0", "t1", "t2")}
    for entry in sorted(everything["Versions"] + everything["DeleteMarkers"], key=lambda entry: entry["Key"]):
        order[entry["Key"]].append(entry)
    assert [entry["IsLatest"] for entry in everything["Versions"]] == [True, False, True, False, False]
    assert [(entry["Key"], entry["IsLatest"]) for entry in everything["DeleteMarkers"]] == [
        ("t0", False),
        ("t1", False),
        ("t2", True),
    ]
    assert "Size" not in everything["DeleteMarkers"][0]
    # One at a time, the walk meets every version once, newest first.
    seen, marker = [], {}
    while True:
        page = s3.list_object_versions(Bucket=versioned, MaxKeys=1, **marker)
        seen += [entry["VersionId"] for entry in page.get("Versions", []) + page.get("DeleteMarkers", [])]
        if not page["IsTruncated"]:
            assert "NextKeyMarker" not in page
            break
        marker = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"]}
    assert len(seen) == len(set(seen)) == 8
    only_key = s3.list_object_versions(Bucket=versioned, KeyMarker="t1", MaxKeys=1)
    assert [entry["Key"] for entry in only_key["DeleteMarkers"]] == ["t2"]
    with refused("InvalidArgument", INVALID_MARKER, ArgumentName="version-id-marker"):
        s3.list_object_versions(Bucket=versioned, VersionIdMarker=seen[0])
    with refused("InvalidArgument", "Invalid version id specified"):
        s3.list_object_versions(Bucket=versioned, KeyMarker="t1", VersionIdMarker="made-up")


def test_versions_with_prefix_and_delimiter(s3, versioned):
    for key in ("dir/test", "dir/test", "dir/subdir/test2"):
        s3.put_object(Bucket=versioned, Key=key)
    answer = s3.list_object_versions(Bucket=versioned, Prefix="dir/", Delimiter="/")
    assert answer["CommonPrefixes"] == [{"Prefix": "dir/subdir/"}]
    assert [entry["Key"] for entry in answer["Versions"]] == ["dir/test", "dir/test"]
    assert answer["Prefix"] == "dir/"


def test_a_hidden_key_does_not_show_its_prefix(s3, versioned, keys):
    s3.put_object(Bucket=versioned, Key="gone/1")
    s3.put_object(Bucket=versioned, Key="here/1")
    s3.delete_object(Bucket=versioned, Key="gone/1")
    answer = s3.list_objects_v2(Bucket=versioned, Delimiter="/")
    assert answer["CommonPrefixes"] == [{"Prefix": "here/"}]
    assert keys(versioned) == ["here/1"]


def test_uploads_in_pages(s3, bucket, refused):
    ids = {}
    for key in ("z", "y", "x", "x", "x"):
        ids.setdefault(key, []).append(s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"])
    everything = s3.list_multipart_uploads(Bucket=bucket)
    assert [entry["UploadId"] for entry in everything["Uploads"]] == [*ids["x"], *ids["y"], *ids["z"]]
    assert (everything["NextKeyMarker"], everything["NextUploadIdMarker"]) == ("z", ids["z"][0])
    assert (everything["IsTruncated"], everything["KeyMarker"], everything["UploadIdMarker"]) == (False, "", "")
    page = s3.list_multipart_uploads(Bucket=bucket, MaxUploads=1)
    assert (page["IsTruncated"], page["NextKeyMarker"], page["NextUploadIdMarker"]) == (True, "x", ids["x"][0])
    page = s3.list_multipart_uploads(Bucket=bucket, MaxUploads=1, KeyMarker="x", UploadIdMarker=ids["x"][0])
    assert [entry["UploadId"] for entry in page["Uploads"]] == [ids["x"][1]]
    page = s3.list_multipart_uploads(Bucket=bucket, MaxUploads=1, KeyMarker="x", UploadIdMarker=ids["x"][2])
    assert [entry["Key"] for entry in page["Uploads"]] == ["y"]
    page = s3.list_multipart_uploads(Bucket=bucket, MaxUploads=1, KeyMarker="x")
    assert [entry["Key"] for entry in page["Uploads"]] == ["y"]
    # Without a key the other marker counts for nothing; with the wrong key it is refused.
    page = s3.list_multipart_uploads(Bucket=bucket, MaxUploads=1, UploadIdMarker=ids["x"][0])
    assert (page["UploadIdMarker"], page["Uploads"][0]["UploadId"]) == ("", ids["x"][0])
    with refused("InvalidArgument", "Invalid uploadId marker", ArgumentName="upload-id-marker"):
        s3.list_multipart_uploads(Bucket=bucket, KeyMarker="x", UploadIdMarker=ids["y"][0])
    last = s3.list_multipart_uploads(Bucket=bucket, KeyMarker="z")
    assert (last["NextKeyMarker"], last["NextUploadIdMarker"], "Uploads" in last) == ("", "", False)


def test_uploads_with_prefix_and_delimiter(s3, bucket):
    for key in ("folder/aSub/1", "folder/file1", "folder/file2"):
        s3.create_multipart_upload(Bucket=bucket, Key=key)
    given = {"Bucket": bucket, "Prefix": "folder/", "Delimiter": "/", "MaxUploads": 1}
    start = s3.list_multipart_uploads(**given)
    assert start["CommonPrefixes"] == [{"Prefix": "folder/aSub/"}]
    assert (start["IsTruncated"], start["NextKeyMarker"]) == (True, "")
    for marker in ("folder/aSub/", "folder/aSub/1"):
        page = s3.list_multipart_uploads(**given, KeyMarker=marker)
        assert [entry["Key"] for entry in page["Uploads"]] == ["folder/file1"]
