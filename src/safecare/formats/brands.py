"""Organisations that phishing speaks for, the names they are called by, and the domains that are theirs.

Who is imitated most: public lists of cybermalveillance.gouv.fr, CERT-FR and signal-spam.fr (France), APWG and Check
Point (world), 2023-2025. Domains are those from which the organisations write or to which their own pages lead.
"""

from __future__ import annotations

import re
from functools import lru_cache

from safecare.formats.domains import label, registered
from safecare.formats.wording import level, words_of

_TABLE = """
la poste, laposte, colissimo, digiposte: laposte.fr laposte.net colissimo.fr digiposte.fr laposte.info lapostegroupe.com
 lapostemobile.fr notif-colissimo-laposte.info notif-laposte.info
chronopost: chronopost.fr chronopost.com pickup.fr
mondial relay: mondialrelay.fr mondialrelay.com inpost.eu inpost.com
relais colis: relaiscolis.com
dhl, dhl express: dhl.com dhl.fr dhl.de deutschepost.de dpdhl.com
=ups, ups france: ups.com
fedex: fedex.com
=dpd, dpd france: dpd.fr dpd.com dpdgroup.com dpd.de dpd.co.uk dpd.com.pl
allegro pl, poczta allegro: allegro.pl allegromail.pl
=gls, gls france: gls-group.com gls-group.eu gls-france.com gls-info.fr
usps: usps.com usps.gov
vinted: vinted.fr vinted.com
leboncoin: leboncoin.fr
assurance maladie, ameli, amelipro, cpam, carte vitale, cnam, =caisse primaire: ameli.fr assurance-maladie.fr
mon espace sante: monespacesante.fr
impots gouv, impots.gouv, dgfip, direction generale des finances publiques, =service des impots: gouv.fr
antai, amendes gouv, amendes.gouv: gouv.fr
france travail, pole emploi: francetravail.fr pole-emploi.fr francetravail.net
=caf, caisse d'allocations familiales, allocations familiales: caf.fr cnaf.fr cnafmail.fr
urssaf: urssaf.fr
franceconnect, service-public.fr: gouv.fr service-public.fr
crit'air, certificat air: gouv.fr
chorus pro: gouv.fr
mssante, =ans sante, agence du numerique en sante, pro sante connect, e-cps: sante.fr mssante.fr esante.gouv.fr gouv.fr
haute autorite de sante: has-sante.fr
agence nationale de la recherche: anr.fr agencerecherche.fr
caisse des depots, cnracl: caissedesdepots.fr retraites.fr
renater: renater.fr
cgos, c.g.o.s: cgos.info cgos.asso.fr
ordre national des infirmiers, ordre des infirmiers: ordre-infirmiers.fr
ordre des medecins, conseil national de l'ordre des medecins: medecin.fr
=ansm, agence nationale de securite du medicament: sante.fr gouv.fr
=ants, france titres, agence nationale des titres securises: gouv.fr
mgen, =mnh, mutuelle nationale des hospitaliers, harmonie mutuelle, malakoff humanis, klesia, ag2r la mondiale:
 mgen.fr mnh.fr harmonie-mutuelle.fr malakoffhumanis.com klesia.fr ag2rlamondiale.fr
bundeszentralamt fur steuern, =elster, elster portal: bund.de bzst.de elster.de
deutsche rentenversicherung, techniker krankenkasse, =aok, =barmer:
 deutsche-rentenversicherung.de drv-bund.de tk.de aok.de barmer.de
agencia tributaria, seguridad social, direccion general de trafico: gob.es seg-social.es dgt.es
agenzia delle entrate, fascicolo sanitario, =inps: gov.it inps.it agenziaentrate.it agenziariscossione.it
belastingdienst, mijnoverheid, =digid, =cjib: belastingdienst.nl overheid.nl digid.nl cjib.nl toeslagen.nl
autoridade tributaria, seguranca social, portal das financas: gov.pt seg-social.pt
itsme, spf finances, fod financien: itsme-id.com fgov.be belgium.be
siemens healthineers: siemens-healthineers.com siemens.com
ge healthcare: gehealthcare.com ge.com
philips healthcare: philips.com
air liquide, air liquide sante: airliquide.com airliquidehealthcare.com vitalaire.fr
fresenius, fresenius kabi: fresenius.com fresenius-kabi.com fresenius.fr
b. braun, bbraun: bbraun.com bbraun.fr
medtronic: medtronic.com
getinge: getinge.com
biomerieux: biomerieux.com
dedalus: dedalus.com dedalus-group.com
softway medical: softwaymedical.fr softwaymedical.com
doctolib: doctolib.fr doctolib.com doctolib.de doctolib.net
bnp, bnp paribas, bnpparibas: bnpparibas bnpparibas.com bnpparibas.net mabanque.bnpparibas bnpparibas.fr
credit agricole: credit-agricole.fr creditagricole.fr credit-agricole.com ca-paris.fr ca-aquitaine.fr ca-centrest.fr
 ca-normandie.fr ca-toulouse31.fr ca-languedoc.fr ca-illeetvilaine.fr ca-cb.fr ca-nord-est.fr ca-centreloire.fr
 ca-alpesprovence.fr ca-sudmed.fr ca-lorraine.fr ca-norddefrance.fr ca-briepicardie.fr ca-tourainepoitou.fr
 ca-des-savoie.fr ca-pca.fr ca-atlantique-vendee.fr ca-anjou-maine.fr ca-finistere.fr ca-cotesdarmor.fr ca-morbihan.fr
 ca-loirehauteloire.fr ca-valdefrance.fr ca-franchecomte.fr ca-alsace-vosges.fr ca-centrefrance.fr ca-cmds.fr ca-nmp.fr
 ca-charente-perigord.fr ca-pyrenees-gascogne.fr ca-corse.fr ca-reunion.fr ca-guadeloupe.fr ca-martinique.fr
credit mutuel: creditmutuel.fr creditmutuel.com cmut.fr e-i.com
=cic, banque cic: cic.fr e-i.com
societe generale: societegenerale.fr socgen.com societegenerale.com sg.fr
=lcl, credit lyonnais: lcl.fr lcl.com
caisse d'epargne, caisse depargne: caisse-epargne.fr bpce.fr
banque populaire: banquepopulaire.fr bpce.fr
la banque postale, banque postale: labanquepostale.fr
boursorama, boursobank: boursorama.com boursobank.com boursorama.fr boursobank.info
fortuneo: fortuneo.fr
hello bank: hellobank.fr bnpparibas.com
revolut: revolut.com
n26: n26.com
hsbc: hsbc.com hsbc.fr hsbc.co.uk
wells fargo: wellsfargo.com
american express: americanexpress.com aexp.com
bank of america: bankofamerica.com bofa.com
=chase, chase bank: chase.com
citibank: citibank.com citi.com
barclays: barclays.co.uk barclays.com
santander: santander.com santander.co.uk gruposantander.com
sparkasse: sparkasse.de
paypal: paypal.com paypal.fr paypal.de paypal.me paypal-communication.com
=stripe: stripe.com
=visa: visa.com visa.fr
mastercard: mastercard.com mastercard.fr
=orange, orange bank: orange.fr orange.com wanadoo.fr orange-business.com
=sfr, red by sfr: sfr.fr sfr.com red-by-sfr.fr
=free, free mobile: free.fr iliad.fr
bouygues telecom, bbox: bouyguestelecom.fr bouygues-telecom.fr bbox.fr
=edf, edf france: edf.fr edf.com
=engie: engie.fr engie.com
netflix: netflix.com netflix.net
spotify: spotify.com
disney plus, disney+, disneyplus: disneyplus.com disney.com go.com
=canal, canal+: canal-plus.com canalplus.com
amazon, amazon prime: amazon.fr amazon.com amazon.de amazon.co.uk amazon.es amazon.it amazonses.com amazonaws.com a.co
=apple, apple id, icloud: apple.com icloud.com me.com
microsoft, office 365, microsoft 365, outlook.com, onedrive, sharepoint, microsoft teams, =outlook, =teams, =office:
 microsoft.com office.com office365.com outlook.com live.com microsoftonline.com sharepoint.com onedrive.com
 sharepointonline.com windows.net azure.com msn.com hotmail.com skype.com windows.com microsoft365.com cloud.microsoft
 aka.ms 1drv.ms
google, gmail, google drive: google.com gmail.com youtube.com google.fr googlegroups.com googlemail.com goo.gl g.co
facebook, instagram, whatsapp, =meta, meta business:
 facebook.com instagram.com whatsapp.com meta.com facebookmail.com fb.com fb.me metamail.com
linkedin: linkedin.com lnkd.in
=adobe, adobe sign: adobe.com adobesign.com echosign.com
docusign: docusign.com docusign.net docusign.fr
yousign: yousign.com yousign.fr yousign.app
dropbox: dropbox.com dropboxmail.com hellosign.com
wetransfer: wetransfer.com we.tl
=zoom: zoom.us zoom.com
coinbase: coinbase.com
binance: binance.com
metamask: metamask.io consensys.net consensys.io
=ledger, ledger live: ledger.com ledger.fr
trust wallet, trustwallet: trustwallet.com
kraken: kraken.com
blockchain.com: blockchain.com
=booking, booking.com: booking.com
airbnb: airbnb.com airbnb.fr
ovh, ovhcloud: ovh.com ovh.net ovhcloud.com ovh.fr
=gandi: gandi.net
ionos: ionos.fr ionos.com ionos.de 1and1.com 1und1.de
godaddy: godaddy.com
=norton, nortonlifelock, norton lifelock: norton.com nortonlifelock.com gendigital.com
mcafee: mcafee.com
geek squad, geeksquad: geeksquad.com bestbuy.com
ebay: ebay.com ebay.fr
carrefour: carrefour.fr carrefour.com
decathlon: decathlon.fr decathlon.com
ikea: ikea.com ikea.fr
sncf, sncf connect: sncf.com sncf.fr sncf-connect.com oui.sncf connect.sncf
1password, lastpass, bitwarden, dashlane: 1password.com 1password.eu 1password.ca lastpass.com
 bitwarden.com bitwarden.eu dashlane.com
hmrc, hm revenue customs: gov.uk
irs, internal revenue service, social security administration, medicare: irs.gov ssa.gov medicare.gov
royal mail, evri, =hermes: royalmail.com evri.com
canada post, australia post, canada revenue agency: canadapost.ca
 canadapost-postescanada.ca auspost.com.au cra-arc.gc.ca
bpost, postnl, swiss post, die post, correos, poste italiane: bpost.be postnl.nl
 post.ch correos.es poste.it posteitaliane.it
intesa sanpaolo, unicredit, bbva, caixabank, abn amro, rabobank, ing bank, commerzbank, postbank, deutsche bank:
 intesasanpaolo.com unicredit.it bbva.com bbva.es caixabank.es abnamro.nl rabobank.nl ing.com ing.de ing.nl
 commerzbank.de postbank.de deutsche-bank.de db.com
receita federal, gov.br: gov.br
itau, bradesco, banco do brasil, nubank, mercado livre, mercado pago, serasa:
 itau.com.br bradesco.com.br bb.com.br nubank.com.br mercadolivre.com.br mercadopago.com.br serasa.com.br
costco, walmart, lowe's, lowes, home depot, kohl's, kohls, sam's club, cvs, walgreens, ace hardware, harbor freight:
 costco.com walmart.com lowes.com homedepot.com kohls.com samsclub.com cvs.com walgreens.com acehardware.com
 harborfreight.com
temu, shein, aliexpress: temu.com shein.com aliexpress.com
lidl, aldi, auchan, leclerc, intermarche, leroy merlin, darty, fnac, boulanger, cdiscount:
 lidl.fr lidl.com aldi.fr aldi.com
 auchan.fr e.leclerc intermarche.com leroymerlin.fr darty.com fnac.com boulanger.com cdiscount.com
state farm, blue cross, aaa roadside: statefarm.com bcbs.com aaa.com
xfinity, comcast, verizon, t-mobile: xfinity.com comcast.net comcast.com verizon.com t-mobile.com
yahoo, aol: yahoo.com yahooinc.com aol.com
quickbooks, intuit: intuit.com quickbooks.com
shopify, squarespace: shopify.com squarespace.com
=zoho, webex, cisco webex: zoho.com webex.com cisco.com
opensea, uniswap, phantom, exodus, pancakeswap, crypto.com, kucoin, bybit, okx: opensea.io uniswap.org phantom.app
 exodus.com pancakeswap.finance crypto.com kucoin.com bybit.com okx.com
=ing, =dkb, =kbc, belfius, =ubs, postfinance, erste bank: ing.nl ing.be ing.de ing.com dkb.de
 kbc.be belfius.be ubs.com postfinance.ch erstebank.at
=lloyds, lloyds bank, natwest, =halifax, monzo, =nationwide, =aib, bank of ireland: lloydsbank.co.uk lloydsbank.com
 natwest.com halifax.co.uk monzo.com nationwide.co.uk aib.ie bankofireland.com
pko bank, mbank, =nexi, bancomat, satispay, =wise, klarna, western union, moneygram: pkobp.pl mbank.pl nexi.it
 satispay.com wise.com transferwise.com klarna.com westernunion.com moneygram.com
livelo, correios, =detran, =caixa, caixa economica: livelo.com.br correios.com.br detran.gov.br gov.br caixa.gov.br
poczta polska, inpost, posta romana, =ctt, an post, posti, postnord: poczta-polska.pl inpost.pl inpost.com
 posta-romana.ro ctt.pt anpost.com anpost.ie posti.fi postnord.com postnord.se postnord.dk
trezor, bittrex, =phantom wallet, rabby, tronlink: trezor.io bittrex.com phantom.app rabby.io tronlink.org
swisscom, vodafone, =telekom, deutsche telekom, =o2, telefonica, at&t, t-mobile: swisscom.ch swisscom.com vodafone.de
 vodafone.com vodafone.it vodafone.es telekom.de t-online.de o2online.de o2.de o2.co.uk telefonica.com att.com
 t-mobile.com
siriusxm, =disney, disney+, disney plus, =hbo, roblox, playstation, =steam: siriusxm.com disneyplus.com disney.com
 hbomax.com max.com roblox.com playstation.com sony.com steampowered.com
rewe, kaufland, mediamarkt, dewalt, makita: rewe.de kaufland.de mediamarkt.de dewalt.com makita.com
tv licensing, =dvla: tvlicensing.co.uk gov.uk
tiktok, telegram, =okta, cpanel, roundcube, zimbra, namecheap, cloudflare: tiktok.com telegram.org okta.com cpanel.net
 roundcube.net zimbra.com namecheap.com cloudflare.com
ulys, vinci autoroutes: ulys.com vinci-autoroutes.com
"""
"""One organisation a line: names before the colon, domains after it.

A name that begins with ``=`` is a word or short form of others as well: it counts only where it is all that a sender
is called, besides words of service. The domain ``gouv.fr`` stands for all below it.
"""

_SERVICE = (
    r"(?:support|service|services|accounts|accounting|comptabilite|finance|invoices|client|clients|customer|security|securite|team|equipe|account|billing|facture|"
    r"facturation|notification|notifications|alert|alerts|alerte|info|infos|mobile|france|help|helpdesk|desk|care|"
    r"assistance|delivery|livraison|suivi|centre|center|espace|le|la|l'|de|des|du|the|via|id|365|inc|sas|sa|"
    r"messagerie|business|admin|fraud|online|banking|rewards?|orders?|department|dept|no-?reply|verification|reminder|update|votre|your|mon|my|groupe|group)"
)
_SPLIT = re.compile(r"[^a-z0-9+.']+")
_PIECE = re.compile(r" [-|/:•·] ")
"""What stands between an organisation and its service in the name of a sender."""
_ENDING = re.compile(r"\.(?:com|fr|net|org|info)\b")

_MAILBOXES = frozenset(
    {
        "gmail.com",
        "googlemail.com",
        "laposte.net",
        "outlook.com",
        "hotmail.com",
        "live.com",
        "msn.com",
        "icloud.com",
        "me.com",
        "wanadoo.fr",
    }
)
"""Domains of organisations of the table under which everyone has an address, and they themselves write from others."""


def _read() -> tuple[dict[str, frozenset[str]], frozenset[str]]:
    names: dict[str, set[str]] = {}
    common: set[str] = set()
    for line in _TABLE.replace("\n ", " ").strip().splitlines():
        called, _, domains = line.partition(":")
        for one in (name.strip() for name in called.split(",")):
            plain = one.removeprefix("=")
            names.setdefault(plain, set()).update(domains.split())
            common |= {plain} if one.startswith("=") else set()
    return {name: frozenset(domains) for name, domains in names.items()}, frozenset(common)


_NAMES, _COMMON = _read()
_LABELS = {name: frozenset(label(one) for one in domains if "." in one) for name, domains in _NAMES.items()}
_DOMAINS = frozenset(one for domains in _NAMES.values() for one in domains)


def _phrases(names: frozenset[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z0-9@./-])({_one_of(names)})(?![a-z0-9@]|[.-][a-z0-9])")


def _one_of(names: frozenset[str]) -> str:
    """Return a pattern of `names`, the longest first, sorted by first letters: at most places none needs a look."""
    longest = sorted(names, key=len, reverse=True)
    starts = dict.fromkeys(one[0] for one in longest)
    groups = ("|".join(re.escape(one[1:]) for one in longest if one[0] == start) for start in starts)
    grouped = (f"{re.escape(start)}(?:{group})" for start, group in zip(starts, groups, strict=True))
    return f"(?=[{''.join(map(re.escape, starts))}])(?:{'|'.join(grouped)})"


_SPEAKING = _phrases(frozenset(_NAMES) - _COMMON)
_WORD = re.compile(r"[a-z0-9]+")
_TELLING = frozenset(max(_WORD.findall(one), key=len) for one in frozenset(_NAMES) - _COMMON)
"""The longest word of every name that `_SPEAKING` finds: a text without any of them names nobody."""
_WHOLE = re.compile(
    rf"(?:{_SERVICE} )*({'|'.join(map(re.escape, sorted(_NAMES, key=len, reverse=True)))})(?: {_SERVICE})*"
)
_FIRST = re.compile(rf"(?:(?:{_SERVICE}) )*{_SPEAKING.pattern}")
_THROUGH = re.compile(rf" via {_SPEAKING.pattern}$")
"""A service that writes for another ("A firm via DocuSign"): the sender is the service."""
_OTHERS = re.compile(
    r"\b(?:formations?|training|academy|academie|partn\w+|partenaires?|users?|utilisateurs|clubs?|days?|conference|blog|"
    r"news|actualites|reseller|revendeur|consult\w+|webinar|webinaire)\b"
)
"""Words beside an organisation's name that make it a topic: those who teach, sell or write about it."""
_AUTHOR = re.compile(
    r"(?:\b(?:equipe|l'equipe|cher client|chere cliente|clients?|service clients?|"
    r"support|service|votre compte|votre espace|votre conseiller|"
    r"votre banque|votre agence|votre abonnement|your|©|\(c\)|copyright)(?: \d{4})? )"
    + _SPEAKING.pattern
    + r"|"
    + _SPEAKING.pattern
    + r"(?= (?:corporation|inc|support|security|team|customer|service|account|all rights|tous droits|helpdesk|wallet))"
)
"""A name where a writer speaks as the organisation, or of the reader's dealings with it."""


def worn(display: str) -> frozenset[str]:
    """Return the name of the organisation that a sender is called by, if any; at most 200 letters are read."""
    if not display:
        return frozenset()
    levelled = level(display[:200])
    plain = _ENDING.sub("", " ".join(_SPLIT.split(levelled)).strip())
    if whole := _WHOLE.fullmatch(plain):
        return frozenset({whole[1]})
    for piece in _PIECE.split(levelled)[:4] if _PIECE.search(levelled) else ():
        if (part := _WHOLE.fullmatch(" ".join(_SPLIT.split(piece)).strip())) and part[1] not in _COMMON:
            return frozenset({part[1]})
    if through := _THROUGH.search(plain):
        return frozenset({through[1]})
    first = None if _OTHERS.search(plain) else _FIRST.match(plain)
    return frozenset({first[1]}) if first else frozenset()


@lru_cache(maxsize=4)
def spoken_for(levelled: str) -> frozenset[str]:
    """Return the names of organisations as which, or of the reader's dealings with which, a levelled text speaks."""
    if _TELLING.isdisjoint(words_of(levelled)):
        return frozenset()
    return frozenset(one or other for one, other in _AUTHOR.findall(levelled))


_BUTTON = re.compile(
    r"\b(?:open|view|see|sign|log|login|continue|access|review|read|ouvrir|voir|consulter|connexion|connecter|continuer|"
    r"acceder|signer|lire)\b.{0,40}?" + _SPEAKING.pattern
)
"""What a button says that takes its reader to an organisation's page."""


@lru_cache(maxsize=4096)
def led_to(shown: str) -> str:
    """Return the name of the organisation to whose page a button leads by what it shows; empty if it names none."""
    found = _BUTTON.search(level(shown[:100])) if shown else None
    return str(found[1]) if found else ""


@lru_cache(maxsize=8192)
def writes_for(domain: str, name: str) -> bool:
    """Tell whether a sender at `domain` may be the organisation `name`: not where it gives mail boxes to anyone."""
    return domain not in _MAILBOXES and belongs(domain, name)


@lru_cache(maxsize=8192)
def belongs(host: str, name: str) -> bool:
    """Tell whether `host` belongs to the organisation that is called `name`.

    Its label under another ending is taken as its own, as world-wide companies do (``amazon.nl``).
    """
    own = registered(host)
    domains = _NAMES[name]
    return own in domains or label(host) in _LABELS[name] - {"gouv"} or _above(host, domains)


def _above(host: str, domains: frozenset[str]) -> bool:
    """Tell whether `host` lies below one of `domains` that is an ending (``gouv.fr``, ``bnpparibas``)."""
    at = host.find(".")
    while at >= 0:
        if host[at + 1 :] in domains:
            return True
        at = host.find(".", at + 1)
    return False


@lru_cache(maxsize=8192)
def known(host: str) -> bool:
    """Tell whether `host` is one of an organisation of the table, or of a state's body."""
    return registered(host) in _DOMAINS or _above(host, _DOMAINS) or of_state(host)


def of_state(host: str) -> bool:
    """Tell whether `host` is a state's: only its bodies get such a name."""
    return host.endswith(_OF_STATES)


_OF_STATES = (".gouv.fr", ".gov.uk", ".nhs.uk", ".europa.eu")
"""Endings under which only bodies of a state get a name: France, the United Kingdom, the European Union."""


@lru_cache(maxsize=8192)
def same_owner(one: str, other: str) -> bool:
    """Tell whether the hosts `one` and `other` belong to one organisation of the table."""
    return any(belongs(one, name) and belongs(other, name) for name in _NAMES)


__all__ = ["belongs", "known", "led_to", "of_state", "same_owner", "spoken_for", "worn", "writes_for"]
