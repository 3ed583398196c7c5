"""Words by meaning for what strangers want (`safecare.examine.mail.wants`); stems end with ``*``.

English, French, German, Dutch, Spanish, Italian, Portuguese, Danish, Norwegian, Swedish, Polish, Turkish, Arabic.
"""

from __future__ import annotations

MEANINGS: dict[str, str] = {
    "give": (
        "send sending envoie* forward give provide share tell reply envoy* envoie transmet* communiqu* donn* "
        "fourni* schick* sende* senden ubermittel* mitteil* nenn* mailen stuur* sturen geef doorgeven verstrek* "
        "envi* mand* facilit* proporcion* pasa* dar dame deme invi* fornir* comunic* trasmet* trasmett* forne* "
        "oplys* skick* skicka uppge* oppgi wyslij* wyslac przesl* podaj* podac ارسل* ارسال تزويد* زود* اعط* شارك* "
        "ابعث* مشاركة"
    ),
    "buy": (
        "commande commandez buy buying order purchase get pick procure achet* procur* acquer* kauf* besorg* koop* "
        "kopen kop* haal* compr* adquir* acquist* kob* kup* kjop* اشتر* شراء"
    ),
    "giftcard": (
        "e-carte* e-cartes giftcard* gift-card* geschenkkarte* geschenkgutschein* gutscheinkarte* cadeaukaart* "
        "cadeaubon* gavekort* presentkort* itunes steam paysafe* neosurf transcash google-play pcs voucher* "
        "e-voucher* evoucher* e-gift* hediye-karti*"
    ),
    "gift": ("gift cadeau cadeaux regalo presente prezentow* podarunkow* هدايا هدية الهدايا apple amazon google razer"),
    "card": ("card cards carte cartes karte* kaart* tarjeta* carta kort karta* karty cartao cartoes بطاقة بطاقات"),
    "pay": (
        "transfer wire payment pay paying virement* paiement* payer payez regler reglez reglement* uberweis* "
        "zahl* bezahl* auslandsuberweis* overmak* overboek* betal* transferencia* transferir* pago* pagar abon* "
        "bonific* pagament* pagat* overfor* utbetal* przelew* przelac zaplat* platnosc* factur* invoice* "
        "rechnung* fattur* fatura* faktur* تحويل تحول حول* دفع* سداد* فاتورة فواتير verse versez verser pague "
        "pagu* paghi betalt zahle* acquitt*"
    ),
    "bank": (
        "account iban rib bank bankverbindung* bankkonto* bankdaten konto* rekening* bankrekening* cuenta* "
        "bancari* coordonnees conto contas conta compte rachun* kontonummer* حساب* ايبان بنك* البنكي* مصرف*"
    ),
    "new": (
        "another autre andere otra altra annan anden inny moved new updated changed change nouveau nouvelle "
        "nouvelles nouvel change* modifi* neu neue neuen neues geander* gewechsel* nieuw* gewijzig* nuev* cambi* "
        "nuov* variat* nov* alter* mudou mudanca ny nye nya nytt aendr* andrat bytt skift* zmien* zmian* nowy "
        "nowe nowego جديد* تغيير* تغير* غير* تحديث*"
    ),
    "our": (
        "our notre nos unser* ons onze nuestr* nostr* noss* vores vaar var vart vare vara nasz* شركتنا لدينا حسابنا لنا"
    ),
    "scratch": (
        "photographi* fotografi* scratch* gratt* kratz* kras rubbel* raspa* gratta* skrab* skrap* zdrap* خدش كشط"
    ),
    "talk": (
        "parler telephoner appeler joindre talk speak call hablar llamar telefono parlare telefonare falar "
        "telefonar sprechen telefonieren anrufen praten bellen tale snakke prata ringe ringa rozmawiac dzwonic "
        "konus* اتحدث الاتصال dial compos*"
    ),
    "cant": (
        "can't cannot unable puedo posso kann kan ikke inte peux puis pourrai niet nicht no non nao moge bilmem "
        "mumkun استطيع يمكنني"
    ),
    "prize": (
        "voucher* prize* gift* reward* cadeau* carte-cadeau bon gutschein* geschenk* gewinn* regalo* regalamos "
        "sorteo premio* omaggio* buono prijs cadeaubon* presente premiad* gavekort* praemie* gevinst* vinst* "
        "nagrod* odul* hediye* subvencion* subvention* grant foerderung forderung* zuschuss* bourse dotacj* "
        "tilskud bidrag هدية جائزة منحة offert* offerte* gratuit* carte donne donner donate"
    ),
    "parcel": (
        "parcel* package colis livreur livraison* paket* sendung* pakket* bezorg* paquete* envio* encomenda* "
        "pacco* spedizion* pakke* przesylk* paczk* kargo* طرد شحنة"
    ),
    "again": (
        "redeliver* reschedul* attempt* tentative representation instance held zustellversuch* erneut* abgelegt "
        "opnieuw gemist nuevo intento fallida reentrega giacenza tentativo fornyet nytt ponown* tekrar douane* "
        "customs zoll* aduan* dogan* told tull clo gumruk جمارك alfandeg* venter wacht fermo detenid* retid* "
        "retenu* bloque* zatrzyman* zuruck* aufgehalten"
    ),
    "data": (
        "data files records backups servers donnees fichiers dossiers sauvegardes serveurs daten dateien gegevens "
        "bestanden datos archivos dati dados ficheiros filer dane pliki verileri بيانات ملفات"
    ),
    "taken": (
        "stolen exfiltr* copied downloaded encrypted extrait* vole* voles derobe* copie* telecharge* chiffre* "
        "possession gestohlen kopiert verschlusselt gestolen robad* sustraid* cifrad* rubat* sottratt* roubad* "
        "stjalet stulit skradzion* calin* سرقة سحب تشفير"
    ),
    "publish": (
        "publish* leak* disclos* publie* publiee* publiees divulgu* diffus* veroffentlich* publiceer* public* "
        "filtr* pubblic* offentlig* publicer* opublik* yayinla* نشر تسريب"
    ),
    "watch": (
        "video videos camera webcam microphone micro microfono mikrofon* kamera* recorded recording watching "
        "filmed filme* enregistre* aufgenommen gefilmd grabado registrato gravado filmet nagran* devices "
        "appareils gerate contacts kontakte contactos contatti contatos kontakter kontakty تصوير كاميرا"
    ),
    "coins": "bitcoin bitcoins btc monero usdt crypto* kripto* بيتكوين",
    "login": (
        "login log-in sign-in signin connexion connectez identifi* authentifi* ouvrir open access acceder anmeld* "
        "einlogg* inloggen aanmelden iniciar inicie acceda accesso accedere aceder logg* log-ind logowan* zalogu* "
        "giris تسجيل الدخول single sso"
    ),
    "ofhouse": (
        "work hospital corporate office company professionnel* hopital messagerie windows klinik* dienstlich* "
        "krankenhaus* werk* ziekenhuis* corporativ* profesional* hospital* aziendal* istituzional* ospedal* "
        "institucional* arbejds* arbeids* jobbets sykehus* sygehus* sjukhus* sluzbow* szpital* kurumsal hastane* "
        "المستشفى العمل"
    ),
    "account": (
        "account e-mail email mail password credentials compte identifiants motdepasse session konto* passwort* "
        "zugangsdaten wachtwoord* cuenta correo contrasena credenciales credenziali posta conta senha "
        "adgangskode* losenord* passord* haslo hasla hesap* hesab* sifre* حساب* بريد*"
    ),
    "accept": (
        "approve accept approuv* accept* valider validez bestatig* genehmig* goedkeur* accepteer* apruebe acepte "
        "aceptar approvi accetti accettare aprove aceite godkend* godkjenn* godkann* zatwierdz* onayla* وافق اقبل"
    ),
    "prompt": (
        "prompt push notification demande solicitud notificacion aufforderung anfrage melding verzoek richiesta "
        "notifica pedido notificacao anmodning foresporsel begaran powiadomien* bildirim* اشعار طلب"
    ),
    "phone": (
        "phone mobile authenticator telephone portable smartphone handy telefon* movil telefono cellulare "
        "telemovel mobil* komork* هاتف* جوال*"
    ),
    "enable": (
        "enable activer activez activate habilit* aktivier* attiv* ativ* inschakel* aktiver* aktivera wlacz* "
        "etkinlestir* تمكين تفعيل"
    ),
    "content": (
        "editing macros edicion contenido macro bearbeitung* makro* modifica contenuto edicao conteudo bewerk* "
        "inhoud redigering redigera innehall indhold innhold edycj* zawartos* duzenleme* icerig* التحرير المحتوى"
    ),
    "fetch": (
        "download install telecharg* installe* herunterlad* installier* downloaden installeren descarg* instal* "
        "scaric* hent installer ladda pobierz zainstaluj indir* yukle* تنزيل تثبيت"
    ),
    "tool": (
        "tool assistance outil quickassist anydesk teamviewer hilfsprogramm fernwartung* hulpprogramma "
        "herramienta strumento ferramenta vaerktoj* verktoy* verktyg* narzedzi* arac* اداة"
    ),
    "remote": (
        "remote remotely distance fernzugriff* fernwartung* afstand remot* distancia distanza fjern* fjarr* "
        "zdaln* uzak* بعد"
    ),
    "sure": (
        "guaranteed garanti garantis garantie garantier* gegarandeerd* garantizad* garantit* garantid* gwarant* "
        "garantert garanteret مضمون"
    ),
    "mine": "my mon ma mes mein meine meinem mijn mi mis mio mia meu minha min mit moj moje moja حسابي",
    "salary": (
        "salary payroll wages paycheck salaire* paie paye gehalt* lohn* salaris* loon nomina sueldo salario* "
        "stipendio ordenado vencimento lon lonn* loen* lonkonto* wynagrodz* pensj* راتب* رواتب معاش*"
    ),
    "number": (
        "number mobile cell cellphone phone whatsapp numero* portable telephone handy* handynummer* mobilnummer* "
        "telefonnummer* nummer* gsm movil telefono cellulare telemovel telefon* numer* komork* رقم* جوال* هاتف* "
        "واتساب"
    ),
    "your": (
        "your votre ton vos tes ihre ihren ihrem deine deinen deiner uw jouw je su tu suo tuo sua tua vostro seu "
        "teu din dit ditt deres twoj* panski* رقمك جوالك هاتفك هويتك جوازك بطاقتك حسابك لديك بك"
    ),
    "copy": (
        "copy copies scan photo picture copie kopie* foto* kopia* kopi copia copias skan* zdjeci* bilde* bild "
        "billede* صورة صور نسخة"
    ),
    "papers": (
        "passport passeport identity identite cni ausweis* personalausweis* reisepass* paspoort "
        "identiteitsbewijs* pasaporte dni passaporto identita passaporte identidade cidadao pas pass "
        "legitimation* id-kort id-kopia korekort korkort paszport* dowod* جواز* هوية هويتك الهوية"
    ),
    "fee": (
        "fee fees charge charges frais gebuhr* bearbeitungsgebuhr* kosten notarkosten leges gastos tasa tasas "
        "spese taxa taxas gebyr* avgift* oplat* رسوم رسم الرسوم تكاليف"
    ),
    "benefit": (
        "grant award inheritance estate donation loan funds lottery prize compensation subvention heritage "
        "succession pret indemnisation erbschaft* erbe nachlass spende* kredit* darlehen* gewinn* erfenis* "
        "lening* prijs herencia donacion prestamo* premio eredita* donazione prestito heranca doacao emprestimo "
        "arv arven gevinst vinst laan lan pozyczk* spadek spadku wygran* ميراث ورثة ارث تبرع قرض جائزة منحة تعويض "
        "تركة"
    ),
    "code": "code codes otp kode koden kod koder codigo codice cijfercode رمز كود الرمز",
    "came": (
        "sms receive received text recu recevez recevrez recevoir erhalten bekommen bekommst geschickt ontvang* "
        "krijgt gekregen recib* ricev* receb* modtag* far fatt fick mottar otrzym* وصل* يصل* استلم*"
    ),
    "me": "me us moi nous mir uns mij ons mi ci mig os oss mnie nam لي لنا",
    "tome": (
        "envoie-le-moi envoyez-le-moi donne-le-moi donnez-le-moi transmets-le-moi envoyez-moi communiquez-moi "
        "donnez-moi transmettez-moi envoie-moi donne-moi enviame mandame envieme digame dime pasame mandami "
        "inviami dammi comunicami mi-mandi envie-me manda-me diga-me"
    ),
    "list": "list liste listes lista lijst listen oversigt forteckning wykaz قائمة كشف",
    "people": (
        "staff employees patients nurses doctors personnel salaries agents mitarbeiter* patienten patientinnen "
        "personeel medewerkers pacientes empleados pazienti dipendenti funcionarios doentes patienter ansatte "
        "medarbejdere personalen pracownik* pacjent* موظف* مرضى الموظفين المرضى"
    ),
    "there": (
        "disponible verfugbar erreichbar beschikbaar bereikbaar disponibile disponivel ledig tilgaengelig "
        "tilgjengelig tillganglig dostepn* kontoret despacho ufficio escritorio متاح متواجد موجود"
    ),
    "asked": "bist sind ben bent esta estas sei e er du ar jestes czy هل are etes es",
    "favour": (
        "task tache mission service favour gefallen gunst klusje favore favor tjeneste tjanst przyslug* aufgabe "
        "verzoek opgave oppgave uppgift zadani* معروف معروفا خدمة مهمة depann*"
    ),
    "small": (
        "kleine kleinen kurze kurzen klein kort pequeno piccolo un um en et ett lille liten hurtig snabb mala "
        "drobn* pilna wichtige صغيرة صغير عاجلة سريعة"
    ),
    "collect": (
        "inkasso* incasso* deurwaarder* recouvrement huissier* embargo judicial penhora windykac* komornik* "
        "kronofogde* namsmann* fogedret* تحصيل قضائي* المحكمة lawyers lawyer avocat avocats anwalt* rechtsanwalt* "
        "advocaat abogad* avvocat* advogad* advokat* prawnik* avukat solicitors collection*"
    ),
    "hours": (
        "24 48 72 hours heures stunden uur horas ore timer timmar godzin* ساعة ساعات heute vandaag hoy oggi hoje "
        "today aujourd'hui idag dzis* اليوم"
    ),
}
"""Words by meaning."""

__all__ = ["MEANINGS"]
