"""Archives and packings that are fuzzed: images of Windows and what packs them, 7z by PPMd, LZ4, lzip, RPM."""

from __future__ import annotations

import base64
import gzip
import lzma
import struct
import zlib
from collections.abc import Callable

from safecare.examine.api import Budget, Context, LimitError, Limits, Part, UnreadableError
from safecare.examine.unpack.archives import Archives
from safecare.formats.discs import CrowdedError, DiscError
from safecare.formats.discs.wim import Wim
from safecare.formats.packed import LZX, XPRESS, PackedError, lznt1, lzx, xpress
from safecare.testing.bombs.make import packed
from safecare.testing.fuzz_target import Target

IMAGES = {
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
"""By packing: made by wimlib-imagex 1.13 (``capture --compress=...``) of three files, then packed to stand here."""
_MOST = 1 << 16
"""Bytes that one input may unpack to. Chosen: two chunks of an image; more takes time and shows nothing else."""
_WORDS = b"What was said on the second of March. " * 9
_LZ4 = bytes.fromhex(
    "04224d186440a731000000ff1757686174207761732073616964206f6e20746865207365636f6e64206f66204d617263682e2026000e507263682e"
    "0a00000000e35777b5"
)
"""Two sentences, packed by lz4 1.9."""
_LZNT1 = bytes.fromhex("03306162636405b008616263062000 0000".replace(" ", ""))
"""A chunk that is not packed, and one of three letters and nine that repeat them ([MS-XCA] 2.5)."""


def image(packing: str) -> bytes:
    """Return one of `IMAGES`."""
    return zlib.decompress(base64.b85decode(IMAGES[packing]))


def _lzip(raw: bytes) -> bytes:
    """Return `raw` packed as lzip does (its manual, "File format")."""
    inner = lzma.compress(raw, lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 16}])
    return b"LZIP\1\x10" + inner + struct.pack("<IQQ", zlib.crc32(raw), len(raw), len(inner) + 26)


def _rpm(raw: bytes) -> bytes:
    """Return a package of one file: lead, two headers without entries, an archive (LSB 5.0, "Package File Format")."""
    member, last = (_member(name, one) for name, one in ((b"a.js", raw), (b"TRAILER!!!", b"")))
    return b"\xed\xab\xee\xdb\3".ljust(96, b"\0") + (b"\x8e\xad\xe8\x01" + bytes(12)) * 2 + gzip.compress(member + last)


def _member(name: bytes, raw: bytes) -> bytes:
    """Return a member of cpio's newer form."""
    fields = (1, 0o100644, 0, 0, 1, 0, len(raw), 0, 0, 0, 0, len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08x" % one for one in fields) + name + b"\0"
    return head + bytes(-len(head) % 4) + raw + bytes(-len(raw) % 4)


def _wim(raw: bytes) -> None:
    wim = Wim(raw)
    for tree in wim.trees():
        for one in wim.files(wim.read(tree, _MOST)) if wim.readable(tree) else ():
            if one.resource and wim.readable(one.resource):
                wim.read(one.resource, _MOST)


def _archive(kind: str) -> Callable[[bytes], None]:
    def read(raw: bytes) -> None:
        for _ in Archives().examine(Part(raw, types=(kind,)), Context(Budget(Limits(), len(raw)))):
            pass

    return read


def _chunk(method: Callable[[bytes, int], bytes]) -> Callable[[bytes], object]:
    """Return a reader of one chunk, whose size when it is unpacked stands in its first two bytes."""
    return lambda raw: method(raw[2:], int.from_bytes(raw[:2], "little"))


def _chunks(packing: str) -> tuple[bytes, ...]:
    """Return the chunks of an image that hold a whole file."""
    raw = image(packing)
    wim = Wim(raw)
    held = [one.resource for tree in wim.trees() for one in wim.files(wim.read(tree, _MOST))]
    whole = [one for one in held if one and wim.packed(one) and one.size < 1 << 15]
    return tuple(struct.pack("<H", one.size) + raw[one.at : one.at + one.stored] for one in whole)


TARGETS: tuple[Target, ...] = (
    Target("wim", _wim, tuple(map(image, IMAGES)), (DiscError, CrowdedError)),
    Target("xpress", _chunk(xpress), _chunks(XPRESS), (PackedError,)),
    Target("lzx", _chunk(lzx), _chunks(LZX), (PackedError,)),
    Target("lznt1", _chunk(lznt1), (_LZNT1,), (PackedError,)),
    *(
        Target(kind, _archive(kind), (raw,), (LimitError, UnreadableError))
        for kind, raw in (
            ("7z", packed({"a.txt": _WORDS}, "7zip", "ppmd")),
            ("lz4", _LZ4),
            ("lzip", _lzip(_WORDS)),
            ("rpm", _rpm(_WORDS)),
        )
    ),
)
