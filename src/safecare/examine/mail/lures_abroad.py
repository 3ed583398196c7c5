"""Words of lures by meaning in the north, in Polish, Turkish and Arabic: a hospital's staff and patients write in them.

The meanings are those of `safecare.examine.mail.lures`.
"""

from __future__ import annotations

ALSO: dict[str, str] = {
    "yours": "hesabiniz* hesabin sifreniz* parolaniz* حسابك* بريدك* حسابكم",
    "fortune": (
        "arv arven arving arvtagare spadek spadk* spadkob* miras* varis* vasiyet* ارملة ارث ميراث وديعة تركة ايتام"
    ),
    "voice": "talebesked* telefonsvar* rostmedd* glosow* ses-mesaj* sesli",
    "account": (
        "hesab* hesap* sifre* parola* adgangskode* losenord* passord* brukerkonto* kontoen kontot haslo hasla "
        "skrzynk* postboks indbakke* innboks* postkasse حساب* بريد* بطاقة* مرور"
    ),
    "loss": (
        "askiya* kapat* engellen* silin* sparr* lukket lukkes stengt stenges blokkert blokeret blokeres zablok* "
        "wygas* zawiesz* udlob* utgar utlop* slett* slettes slet* raderas deaktiver* dezaktyw* fuld ايقاف* تعليق* "
        "اغلاق* حظر* تنتهي انتهاء* تجميد* معلق موقوف* حذف*"
    ),
    "act": (
        "dogrula* guncelle* onayla* yenile* bekraft* bekreft* opdater* oppdater* uppdater* godkend* potwierd* "
        "zaktualiz* zweryfik* forny* fornya* تاكيد* اكد* تحديث* تفعيل* فعل* تحقق* التحقق تجديد*"
    ),
    "your": (
        "hesabiniz* sifreniz* kargonuz* faturaniz* sizin odulunuz* din dit ditt dina deres twoj* panstwa حسابك "
        "حسابكم بريدك بريدكم طردك شحنتك فاتورتك طلبك بطاقتك لديك"
    ),
    "you": "siz dig deg jer dere لك لكم",
    "prize": (
        "odul* hediye* kazandi* cekilis* tebrik* praemie* gevinst* vundet vunnet vinst* vunnit premie nagrod* "
        "wygra* tillykke gratulasjon* gratulerer grattis gavekort* presentkort* جائزة جوائز ربحت فزت هدية مبروك "
        "تهانينا"
    ),
    "take": (
        "anket* katil* secildi* deltag* undersogelse* undersokelse* undersokning* ankiet* udvalgt utvalgt utvald "
        "odbierz odebra* hent hamta استلام* احصل اختيارك المطالبة"
    ),
    "money": (
        "million* milion* milyon* مليون ملايين lira tl avro euro dolar kroner kronor kr dkk nok sek zl pln درهم "
        "ريال دينار مبلغ دولار يورو"
    ),
    "parcel": (
        "kargo* gonderi* teslimat* pakke* pakken forsendelse* forsandelse* forsendelsen leverans* levering* "
        "przesylk* paczk* postnord inpost poczta طرد* شحنة* شحنت* توصيل* الشحن"
    ),
    "held": (
        "gumruk* bekle* ucret* tolden tull gebyr* avgift* oplat* clo mislyk* misslyck* forsinket fejlslag* "
        "zatrzyman* wstrzyman* محتجز* جمارك جمركي* رسوم تعذر فشل"
    ),
    "bill": (
        "fatura* odeme* faktura* regning* rakning* zwrot* refusion* refusjon* aterbetaln* tilbagebetal* skatt "
        "abonnement* abonemang* فاتورة* دفع* سداد* استرداد*"
    ),
    "trouble": (
        "reddedil* gecik* basarisiz* afvist avvist nekad* forfald* forfalt ubetalt obetald* mislykket odrzucon* "
        "zalegl* رفض* متاخر* مستحق*"
    ),
    "document": ("belge* dosya* dokuman* dokument* dokumentet lonseddel lonnsslipp lonespec* مستند* ملف* وثيقة"),
    "open": (
        "paylas* indir* goruntule* imzala* delt delat apne oppna abn* hent hamta vis visa podpis* otworz "
        "odsluchaj* pobierz udostepn* فتح عرض تنزيل* افتح"
    ),
    "now": (
        "hemen acil* bugun saat straks omgaende timer timmar idag i-dag snarest haster natychmiast godzin* dzis* "
        "ostatni* sidste siste sista فورا اليوم ساعة ساعات الان عاجل*"
    ),
    "click": (
        "tiklay* tikla baglanti* klik* klikk* klicka kliknij tryk trykk lenke lanken linket przycisk اضغط انقر "
        "الرابط رابط"
    ),
    "court": (
        "mahkeme* polis savcilik* icra retten domstol* politi* politiet polis* fogedret* kronofogde* namsmann* "
        "sadu policja komornik* محكمة شرطة نيابة"
    ),
    "charge": "ceza* dava* stevning* boter grzywn* مخالفة* غرامة*",
    "signin": "تسجيل دخول",
    "strange": "مشبوه* غريب* جديد مشبوهة",
    "fine": (
        "multa* boete* bussgeld* strafzettel* verwarnungsgeld* parkeerboete* contravvenzion* coima* bote boter "
        "grzywn* mandatu ceza*"
    ),
    "refund": "ruckzahlung* rimbors* tilbagebetal* tilbakebetal* aterbetaln* zwrot* iadesi",
    "unpaid": "pendiente pendente offen* openstaand* ubetalt obetal* nieoplac* odenmemis*",
}
"""The same in Danish, Norwegian, Swedish, Polish, Turkish and Arabic; ``yours``: accounts that are the
reader's."""

__all__ = ["ALSO"]
