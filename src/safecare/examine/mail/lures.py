"""What lures promise or threaten, in the languages in which they are sent to French hospitals.

A lure joins things that each are harmless: an account and its loss, a parcel and a fee, a prize and an act. Words
are sorted into meanings (stems end with ``*``), and a lure is two or three meanings within `NEAR` words of one
sentence. Stories after public reports: CERT-FR, APWG quarterly reports, cybermalveillance.gouv.fr. Text is levelled
first (`safecare.formats.wording.level`): no accents, lower case.
"""

from __future__ import annotations

from safecare.examine.mail.grammar import Grammar
from safecare.examine.mail.lures_abroad import ALSO

NEAR = 9
"""Words between the first and the last meaning of a lure. Chosen: one clause."""
MOST = 220
"""Words that are read. Chosen: a lure comes to the point at once; newsletters speak of everything somewhere."""

MEANINGS: dict[str, str] = {
    "account": (
        "motdepasse wachtwoord* kennwort* palavra-passe "
        "cpf account* mailbox* email* e-mail* password* profile access wallet* storage session subscription card "
        "credentials login id webmail compte* acces messagerie boite carte identifiant* konto zugang* karte "
        "passwort* cuenta* acceso tarjeta contrasena conta* acesso cartao senha cadastro conto accesso rekening "
        "toegang icloud office365 mfa 2fa authenticator chave token stockage espace vitale domain* domaine* dominio* "
        "membership hebergement hosting cps e-cps securipass pushtan tan cle wallets page pages fanpage "
        "details coordonnees agenda benefits speicher* cloud-speicher almacenamiento archivos armazenamento arquivos "
        "opslag bestanden archiviazione spazio fotos dateien perfil profil mitgliedschaft lidmaatschap photos files"
    ),
    "loss": (
        "suspen* limited limitation* locked lock restrict* blocked disabled disabl* deactiv* terminat* closed "
        "closure expire* expiring expiration quota full compromis* unusual suspicious unauthori* unrecogni* "
        "bloqu* restreint* desactiv* satur* inhabituel* suspect* gesperrt eingeschrankt abgelaufen deaktivier* "
        "gesperrt* caduc* scadut* bloccat* sospes* geblokkeerd verlopen beperkt irregular* vence* vencid* "
        "perdre perd lose losing radiation revoqu* revoked limite limitee limitato limitata coupee radie verloopt "
        "interrupt* delet* hacked breach* ablauf* lauft unterbrochen atteint depass* plein pleine exceeded resili* "
        "ferm* clotur* supprim* effac* deletion removed removal invalid* echeance erlischt gelosch* elimina* "
        "cerrad* chius* voll vollstandig erreicht lleno llena cheio cheia vol pieno pierd* perca perder verlies* "
        "verlier* apagad* borrad* eliminad* cancellat* suspendu* ongebruikelijk* ungewohnlich*"
    ),
    "act": (
        "aanvrag* vraag commander rinnov* "
        "verif* confirm* validat* valide* updat* review reactiv* re-activate restor* unlock* upgrade* actualis* "
        "actualiz* aktualisier* bestatig* uberpruf* atualiz* regulariz* aggiorn* conferm* bevestig* bijwerk* "
        "renew* renouvel* synchroni* authentic* re-enter recover* retain keep appeal* commandez revalid* "
        "connectez-vous enregistr* remplissez salve salvar libere liberar libera* inloggen anmelden bijwerken werken "
        "updaten eintragen ausfullen"
    ),
    "you": "you vous",
    "yours": "",
    "your": "your votre vos ihr ihre ihren ihrem su sus tu seu sua suo vostro tuo uw je jouw",
    "prize": (
        "prize* reward* gift* voucher* winner* won lottery jackpot giveaway sweepstake* congratulation* cadeau* "
        "gagn* recompens* felicitation* gutschein* gewinn* gewonnen gratulier* auserwahlt* premio* premi sorteo* "
        "regalo* pontos pontuacao milhas vincitor* vinto buono prijs winnaar gefeliciteerd sorteado iphone brinde "
        "tirage lot cashback recompensa* bonus gewinnspiel* verlos* gluckwunsch* gratis-* probierpaket ganador* "
        "ganado premiad* ganhador* ganhou sorteamos concurso concorso estrazione geschenkkarte* geschenk* tegoed* "
        "cadeaubon* winactie casino* jackpots freispiele spins freebie"
    ),
    "take": (
        "claim* redeem* collect reclam* recuper* resgat* sichern teilnehm* ritir* participat* survey* "
        "questionnaire sondage umfrage* encuesta* sondaggio selected chosen selectionne* choisi* troque trocar "
        "retire eligible chance enquete abholen expir* recevoir recevez confirmez tirage heureux finalist* gewinnen "
        "teilzunehmen auserwahl* ausgewahl* bestatig* eintragen glucklich* einlosen erhalten seleccionad* elegid* "
        "selecionad* ganar ganhar uitgekozen geselecteerd deelnemen verzilver* approved unlock* payout limited "
        "exclusive free selezionat* riscatt* share wartet"
    ),
    "fortune": (
        "million* billion* donat* inherit* beneficiar* kin deceased compensation consignment unclaimed legacy "
        "philanthropist* charity lottery heritage defunt legs donation orphan* widow* herencia heranca erbschaft* "
        "spende* humanitarian trust* fortune veuve succession heritier*"
    ),
    "money": (
        "usd eur dollar* euro* fund* bank* sum somme $ € million* billion* transfer* banque fonds geld dinero "
        "dinheiro cash payment* fortune biens dollars"
    ),
    "gift": "don donation donate donating bequeath leguer offrir transmettre",
    "riches": "fortune million* biens heritage succession estate",
    "crypto": (
        "metamask trustwallet ledger trezor coinbase binance exodus opensea phantom uniswap bitcoin* btc crypto* "
        "usdt ethereum eth airdrop* nft* blockchain wallet* kyc seed portefeuille"
    ),
    "gain": (
        "withdraw* earn* profit* invest* balance deposit* claim* mining receive* retir* gagn* rendement roi "
        "eligible* secur* connect* link unclaimed verif* phrase update* suspend* restrict* login sign-in "
        "guthaben auszahl* auszuzahlen saldo retirar uitbetal* tegoed prelev* bonific* levant*"
    ),
    "shame": (
        "recorded filmed webcam footage masturbat* porn* adult* filme filmee intime* hacked infected trojan "
        "spyware contacts adultes pirate piratee intimes cheval"
    ),
    "threat": "pay bitcoin* btc publish* send* share* expose* contacts envoy* payer pague zahlen divulg*",
    "parcel": (
        "parcel* package* shipment* delivery deliver* order courier consignment colis livraison* envoi expedition "
        "paket* sendung* lieferung* zustellung* paquete* envio pedido encomenda pacote* pacco spedizion* pakket* "
        "bezorg* usps dhl fedex ups dpd gls correos correios poste swisspost chronopost mondial bestelling* zending* "
        "postnl bpost distributiecentrum paqueteria objeto"
    ),
    "held": (
        "held hold pending fail* unable attempt* missed customs reschedul* waiting suspend* unpaid undeliver* fee "
        "fees returned attente suspendu* echou* impossible frais douane* retenu* reprogramm* bloque* gebuhr* "
        "zoll* fehlgeschlagen zuruck ausstehend pendient* retenid* aduan* tarifa pendent* taxa alfandeg* attesa "
        "dogan* wacht* kosten mislukt incomplete address stopped affranchissement incomplet* echec adres adresfout "
        "adressfehler anschrift unvollstandig* direccion endereco indirizzo aangehouden"
    ),
    "bill": (
        "payment* invoice* billing subscription* membership renewal auto-renew* autorenew* refund* rebate "
        "cotisation* reimbursement remboursement* impot* amende* facture* prelevement paiement* zahlung* rechnung* "
        "ruckerstattung* abonnement* mitgliedschaft pago* factura* reembolso* suscripcion pagamento* fatura* "
        "boleto* debito* restituicao multa* fattura* rimborso* abbonamento betaling* factuur* terugbetaling* nota "
        "tax iptu ipva antivirus mcafee norton saque compra credito"
    ),
    "trouble": (
        "declin* fail* overdue unpaid past-due problem* expire* charged debited renewed pending claim* eligible "
        "issue* attente impaye* refus* echou* eligible* regularis* majoration fehlgeschlagen abgelehnt "
        "uberfallig* ausstehend* abgelaufen rechaz* pendient* vencid* pendent* atras* recus* regulariz* negativ* "
        "protest* rifiutat* scadut* sospes* mislukt openstaand geweigerd verlopen cancel* dispute* retid* retenid*"
    ),
    "document": (
        "document* doc docx xlsx pdf notes file fax "
        " e-fax efax voicemail voice-mail voicemessage docusign scan remittance payroll salary "
        "fichier* vocal sharepoint onedrive handbook proposal rfq quotation purchase bulletin paie "
        "salaire prime signature"
    ),
    "open": (
        "shared view review open access download listen sign signed received partage consulter ouvrir telecharger "
        "ecouter signer recu acknowledg* attached encrypted secure pending signez consult* "
        "attend attente telechargez connectez-vous disponible invited release arrivee recue"
    ),
    "held-mail": "undelivered quarantine* held pending blocked incoming queued rejected unread clustered stuck",
    "mails": "message* email* e-mail* mail mails courriel* nachricht* mensaje* mensage* messaggi*",
    "shared": "shared shares partage partagee partages geteilt compartido compartilhou condiviso gedeeld",
    "sealed": "encrypted secure secured securise* confidentiel* confidential chiffre* crypte*",
    "signin": "sign-in signin log-in login sign-on connexion anmeldung logon",
    "strange": (
        "unusual suspicious new unauthori* unrecogni* inhabituel* suspect* ungewohnlich* inusual russia moscow "
        "nouvel nouvelle detect* nao-autorizad* autorizad* reconhec* reconoc* reconnai* riconosc* herken* analise "
        "novo neue neuen nuevo nuovo nieuw*"
    ),
    "voice": "voicemail voice-mail voicemessage voice vocal vocale audio fax efax e-fax telecopie*",
    "court": (
        "huissier* tribunal justice judiciaire* gendarmerie police interpol europol procureur lawsuit court bailiff "
        "warrant judicial judiciais gericht* mahn* inkasso juzgado tribunale gerechtsdeurwaarder incasso"
    ),
    "charge": (
        "convocation* poursuite* saisie* mandat plainte* pedopornograph* summon* prosecut* seizure arrest* "
        "infraction* inculp* citation notificacao intimacao notificacion citacion pfandung vollstreckung dagvaarding"
    ),
    "loan": "pret prets loan loans emprunt* kredit darlehen prestamo* emprestimo*",
    "rate": "taux interet* interest particulier particuliers remboursable zinsen tasa juros",
    "device": "device appareil navigateur browser smartphone gerat dispositivo terminal",
    "movement": (
        "operation transaction virement achat prelevement transfer withdrawal purchase retrait compra* saque retirada "
        "uberweisung buchung zahlung kauf aankoop betaling acquisto bonifico transferencia cargo"
    ),
    "refund": (
        "refund* remboursement* rembourse* somme rebate reimbursement trop-percu indemnit* ruckerstattung reembolso* "
        "rimborso* erstattung* steuererstattung steuerruckzahlung devolucion* reintegro* teruggave terugbetaling "
        "restituzion* devolucao"
    ),
    "due": (
        "due droit eligible disponible beneficier available entitled owed percevoir erreur miscalculat* overpa* calcul "
        "constate* zusteht anspruch verfall* hinterleg* corresponde derecho pendiente spetta diritto disponibile recht "
        "disponivel direito hoogte hohe importe"
    ),
    "fine": "amende* contravention* infraction* toll peage* violation stationnement fps penalty",
    "unpaid": "impaye* unpaid regler majoration major* retard overdue outstanding due payer pay paiement",
    "health": "keto cbd gummies weight viagra cialis erection* prostate diabet* tinnitus wrinkle* slim*",
    "now": (
        "immediately urgent* asap today tonight expires soon now within hours hour 24h 48h 24hrs 48hrs "
        "immediatement sofort dringend umgehend inmediatamente urgente imediatamente hoje agora subito "
        "onmiddellijk heures stunden horas ore uur final last dernier* derniere* letzte* ultimo ultima laatste "
        "avoid evite* eviter before"
    ),
    "policy": "violat* infring* copyright guidelines standards policies policy reglement* plagi*",
    "scan": "qr qrcode qr-code flash* scann*",
    "click": (
        "click clicking tap press cliqu* clic clique klick* klik* clicca toque pulse button bouton lien link "
        "schaltflache enlace boton botao"
    ),
}
"""Words by meaning."""

LURES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("mail.lure.account", ("account", "loss", "your")),
    ("mail.lure.account", ("account", "act", "your")),
    ("mail.lure.account", ("yours", "loss")),
    ("mail.lure.account", ("yours", "act")),
    ("mail.lure.account", ("signin", "strange")),
    ("mail.lure.account", ("account", "loss", "act")),
    ("mail.lure.account", ("device", "strange", "account")),
    ("mail.lure.account", ("movement", "strange", "account")),
    ("mail.lure.account", ("account", "loss", "policy")),
    ("mail.lure.account", ("account", "policy", "your")),
    ("mail.lure.document", ("voice", "open")),
    ("mail.lure.document", ("document", "shared")),
    ("mail.lure.document", ("sealed", "mails", "open")),
    ("mail.lure.document", ("sealed", "mails", "you")),
    ("mail.lure.document", ("document", "open", "you")),
    ("mail.lure.court", ("court", "charge")),
    ("mail.lure.court", ("charge", "unpaid", "now")),
    ("mail.lure.loan", ("loan", "rate")),
    ("mail.lure.payment", ("refund", "due", "money")),
    ("mail.lure.payment", ("refund", "due", "act")),
    ("mail.lure.payment", ("fine", "unpaid", "your")),
    ("mail.lure.payment", ("fine", "unpaid", "now")),
    ("mail.lure.account", ("mails", "held-mail", "open")),
    ("mail.lure.account", ("mails", "held-mail", "your")),
    ("mail.lure.prize", ("prize", "take")),
    ("mail.lure.prize", ("prize", "your", "now")),
    ("mail.lure.fortune", ("fortune", "money")),
    ("mail.lure.fortune", ("gift", "riches")),
    ("mail.lure.crypto", ("crypto", "gain")),
    ("mail.lure.extortion", ("shame", "threat")),
    ("mail.lure.parcel", ("parcel", "held", "your")),
    ("mail.lure.parcel", ("parcel", "held", "act")),
    ("mail.lure.payment", ("bill", "trouble", "your")),
    ("mail.lure.payment", ("bill", "trouble", "now")),
    ("mail.lure.document", ("document", "open", "your")),
    ("mail.lure.document", ("document", "open", "click")),
    ("mail.lure.account", ("scan", "account", "act")),
    ("mail.lure.document", ("scan", "document")),
    ("mail.lure.remedy", ("health", "now")),
    ("mail.lure.now", ("now", "act")),
    ("mail.lure.now", ("now", "loss")),
    ("mail.lure.click", ("click", "act")),
    ("mail.lure.click", ("click", "now")),
    ("mail.lure.click", ("click", "take")),
)
"""Lure, and the meanings that stand near each other where it is told."""
_WORDS = {meaning: f"{words} {ALSO.get(meaning, '')}" for meaning, words in MEANINGS.items()}
_GRAMMAR = Grammar(_WORDS, LURES, NEAR, MOST, frozenset({"click"}))


def lures(levelled: str) -> dict[str, int]:
    """Return the lures of a text and how often each one stands in it (at most once for each sentence)."""
    return _GRAMMAR.told(levelled)


def meanings(levelled: str) -> set[str]:
    """Return all that words of a text mean, wherever they stand."""
    return _GRAMMAR.meanings(levelled)


__all__ = ["lures", "meanings"]
