"""An identity provider of a hospital, on Authlib's server side, on a port of this machine. Can be told to lie."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from authlib.oauth2.rfc6749 import AuthorizationServer, ClientMixin, OAuth2Payload, OAuth2Request
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import AuthorizationCodeMixin
from authlib.oidc.core.grants import OpenIDCode
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey

from safecare.model.clock import Clock

CLIENT = "safecare"
PASSWORD = "the password of this client"


class Payload(OAuth2Payload):  # type: ignore[misc]
    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = dict(fields)

    @property
    def data(self) -> dict[str, str]:
        return self._fields

    @property
    def datalist(self) -> dict[str, list[str]]:
        return defaultdict(list, {name: [value] for name, value in self._fields.items()})


class Request(OAuth2Request):  # type: ignore[misc]
    @property
    def form(self) -> dict[str, str]:
        return self.payload.data  # type: ignore[no-any-return]


class Client(ClientMixin):  # type: ignore[misc]
    def __init__(self, house: House) -> None:
        self._house = house

    def get_client_id(self) -> str:
        return CLIENT

    def get_default_redirect_uri(self) -> str:
        return ""

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self._house.redirects

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == PASSWORD

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == (self._house.method or "none")

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class Code(AuthorizationCodeMixin):  # type: ignore[misc]
    code: str
    redirect_uri: str
    scope: str
    nonce: str
    code_challenge: str
    code_challenge_method: str
    user: str

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str:
        return self.nonce

    def get_auth_time(self) -> None:
        return None


class Server(AuthorizationServer):  # type: ignore[misc]
    def __init__(self, house: House) -> None:
        super().__init__()
        self.house = house

        class Grant(AuthorizationCodeGrant):  # type: ignore[misc]
            TOKEN_ENDPOINT_AUTH_METHODS: ClassVar[list[str]] = ["none", "client_secret_basic", "client_secret_post"]

            def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
                given = request.payload.data
                house.codes[code] = Code(
                    code,
                    given["redirect_uri"],
                    given["scope"],
                    given["nonce"],
                    given["code_challenge"],
                    given["code_challenge_method"],
                    request.user,
                )

            def query_authorization_code(self, code: str, client: Client) -> Code | None:
                return house.codes.get(code)

            def delete_authorization_code(self, authorization_code: Code) -> None:
                del house.codes[authorization_code.code]

            def authenticate_user(self, authorization_code: Code) -> str:
                return authorization_code.user

        class OpenId(OpenIDCode):  # type: ignore[misc]
            def exists_nonce(self, nonce: str, request: OAuth2Request) -> bool:
                return any(one.nonce == nonce for one in house.codes.values())

            def encode_id_token(self, token: dict[str, Any], request: OAuth2Request) -> str:
                house.access[token["access_token"]] = request.user
                return house.token({"nonce": request.authorization_code.nonce}, request.user)

        self.register_grant(Grant, [CodeChallenge(required=True), OpenId(require_nonce=True)])
        self.register_token_generator("default", BearerTokenGenerator(lambda *_, **__: f"access-{len(house.access)}"))

    def query_client(self, client_id: str) -> Client | None:
        return Client(self.house) if client_id == CLIENT else None

    def save_token(self, token: dict[str, Any], request: OAuth2Request) -> None: ...

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None: ...

    def create_oauth2_request(self, request: OAuth2Request) -> OAuth2Request:
        return request

    def handle_response(self, status: int, body: Any, headers: Any) -> tuple[int, Any, Any]:
        return status, body, headers


@dataclass
class House:
    """The provider: who signs in, what they are in, and what it says of them."""

    clock: Clock
    user: str | None = "ada"
    """Who sits at the browser; None: somebody who gives up."""
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Claims by person."""
    redirects: set[str] = field(default_factory=set)
    method: str = ""
    """How we must prove who we are: empty, as a public client."""
    lie: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
    """Changes the claims of an ID token before they are signed."""
    sign: str = "RS256"
    published: bool = True
    """Whether a fresh key is among those that can be read."""
    in_userinfo: bool = False
    """Groups are told by the userinfo endpoint only."""
    metadata: dict[str, Any] = field(default_factory=dict)
    down: bool = False
    asked: list[str] = field(default_factory=list)
    codes: dict[str, Code] = field(default_factory=dict)
    access: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.keys: list[OctKey | RSAKey | ECKey | OKPKey] = [RSAKey.generate_key(2048, {"kid": "first"})]
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.issuer = f"http://127.0.0.1:{self.http.server_port}"
        self.server = Server(self)
        self.thread = threading.Thread(target=self.http.serve_forever)
        self.thread.start()

    def close(self) -> None:
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()

    def rotate(self) -> None:
        """Sign with another key from now on; the old one is gone."""
        self.keys = [ECKey.generate_key("P-256", {"kid": f"key-{len(self.asked)}"})]
        self.sign = "ES256"

    def token(self, more: dict[str, Any], user: str) -> str:
        now = int(self.clock.now().timestamp())
        told = {name: value for name, value in self.people[user].items() if not (self.in_userinfo and name == "groups")}
        claims = {"iss": self.issuer, "aud": CLIENT, "sub": user, "iat": now, "exp": now + 300, **told, **more}
        key: Any = self.keys[0]
        if self.sign == "none":
            return jwt.encode({"alg": "none"}, self.lie(claims), OctKey.import_key("x" * 32), ["none"])
        if self.sign == "HS256":  # with the public key as the secret: the classic confusion
            secret = OctKey.import_key(json.dumps(key.as_dict(private=False)).encode())
            return jwt.encode({"alg": "HS256", "kid": key.kid}, self.lie(claims), secret, ["HS256"])
        return jwt.encode({"alg": self.sign, "kid": key.kid}, self.lie(claims), key, [self.sign])

    def discovery(self) -> dict[str, Any]:
        ends = {
            name: f"{self.issuer}/{path}"
            for name, path in (
                ("authorization_endpoint", "authorize"),
                ("token_endpoint", "token"),
                ("userinfo_endpoint", "userinfo"),
                ("end_session_endpoint", "leave"),
                ("jwks_uri", "keys"),
            )
        }
        methods = [self.method] if self.method else ["none"]
        return {"issuer": self.issuer, **ends, "token_endpoint_auth_methods_supported": methods, **self.metadata}

    def respond(self, method: str, path: str, fields: dict[str, str], headers: dict[str, str]) -> tuple[int, Any, Any]:
        if self.down:
            return 503, {"error": "down"}, []
        if path == "/.well-known/openid-configuration":
            return 200, self.discovery(), []
        if path == "/keys":
            return 200, KeySet(self.keys if self.published else []).as_dict(private=False), []
        if path == "/userinfo":
            user = self.access[headers["authorization"].partition(" ")[2]]
            return 200, self.lie({"sub": user, **self.people[user]}), []
        request = Request(method, f"{self.issuer}{path}", headers=headers)
        request.payload = Payload(fields)
        if path == "/token":
            return self.server.create_token_response(request)  # type: ignore[no-any-return]
        if path == "/authorize":
            grant = self.server.get_consent_grant(request, self.user)
            return self.server.create_authorization_response(request, self.user, grant)  # type: ignore[no-any-return]
        return 404, {}, []


def _handler(house: House) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._respond("GET", urlsplit(self.path).query)

        def do_POST(self) -> None:
            self._respond("POST", self.rfile.read(int(self.headers["content-length"])).decode())

        def _respond(self, method: str, query: str) -> None:
            path = urlsplit(self.path).path
            house.asked.append(path)
            given = {
                name.title() if name == "authorization" else name: value for name, value in self._headers().items()
            }
            status, body, headers = house.respond(method, path, dict(parse_qsl(query)), {**self._headers(), **given})
            raw = body.encode() if isinstance(body, str) else json.dumps(body or {}).encode()
            self.send_response(status)
            for name, value in headers:
                if name.lower() != "content-type":
                    self.send_header(name, value)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def _headers(self) -> dict[str, str]:
            return {name.lower(): value for name, value in self.headers.items()}

        def log_message(self, format: str, *args: object) -> None: ...

    return Handler
