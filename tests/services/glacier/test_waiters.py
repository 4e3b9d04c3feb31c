"""Every waiter and paginator that botocore defines for Glacier, in an account that may still use it."""

import pytest
from botocore import xform_name
from botocore.exceptions import WaiterError
from botocore.session import get_session

LISTS = {
    "ListJobs": ("initiate_job", {"jobParameters": {"Type": "inventory-retrieval"}}),
    "ListMultipartUploads": ("initiate_multipart_upload", {"partSize": "1048576"}),
}


def test_waiters(glacier):
    exists, gone = glacier.get_waiter("vault_exists"), glacier.get_waiter("vault_not_exists")
    gone.wait(vaultName="films")
    with pytest.raises(WaiterError):
        exists.wait(vaultName="films")
    glacier.create_vault(vaultName="films")
    exists.wait(vaultName="films")
    with pytest.raises(WaiterError):
        gone.wait(vaultName="films")


@pytest.mark.parametrize("name", ["ListJobs", "ListMultipartUploads", "ListParts", "ListVaults"])
def test_paginators(glacier, vault, name):
    known = get_session().get_component("data_loader").load_service_model("glacier", "paginators-1")["pagination"]
    assert set(known) == {"ListJobs", "ListMultipartUploads", "ListParts", "ListVaults"}
    params = {} if name == "ListVaults" else {"vaultName": vault}
    if name == "ListVaults":
        for number in range(6):
            glacier.create_vault(vaultName=f"vault-{number}")
    elif name == "ListParts":
        upload = glacier.initiate_multipart_upload(vaultName=vault, partSize="1048576")
        params["uploadId"] = upload["uploadId"]
        for number in range(7):
            start = number * 1048576
            glacier.upload_multipart_part(**params, range=f"bytes {start}-{start}/*", body=b"x")
    else:
        glacier.upload_archive(vaultName=vault, body=b"x")
        method, more = LISTS[name]
        for _ in range(7):
            getattr(glacier, method)(vaultName=vault, **more)
    paginator = glacier.get_paginator(xform_name(name))
    pages = list(paginator.paginate(**params, PaginationConfig={"PageSize": 3}))
    key = known[name]["result_key"]
    found = [repr(each) for page in pages for each in page[key]]
    assert [len(page[key]) for page in pages] == [3, 3, 1]
    assert len(set(found)) == 7
