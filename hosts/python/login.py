"""Tests a connection, and plays a whole login, its response once more, and a refusal: `login.py [COMPONENT [PROGRAM ...]]`, the latter a program
that serves a user pool for the callback URL that it is given last. Without one it is `pool.mjs`, on Node.js."""

import http.cookiejar
import json
import os
import platform
import re
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.parse import urlencode, urljoin

from wasmtime.component import Record

from host import Host, Visit, arrived

CALLBACK_URL = "http://127.0.0.1:9/callback"
HERE = Path(__file__).resolve().parent


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def sign_in(url, login):
    """The user's part, in a small user agent: the URL at which it comes back."""
    cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    agent = urllib.request.build_opener(cookies, NoRedirect, urllib.request.ProxyHandler({}))
    data = None
    while not url.startswith(CALLBACK_URL):
        try:
            page = agent.open(url, data, timeout=10).read().decode()
        except urllib.error.HTTPError as answer:
            url, data = urljoin(url, answer.headers["location"]), None
            continue
        hidden = dict(re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', page))
        action = re.search(r'action="([^"]*)"', page)[1].replace("&amp;", "&")
        fields = hidden | {"username": login["username"], "login": login["username"], "password": login["password"]}
        url, data = urljoin(url, action), urlencode(fields).encode()
    return url


def main():
    component, *program = sys.argv[1:] or [str(HERE.parent.parent / "cognito_oidc.wasm")]
    program = program or ["node", str(HERE.parent / "nodejs" / "pool.mjs")]
    host = Host(component, CALLBACK_URL)
    problems = [problem.path for problem in host.check("{}", "{}")]
    assert problems == ["/settings/callback_url", "/connector/user_pool_id", "/connector/client_id"], problems

    with subprocess.Popen([*program, CALLBACK_URL], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as pool:
        login = json.loads(next(line for line in pool.stdout if line.startswith(b"{")))
        invocation = Record()
        invocation.settings, invocation.connector = json.dumps(login["settings"]), json.dumps(login["connector"])
        invocation.browser, invocation.round = os.urandom(32), 1

        documents, secret = (invocation.settings, invocation.connector), login["client_secret"]
        use = host.secret_use(invocation.connector)
        # The stand-in isn't Cognito: what its answers don't tell is unknown, and never failed.
        fine = ["passed", "unknown"] if "origin" in login else ["passed"]
        tell = lambda findings: [(found.check, found.status, found.code) for found in findings if found.status not in fine]  # noqa: E731
        untested = ("untested", "skipped", None)
        tested = host.test(*documents, secret, use)
        for found in tested:
            print(f"{found.check:<12} {found.status}")
        assert tell(tested) == [untested] and len(tested) == 9, tell(tested)
        skipped = [("callback", "skipped", None), ("scope", "skipped", None)]
        rotated = tell(host.test(None, invocation.connector, "rotated", use))
        assert rotated == [*skipped, ("credentials", "failed", "client_rejected"), untested], rotated
        edited = json.dumps(login["connector"] | {"client_authentication": "client_secret_post"})
        assert host.test(invocation.settings, edited, secret, use) == "the secret is to be entered anew"

        elsewhere = Record()
        elsewhere.settings = json.dumps(login["settings"] | {"callback_url": "http://127.0.0.1:9/elsewhere"})
        elsewhere.connector, elsewhere.browser, elsewhere.round = invocation.connector, invocation.browser, 1
        assert host.begin(Visit(), elsewhere) == ("refused", {"code": "callback_refused"})

        visit = Visit()
        told, request = host.begin(visit, invocation)
        assert told == "redirect", (told, request)
        response = arrived(sign_in(request.url, login))
        misled = arrived(response.payload.url.replace("/callback?", "/elsewhere?"))
        assert host.complete(visit, invocation, secret, misled) == ("ignored", "callback_mismatch")
        told, subject = host.complete(visit, invocation, secret, response)
        assert told == "authenticated", (told, subject)
        output = json.loads(visit.variables["cognito_oidc_output"])
        assert output["user"]["external_user_id"] == subject and output["user"]["email"] == login["username"]
        assert json.loads(visit.variables["error_output"])["code"] == ""
        assert host.complete(visit, invocation, secret, response) == ("too late", "duplicate")

        visit = Visit()
        _, request = host.begin(visit, invocation)
        # The stand-in promises to name itself in its responses (RFC 9207); Cognito doesn't.
        issuer = "&" + urlencode({"iss": login["issuer"]}) if "issuer" in login else ""
        refused = arrived(f"{CALLBACK_URL}?error=access_denied&state={request.state}{issuer}")
        assert host.complete(visit, invocation, secret, refused) == ("failed", "access_denied")
        assert json.loads(visit.variables["error_output"])["code"] == "access_denied"
        assert "cognito_oidc_output" not in visit.variables
        pool.stdin.close()
    played = f"a test of the connection, a whole login of {output['user']['email']}, its response once more, a refusal"
    print(f"Python {platform.python_version()}: {played}")


main()
