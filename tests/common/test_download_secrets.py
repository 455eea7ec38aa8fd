"""Files behind a login, and secrets that must not be shown."""

import pytest

from common.download.addresses import ConnectionChecks
from common.download.datasets import Login
from common.download.fingerprint import Expected
from common.download.partfile import PartFile
from common.download.transfer import RefusedError, Transfer
from tests.declared import CONTENT, FAST, declared, failure, get
from tests.faulty_server import Fault, closed_url

pytestmark = pytest.mark.usefixtures("root")


LOGIN = Login(page="https://www.kaggle.com/c/x", accept="accept the rules", token_variable="SKY_TOKEN")


def test_without_a_token_the_message_leads_through_the_login(server, folder):
    message = failure(declared(server.serve("/x.bin", CONTENT), access="login", login=LOGIN))
    assert "open https://www.kaggle.com/c/x and accept the rules" in message
    assert "set the variable SKY_TOKEN" in message and f"save it as {folder}/x.bin" in message
    assert not server.seen


def test_a_manual_file_is_asked_of_the_mirror_only(server, folder, monkeypatch):
    file = declared(server.serve("/x.bin", CONTENT), access="manual", login=LOGIN)
    message = failure(file)
    assert "open https://www.kaggle.com/c/x" in message and f"save it as {folder}/x.bin" in message
    assert "SKY_TOKEN" not in message and not server.seen
    monkeypatch.setenv("PAPERS_MIRROR", server.url("/class"))
    mirrored = server.serve("/class/sky/x.bin", CONTENT)
    assert get(file).url == mirrored


def test_the_token_reaches_the_archive_and_nobody_else(server, monkeypatch, caplog):
    monkeypatch.setenv("SKY_TOKEN", "very-secret\n")
    monkeypatch.setenv("PAPERS_MIRROR", server.url("/class"))
    server.serve("/x.bin", CONTENT)
    server.redirects["/start"] = server.url("/x.bin", host="localhost")
    receipt = get(declared(server.url("/start"), access="login", login=LOGIN))
    sent = {seen.path: seen.headers.get("Authorization") for seen in server.seen}
    assert sent == {"/class/sky/x.bin": None, "/start": "Bearer very-secret", "/x.bin": None}
    assert "very-secret" not in caplog.text + receipt.model_dump_json()


def test_a_refused_token_is_not_shown(server, monkeypatch, caplog):
    monkeypatch.setenv("SKY_TOKEN", "very-secret")
    server.fail("/x.bin", Fault(401))
    message = failure(declared(server.url("/x.bin"), access="login", login=LOGIN))
    assert "HTTP 401" in message and "accept the rules" in message
    monkeypatch.setenv("SKY_TOKEN", "very-secret\x07")
    message += failure(declared(server.url("/x.bin"), access="login", login=LOGIN))
    assert "SKY_TOKEN: an access token is printable ASCII" in message
    assert "very-secret" not in message + caplog.text


@pytest.mark.parametrize("outcome", ["works", "closed", "refused", "cut", "circle"])
def test_a_password_in_an_address_is_used_but_never_shown(server, root, outcome, caplog, monkeypatch):
    url = server.url("/class/sky/x.bin", user="me:hunter2@")
    monkeypatch.setenv("PAPERS_MIRROR", server.url("/class", user="me:hunter2@"))
    text = ""
    if outcome == "works":
        server.serve("/class/sky/x.bin", CONTENT)
        text = get(declared(url)).model_dump_json()
        assert server.seen[0].headers["Authorization"].startswith("Basic ")
    else:
        faults = {"refused": Fault(403), "cut": Fault(503)}
        server.faults["/class/sky/x.bin"] = [faults.get(outcome, Fault(404))] * 6
        if outcome == "circle":
            server.redirects["/class/sky/x.bin"] = url
        if outcome == "closed":
            monkeypatch.setenv("PAPERS_MIRROR", closed_url("/class").replace("//", "//me:hunter2@"))
        text = failure(declared(url))
    stored = "".join(path.read_text() for path in root.rglob("*.json"))
    assert "hunter2" not in text + caplog.text + stored


def test_a_connection_error_after_the_first_contact_does_not_show_the_address(server, monkeypatch, caplog):
    monkeypatch.setattr(ConnectionChecks, "problem", lambda *_: None)
    message = failure(declared(closed_url("/x.bin?X-Signature=hunter2").replace("//", "//me:hunter2@")))
    assert "cannot connect (NewConnectionError)" in message
    assert "hunter2" not in message + "".join(r.getMessage() for r in caplog.records if r.name.startswith("common"))


def test_a_transfer_refuses_with_words_only(server, tmp_path):
    with PartFile(tmp_path / "x.part") as part, pytest.raises(RefusedError, match=r"^HTTP 404 Not Found$"):
        Transfer(part, name="x", expected=Expected(), policy=FAST)(server.url("/no"), str(tmp_path / "x"))
