"""Names of hosts and senders that honest ones seldom have: made by machines, made of alarm words, or rented for a day.

None of these is proof: each one is a weak hint that counts beside others.
"""

# ruff: noqa: SIM905  (word lists read better as words)
from __future__ import annotations

import itertools
import math
import re
from functools import lru_cache

from safecare.formats.domains import is_address, label, registered, skeleton

CHEAP = frozenset(
    "top xyz icu click live site online space website fun buzz cyou cfd sbs rest bar monster quest bond lol pw tk ml "
    "ga cf gq su work party loan win bid men date review trade stream download racing gdn mom lat autos boats homes "
    "skin hair makeup beauty zip mov cam uno vip fyi".split()
)
"""Endings that abuse reports name most (Spamhaus, Interisle "Phishing Landscape" 2023-2025). A hint only."""
HOSTED = frozenset(
    "web.app firebaseapp.com pages.dev workers.dev r2.dev netlify.app vercel.app onrender.com herokuapp.com glitch.me "
    "github.io gitlab.io weebly.com weeblysite.com wixsite.com wixstudio.com webflow.io square.site mystrikingly.com "
    "godaddysites.com blogspot.com wordpress.com 000webhostapp.com repl.co replit.app surge.sh ipfs.io dweb.link "
    "cf-ipfs.com fleek.co duckdns.org ddns.net ngrok.io ngrok-free.app ngrok.app trycloudflare.com serveo.net "
    "blob.core.windows.net web.core.windows.net azurewebsites.net azureedge.net azurefd.net cloudapp.azure.com "
    "s3.amazonaws.com cloudfunctions.net amplifyapp.com cloudfront.net storage.googleapis.com appspot.com run.app "
    "translate.goog sites.google.com forms.gle forms.office.com jotform.com typeform.com canva.site "
    "notion.site carrd.co linktr.ee framer.app framer.website durable.co codeanyapp.com backblazeb2.com "
    "digitaloceanspaces.com linodeobjects.com myqcloud.com aliyuncs.com sharefile.com zapto.org hopto.org sytes.net "
    "onmicrosoft.com telegra.ph t.me page.link cprapid.com plesk.page "
    "jimdosite.com jimdofree.com yolasite.com webnode.page site123.me tilda.ws ucraft.site strikingly.com gamma.site "
    "lovable.app base44.app bolt.host replit.dev deno.dev fly.dev up.railway.app gitbook.io super.site softr.app "
    "glideapp.io nicepage.io webadorsite.com bubbleapps.io "
    "epizy.com rf.gd 42web.io great-site.net lovestoblog.com liveblog365.com byethost.com eu5.org atwebpages.com "
    "mypressonline.com webcindario.com x10.mx biz.nf "
    "no-ip.org myftp.org myvnc.com servehttp.com serveftp.com redirectme.net bounceme.net gotdns.ch "
    "dynu.net freeddns.org mooo.com kozow.com".split()
)
"""Places where anyone may put a page under another's name, within minutes and free of charge."""
_REGION = re.compile(r"\bs3[.-][a-z0-9-]+\.amazonaws\.com$")
"""The same store, by the name of a region."""
REDIRECTS = re.compile(
    r"(?i)^https?://(?:www\.)?(?:google\.[a-z.]{2,6}/(?:url|amp|travel)|googleadservices\.com|adclick\.g\.doubleclick|"
    r"bing\.com/ck|l\.facebook\.com|youtube\.com/redirect|linkedin\.com/(?:slink|redir)|t\.umblr\.com|"
    r"[^/]{1,100}/[^?#]{0,200}[?&](?:url|redirect|redir|goto|target|dest|destination|u|next)=https?)"
)
"""Addresses that lead on to another address, which is what is seen first."""
BROKEN_IN = re.compile(
    r"(?i)/(?:wp-content|wp-includes|wp-admin|\.well-known|phpmailer|vendor/phpunit|assets/(?:js|css)/[^?#]{0,80}/$)"
)
"""Folders of web programs that hold no pages for readers: where intruders put theirs."""
UPLOADED = re.compile(
    r"(?i)/wp-(?:content|includes)/[^?#]{0,300}\.(?:gif|png|jpe?g|webp|ico|bmp|mp[34]|css|woff2?)(?:[?#]|$)|"
    r"/wp-content/uploads/(?:[^/?#]{1,100}/){0,4}[^/?#]{1,200}\.(?:pdf|docx?|xlsx?|pptx?|od[tsp]|ics|txt|csv)(?:[?#]|$)"
)
"""What WordPress itself keeps there: pictures, and the documents that its authors upload. No page of an intruder's."""
ALARM = frozenset(
    "secure security login logon signin signon verify verification verifie account accounts compte update service "
    "services support alert alerts notification notify billing payment paiement invoice wallet password unlock "
    "confirm confirmation validation webmail helpdesk admin customer client clients auth authentification access "
    "recovery suspended limited delivery livraison tracking refund remboursement infos cliente kunden sicherheit konto "
    "acc mail identity colis suivi remboursement versement abonnement amende amendes regularisation renouvellement "
    "vitale carte securipass digitale espace dossier douane rinnovo dominio pacco conto fattura paket sendung rechnung "
    "zahlung cuenta factura paquete pago cadastro fatura".split()
)
"""Words of which made-up domains are made."""
_VOWELS = frozenset("aeiouyäöüéèà")
_WORDS = re.compile(r"[-_.]|(?<=[a-z])(?=\d)|(?<=\d)(?=[a-z])")


def ending(host: str) -> str:
    """Return the top-level domain."""
    return host.rsplit(".", 1)[-1]


def hosted(host: str, path: str = "") -> bool:
    """Tell whether `host` (and the start of `path`) is a place where anyone may put a page."""
    return _hosted(host) or (path.startswith("/forms") and host == "docs.google.com")


@lru_cache(maxsize=8192)
def _hosted(host: str) -> bool:
    labels = host.split(".")
    return bool(_REGION.search(host)) or any(
        ".".join(labels[start:]) in HOSTED for start in range(max(0, len(labels) - 5), len(labels) - 1)
    )


@lru_cache(maxsize=8192)
def alarming(host: str) -> bool:
    """Tell whether the registered name is made of two alarm words or more, or of one and a number."""
    name = label(host)
    words = [word for word in _WORDS.split(name) if word]
    count = sum(word in ALARM for word in words)
    if count < 2 and len(name) >= 8:
        inside = [word for word in ALARM if len(word) >= 5 and word in name]
        count = max(count, len([one for one in inside if not any(one != other and one in other for other in inside)]))
    return count >= 2 or (count == 1 and len(words) > 1 and any(word.isdigit() for word in words))


@lru_cache(maxsize=8192)
def random_name(host: str) -> bool:
    """Tell whether the registered name looks drawn by a machine: digits among letters, or no way to say it aloud."""
    if is_address(host):
        return False
    name = label(host).replace("-", "")
    if name.startswith("xn") or len(name) < 7:
        return False
    letters = [c for c in name if c.isalpha()]
    digits = len(name) - len(letters)
    switches = sum(a.isdigit() != b.isdigit() for a, b in itertools.pairwise(name))
    if len(name) >= 8 and switches >= 3 and digits >= 2:
        return True
    if len(letters) < 8:
        return False
    share = sum(c in _VOWELS for c in letters) / len(letters)
    run = max((len(one) for one in re.findall(r"[bcdfghjklmnpqrstvwxz]+", label(host))), default=0)
    return share < 0.16 or run >= 6 or (len(name) >= 14 and run >= 5 and _entropy(name) > 3.5)


def _entropy(text: str) -> float:
    """Return the bits per letter of `text`."""
    counts = [text.count(one) / len(text) for one in set(text)]
    return -sum(one * math.log2(one) for one in counts)


def brand_elsewhere(host: str, brands: frozenset[str]) -> bool:
    """Tell whether a label of a known brand stands in the sub-domains of a foreign host."""
    sub = host.removesuffix(registered(host)).strip(".")
    return bool(set(re.split(r"[-_.]", skeleton(sub))) & brands) and label(host) not in brands
