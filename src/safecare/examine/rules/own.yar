// The project's own rules. `weight` 0-1: probability that a file with this match alone is an attack.

rule eicar_test_file {
  meta:
    weight = "0.95"
    source = "EICAR standard anti-virus test file, 2003: harmless, by agreement taken for a virus"
  strings:
    $a = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
    $utf16 = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*" wide
  condition:
    any of them
}

rule clamav_test_file {
  meta:
    weight = "0.95"
    source = "clam.exe of ClamAV's test files: harmless, by agreement taken for a virus"
  strings:
    $code = { BB ?? ?? 40 00 33 C0 50 50 8B F3 53 53 50 B0 29 40 30 04 66 AC 79 F9 }
  condition:
    $code
}

rule gtube_test_mail {
  meta:
    weight = "0.6"
    source = "GTUBE, the agreed test for filters of unwanted mail"
  strings:
    $a = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
  condition:
    $a
}

rule follina {
  meta:
    weight = "0.85"
    source = "CVE-2022-30190"
  strings:
    $a = "ms-msdt:" nocase
    $b = "IT_BrowseForFile" nocase
    $c = "PCWDiagnostic" nocase
  condition:
    $a and any of ($b, $c)
}

rule equation_editor_exploit {
  meta:
    weight = "0.85"
    source = "CVE-2017-11882, CVE-2018-0802: font record of an equation that runs over"
  strings:
    $head = { 1C 00 00 00 02 00 ?? ?? }
    $class1 = "Equation.3"
    $class2 = { 02 CE 02 00 00 00 00 00 C0 00 00 00 00 00 00 46 }
    $font = { 08 ?? ?? [24-60] (12 0C 43 00 | C7 2E 00 | 30 0F 46 00) }
  condition:
    filesize < 4MB and $font and $head and (uint32be(0) == 0xD0CF11E0 or uint32be(0) == 0x1C000000 or for any of ($class*) : ($))
}

rule program_in_image {
  meta:
    weight = "0.9"
    source = "PS3.10 section 7.5: executable content anywhere in a DICOM file, in the pixels too"
  strings:
    $dos = "This program cannot be run in DOS mode"
    $pe = { 50 45 00 00 (4C 01 | 64 86 | 64 AA) [14] (E0 | F0) 00 }
    $elf = { 7F 45 4C 46 (01 | 02) (01 | 02) 01 (00 | 03) 00 00 00 00 00 00 00 00 (01 | 02 | 03) 00 }
    $lnk = { 4C 00 00 00 01 14 02 00 00 00 00 00 C0 00 00 00 00 00 00 46 }
  condition:
    uint32be(128) == 0x4449434D and any of them
}

rule web_shell {
  meta:
    weight = "0.75"
    source = "MITRE ATT&CK T1505.003"
  strings:
    $php = /<\?php[^?]{0,200}(eval|assert|system|passthru|shell_exec)\s*\(\s*(@?base64_decode\s*\(|gzinflate\s*\(|str_rot13\s*\(|\$_(GET|POST|REQUEST|COOKIE)\s*\[)/ nocase
    $asp = /<%[^%]{0,200}(eval|execute)\s*\(?\s*request\s*[\(\[]/ nocase
  condition:
    any of them
}

rule credential_dumper {
  meta:
    weight = "0.85"
    source = "MITRE ATT&CK T1003.001 (mimikatz)"
  strings:
    $a = "sekurlsa::logonpasswords" ascii wide nocase
    $b = "gentilkiwi" ascii wide nocase
    $c = "lsadump::sam" ascii wide nocase
  condition:
    2 of them
}

rule reflective_loader {
  meta:
    weight = "0.8"
    source = "MITRE ATT&CK T1620: position-independent start of a library (Metasploit, Cobalt Strike)"
  strings:
    $a = { 4D 5A 52 45 55 48 89 E5 48 81 EC ?? ?? ?? ?? 48 8D 1D }
    $b = { 4D 5A E8 00 00 00 00 5B 52 45 55 89 E5 }
    $c = { FC E8 8? 00 00 00 60 89 E5 31 (C0 | D2) 64 8B 5? 30 8B 5? 0C 8B 5? 14 }
    $d = { FC 48 83 E4 F0 E8 C? 00 00 00 41 51 41 50 52 51 56 48 31 D2 65 48 8B 52 60 }
  condition:
    any of them
}

rule ransom_note {
  meta:
    weight = "0.55"
    source = "MITRE ATT&CK T1486"
  strings:
    $a = "your files have been encrypted" ascii wide nocase
    $b = "all your files are encrypted" ascii wide nocase
    $c = "decrypt your files" ascii wide nocase
    $pay = /(bitcoin|btc|monero|\.onion|tor browser)/ ascii wide nocase
  condition:
    any of ($a, $b, $c) and $pay
}
