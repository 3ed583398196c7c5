"""Signing in by the hospital's identity provider, and everything by which it could go wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from console_rig import Rig
from oidc_house import CLIENT, PASSWORD, House

from safecare.console.oidc import granted, local_target, mistakes
from safecare.console.provider import LOGOUT, Provider
from safecare.model.roles import Grant
from safecare.settings import Oidc
from safecare.store.accounts import VOUCHED
from safecare.testing.clock import FakeClock
from safecare.testing.hospital import small_hospital

HOME = "http://127.0.0.1:8440"
GROUPS: dict[str, str | Grant] = {
    "security-ground": Grant("guard", "aurore", ("aurore.0",)),
    "security": "operator",
    "it": "analyst",
}

pytestmark = pytest.mark.slow


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    house = House(FakeClock(), redirects={f"{HOME}/oidc/callback"})
    house.people["ada"] = {"name": "Ada", "groups": ["staff", "security"]}
    yield house
    house.close()


@pytest.fixture
def rig(house: House, tmp_path: Path) -> Iterator[Rig]:
    provider = Provider(house.issuer, CLIENT, "groups", lambda: PASSWORD if house.method else "", house.clock)
    assert isinstance(house.clock, FakeClock)
    rig = Rig(tmp_path, clock=house.clock, provider=provider, oidc=Oidc(house.issuer, CLIENT, "groups", GROUPS))
    yield rig
    rig.database.engine.dispose()


def test_groups_are_asked_for_where_they_are_given_for_the_asking_only(house: House) -> None:
    def asked(offered: object, scope: str = "") -> list[str]:
        house.metadata = {"scopes_supported": offered}
        provider = Provider(house.issuer, CLIENT, "groups", str, house.clock, scope)
        return parse_qs(urlsplit(provider.address("http://back", "s", "n", "v" * 43)).query)["scope"]

    assert asked(["openid", "profile", "groups"]) == ["openid profile groups"]
    assert asked(["openid", "roles"]) == asked("groups") == asked(None) == ["openid profile"]
    assert asked(["groups"], "openid profile teams") == ["openid profile teams"]


async def at_provider(browser: httpx.AsyncClient, where: str = "/oidc/begin") -> str:
    """Go to the provider and come back: return the path and query of the way back."""
    sent = await browser.get(where)
    assert sent.status_code == 303, sent.text
    async with httpx.AsyncClient() as away:
        back = (await away.get(sent.headers["location"])).headers["location"]
    assert back.startswith(f"{HOME}/oidc/callback?")
    return back.removeprefix(HOME)


async def sign_in(browser: httpx.AsyncClient, where: str = "/oidc/begin") -> httpx.Response:
    return await browser.get(await at_provider(browser, where))


@pytest.mark.parametrize("method", ["", "client_secret_basic", "client_secret_post"])
async def test_sign_in_with_what_the_groups_give_and_nothing_else(rig: Rig, house: House, method: str) -> None:
    house.method = method
    async with rig.browser() as browser:
        assert "/oidc/begin?next=/some/page" in (await browser.get("/some/page")).text
        done = await sign_in(browser, "/oidc/begin?next=/a/123")
        assert done.status_code == 200
        assert 'url=/a/123"' in done.text
        assert "samesite=strict" in done.headers["set-cookie"].lower()
        me = (await browser.get("/api/me")).json()
        assert (me["name"], me["role"]) == ("Ada", "operator")
        assert (await browser.get("/api/users")).status_code == 403
    [user] = rig.accounts.users()
    assert (user.site, user.zones, user.vouched) == (None, (), rig.clock.now())


async def test_same_person_same_user_with_the_rights_of_today(rig: Rig, house: House) -> None:
    async with rig.browser() as browser, rig.browser() as other:
        await sign_in(browser)
        house.people["ada"] = {"name": "Ada B.", "groups": ["it", "security-ground"]}
        await sign_in(other)
        [user] = rig.accounts.users()
        assert (user.name, user.role, user.site, user.zones) == ("Ada B.", "guard", "aurore", ("aurore.0",))
        assert (await browser.get("/api/me")).json()["role"] == "guard"  # also in the session that was open already


async def test_who_has_no_role_any_more_loses_what_is_open_and_every_other_way(rig: Rig, house: House) -> None:
    async with rig.browser() as browser, rig.browser() as other:
        await sign_in(browser)
        user = (await browser.get("/api/me")).json()["user"]
        [code, *_] = (await browser.post("/api/access/backup")).json()["codes"]
        house.people["ada"]["groups"] = ["staff"]
        refused = await sign_in(other)
        assert refused.status_code == 403
        assert "no role" in refused.text
        assert (await browser.get("/api/me")).status_code == 401
        assert (await other.post("/sign-in", data={"name": "", "code": code})).status_code == 401
        assert rig.accounts.open(user) is None
        house.people["ada"]["groups"] = ["it"]
        assert (await sign_in(other)).status_code == 200


async def test_nobody_without_role_is_made_a_user(rig: Rig, house: House) -> None:
    house.people["ada"]["groups"] = ["staff"]
    async with rig.browser() as browser:
        assert (await sign_in(browser)).status_code == 403
    assert rig.accounts.users() == []


async def test_access_that_was_taken_away_here_does_not_come_back(rig: Rig) -> None:
    async with rig.browser() as browser, rig.browser("admin") as admin:
        await sign_in(browser)
        user = (await browser.get("/api/me")).json()["user"]
        assert (await admin.post(f"/api/users/{user}/revoke")).status_code == 200
        again = await sign_in(browser)
        assert again.status_code == 403
        assert "taken away" in again.text


async def test_other_ways_work_while_the_provider_is_away_and_end_when_it_knows_nobody_for_long(
    rig: Rig, house: House
) -> None:
    async with rig.browser() as browser, rig.browser() as other:
        await sign_in(browser)
        codes = (await browser.post("/api/access/backup")).json()["codes"]
        house.down = True
        rig.clock.advance(400)
        away = await other.get("/oidc/begin")
        assert away.status_code == 503
        assert "does not answer" in away.text
        assert 'name="code"' in away.text
        assert (await other.post("/sign-in", data={"name": "", "code": codes[0]})).status_code == 303
        rig.clock.advance(VOUCHED)
        assert (await other.post("/sign-in", data={"name": "", "code": codes[1]})).status_code == 401


async def test_provider_that_is_away_is_not_asked_by_everyone(rig: Rig, house: House) -> None:
    house.down = True
    async with rig.browser() as browser:
        for _ in range(5):
            assert (await browser.get("/oidc/begin")).status_code == 503
        assert len(house.asked) == 1
        house.down = False
        rig.clock.advance(6)
        assert (await sign_in(browser)).status_code == 200


async def test_provider_goes_away_between_going_and_coming(rig: Rig, house: House) -> None:
    async with rig.browser() as browser:
        back = await at_provider(browser)
        house.down = True
        assert (await browser.get(back)).status_code == 503


async def test_new_keys_are_found_at_once(rig: Rig, house: House) -> None:
    async with rig.browser() as browser:
        assert (await sign_in(browser)).status_code == 200
        house.rotate()
        assert (await sign_in(browser)).status_code == 200
        house.rotate()
        house.published = False
        assert (await sign_in(browser)).status_code == 503


async def test_groups_by_the_userinfo_endpoint_and_deep_in_a_claim(rig: Rig, house: House) -> None:
    house.in_userinfo = True
    async with rig.browser() as browser:
        assert (await sign_in(browser)).status_code == 200
        house.lie = lambda claims: {**claims, "sub": "somebody else"} if "iss" not in claims else claims
        assert (await sign_in(browser)).status_code == 503


def _with(**changes: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda claims: {**claims, **changes}


LIES = {
    "another provider": _with(iss="https://elsewhere.example"),
    "another client": _with(aud="another"),
    "several clients, not ours alone": _with(aud=[CLIENT, "another"]),
    "another party": _with(aud=[CLIENT, "another"], azp="another"),
    "an old token": _with(iat=1, exp=2),
    "a token of tomorrow": lambda claims: {**claims, "iat": claims["iat"] + 86_400, "exp": claims["exp"] + 86_400},
    "another sign-in": _with(nonce="another"),
    "no sign-in": lambda claims: {name: value for name, value in claims.items() if name != "nonce"},
    "nobody": lambda claims: {name: value for name, value in claims.items() if name != "sub"},
    "another token": _with(at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
    "a person that is no text": _with(sub=["ada"]),
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_token_for_something_else_opens_nothing(rig: Rig, house: House, lie: str) -> None:
    house.lie = LIES[lie]
    async with rig.browser() as browser:
        answer = await sign_in(browser)
        assert answer.status_code == 503
        assert "trusted" in answer.text
        assert (await browser.get("/api/me")).status_code == 401
    assert rig.accounts.users() == []


@pytest.mark.parametrize("sign", ["HS256", "none"])
@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
async def test_signatures_that_anybody_can_make(rig: Rig, house: House, sign: str) -> None:
    house.sign = sign
    async with rig.browser() as browser:
        assert (await sign_in(browser)).status_code == 503
    assert rig.accounts.users() == []


async def test_a_way_back_is_good_once_for_the_browser_that_left_and_for_ten_minutes(rig: Rig) -> None:
    async with rig.browser() as browser, rig.browser() as thief:
        back = await at_provider(browser)
        assert (await thief.get(back)).status_code == 400  # sign-in forged upon another (RFC 6749, 10.12)
        assert (await browser.get(back)).status_code == 400  # and now it is used up
        back = await at_provider(browser)
        rig.clock.advance(601)
        assert (await browser.get(back)).status_code == 400
        back = await at_provider(browser)
        assert (await browser.get(back)).status_code == 200
        assert (await browser.get(back)).status_code == 400
        assert (await browser.get("/oidc/callback?state=guess&code=guess")).status_code == 400


async def test_guesses_are_limited(rig: Rig) -> None:
    async with rig.browser() as browser:
        answers = {(await browser.get(f"/oidc/callback?state={n}&code=x")).status_code for n in range(30)}
    assert answers == {400, 429}


async def test_code_of_another_sign_in_is_refused_by_pkce(rig: Rig) -> None:
    async with rig.browser() as victim, rig.browser() as thief:
        stolen = parse_qs(urlsplit(await at_provider(victim)).query)["code"][0]
        own = parse_qs(urlsplit(await at_provider(thief)).query)["state"][0]
        assert (await thief.get("/oidc/callback", params={"state": own, "code": stolen})).status_code == 503
    assert rig.accounts.users() == []


async def test_answer_in_the_name_of_another_provider(rig: Rig, house: House) -> None:
    async with rig.browser() as browser:
        back = await at_provider(browser)
        assert (await browser.get(back + "&iss=https://elsewhere.example")).status_code == 503
        house.metadata["authorization_response_iss_parameter_supported"] = True
        rig.clock.advance(301)
        assert (await sign_in(browser)).status_code == 503  # it says that it names itself, and has not
        back = await at_provider(browser)
        assert (await browser.get(f"{back}&iss={house.issuer}")).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://elsewhere.example"},
        {"authorization_endpoint": "http://elsewhere.example/authorize"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": None},
    ],
)
async def test_discovery_that_leads_elsewhere(rig: Rig, house: House, changes: dict[str, Any]) -> None:
    house.metadata = changes
    async with rig.browser() as browser:
        assert (await browser.get("/oidc/begin")).status_code == 503


async def test_who_gives_up_there_is_told_so(rig: Rig, house: House) -> None:
    house.user = None
    async with rig.browser() as browser:
        answer = await sign_in(browser)
    assert answer.status_code == 403
    assert "did not let you in" in answer.text


async def test_signing_out_here_leads_to_signing_out_there(rig: Rig, house: House) -> None:
    async with rig.browser() as browser:
        await sign_in(browser)
        next = (await browser.post("/sign-out")).json()["next"]
        assert next.startswith(f"{house.issuer}/leave?id_token_hint=")
        assert parse_qs(urlsplit(next).query)["post_logout_redirect_uri"] == [f"{HOME}/"]
        assert (await browser.get("/api/me")).status_code == 401
    async with rig.browser("guard") as browser:
        assert (await browser.post("/sign-out")).json() == {"next": "/"}


async def test_signing_out_there_ends_the_sessions_here(rig: Rig, house: House) -> None:
    async with rig.browser() as browser, rig.browser() as server:
        del server.headers["X-Safecare"]
        await sign_in(browser)
        wrong = house.token({"nonce": "x", "events": {LOGOUT: {}}}, "ada")
        for token in (wrong, house.token({}, "ada"), "rubbish"):
            assert (await server.post("/oidc/signed-out", data={"logout_token": token})).status_code == 400
        assert (await browser.get("/api/me")).status_code == 200
        word = house.token({"events": {LOGOUT: {}}}, "ada")
        assert (await server.post("/oidc/signed-out", data={"logout_token": word})).status_code == 200
        assert (await browser.get("/api/me")).status_code == 401
        assert (await sign_in(browser)).status_code == 200


async def test_older_session_of_the_browser_ends_with_a_new_sign_in(rig: Rig) -> None:
    async with rig.browser("guard") as browser:
        before = browser.cookies["safecare_session"]
        await sign_in(browser)
        assert rig.accounts.session(before) is None


@pytest.mark.parametrize(
    "given",
    [
        "//elsewhere.example",
        "/\\elsewhere.example",
        "https://elsewhere.example",
        "javascript:alert(1)",
        "",
        "x" * 9,
        "/\tx",
    ],
)
def test_no_other_site_is_led_to(given: str) -> None:
    assert local_target(given) == "/"
    assert local_target("/a/123?x=1") == "/a/123?x=1"


def test_first_group_of_the_table_counts() -> None:
    assert granted(["it", "security"], GROUPS) == Grant("operator")
    assert granted(["staff"], GROUPS) is None


def test_mistakes_in_the_table_are_named() -> None:
    house = small_hospital()
    assert mistakes(GROUPS, house) == []
    wrong: dict[str, str | Grant] = {"a": "boss", "b": Grant("guard", "nowhere"), "c": Grant("guard", None, ("attic",))}
    assert [one.partition(":")[0] for one in mistakes(wrong, house)] == [
        "group a",
        "group b",
        "group c",
    ]
    assert mistakes({}, house)


@pytest.mark.parametrize("issuer", ["http://idp.example", "idp.example", "https://user:word@idp.example", "https://"])
def test_an_issuer_must_be_safe(issuer: str) -> None:
    with pytest.raises(ValueError, match="no https address"):
        Provider(issuer, CLIENT, "groups", str, FakeClock())


async def test_without_a_provider_there_is_no_way(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    async with rig.browser() as browser:
        assert (await browser.get("/oidc/begin")).status_code == 404
        assert "/oidc/begin" not in (await browser.get("/")).text
    rig.database.engine.dispose()
