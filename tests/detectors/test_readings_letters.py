"""English hidden letter by letter or word by word is among the views in plain writing; ordinary texts stay alone."""

import pytest

from anban.detectors.readings.views import Readings

READINGS = Readings()

HIDDEN = {
    "letters apart": [
        ("i want to k i l l myself", "i want to kill myself"),
        ("I will d-i-e tonight", "i will die tonight"),
        ("su.ic.ide is all i think of", "suicide is all i think of"),
        ("thinking of un.alive today", "thinking of unalive today"),
        ("(e)(n)(d) my life", "end my life"),
        ("i c/u/t again", "i cut again"),
        ("i am d_o_n_e with this", "i am done with this"),
        ("**e**n**d** it all", "end it all"),
        ("i want to <b>d</b>i<b>e</b>", "i want to die"),
        ("i want to [b]d[/b]ie", "i want to die"),
        ("E N D  M Y  L I F E", "end my life"),
        ("e n d m y l i f e", "end my life"),
        ("I  w a n t  t o  d i e", "i want to die"),
        ("k.i.l.l m.y.s.e.l.f", "kill myself"),
        ("e-n-d-i-t-a-l-l", "end it all"),
        ("wan t to d ie", "want to die"),
        ("i want to su ic ide", "i want to suicide"),
        ("k ill my s elf", "kill myself"),
        ("i.want.to.die", "i want to die"),
        ("i_want_to_die", "i want to die"),
        ("i will kill.myself", "i will kill myself"),
        ("d...i...e", "die"),
    ],
    "no blanks": [
        ("idontwanttobehere", "i dont want to be here"),
        ("#TiredOfLiving", "tired of living"),
        ("#endMYlife now", "end my life"),
        ("iJuStWaNtItToEnD", "i just want it to end"),
        ("nobodywouldmissme if i left", "nobody would miss me"),
        ("goodbyeforever", "goodbye forever"),
        ("lifeisnotworthliving", "life is not worth living"),
    ],
    "digits for letters": [
        ("1 h8 l1f3 & w1ll 3nd 1t", "i hate life and will end it"),
        ("cu771ng myself", "cutting myself"),
        ("d34th", "death"),
        ("left n0t3s", "left notes"),
        ("i want 2 die", "i want to die"),
        ("gone 4ever", "gone forever"),
        ("1 w4nt t0 k1ll my53lf", "i want to kill myself"),
        ("1w4ntt0d13", "i want to die"),
        ("k!ll my$elf", "kill myself"),
        ("€nd it", "end it"),
        ("s**cide", "suicide"),
        ("k*ll mys*lf", "kill myself"),
        ("wh47 w0uld y0u s4y", "what would you say"),
        ("2die 4 me", "to die for me"),
    ],
    "letters that look alike": [
        ("Ꭵ ᗯᗩᑎT to die", "i want to die"),
        ("ι ωαηт тσ ∂ιє", "i want to die"),
        ("𝓲 𝔀𝓪𝓷𝓽 𝓽𝓸 𝓭𝓲𝓮", "i want to die"),
        ("ɪ ᴡᴀɴᴛ ᴛᴏ ᴅɪᴇ", "i want to die"),
        ("🅸 🆆🅰🅽🆃 🆃🅾 🅳🅸🅴", "i want to die"),
        ("🅘 🅦🅐🅝🅣 🅣🅞 🅓🅘🅔", "i want to die"),
        ("ⓘ ⓦⓐⓝⓣ ⓣⓞ ⓓⓘⓔ", "i want to die"),
        ("ա wаnt to dıe", "w want to die"),
        ("k̶i̶l̶l̶ me", "kill me"),
    ],
    "turned": [
        ("anymore live to want don't i", "i don't want to live anymore"),
        ("myself kill to going am i", "i am going to kill myself"),
        ("i tnaw ot eid", "i want to die"),
        ("ǝᴉp oʇ ʇuɐʍ ı", "i want to die"),
        ("ʎlǝuol os ɯɐ ı", "i am so lonely"),
        ('he said "eid ot tnaw i" and left', 'he said "i want to die" and left'),
        ("yadot gniyd ma i", "i am dying today"),
    ],
    "misspelt": [
        ("i want to diiiie", "i want to die"),
        ("killll me", "kill me"),
        ("i wnat to ednd my lfie", "i want to end my life"),
    ],
    "lines": [
        ("i want\nto\ndie", "i want to die"),
        ("d\ni\ne", "die"),
        ("i am\nso tired\nof living", "i am so tired of living"),
    ],
    "pictures": [("i do 🚫 want 2 🐝 here", "i do not want to be here"), ("ready for the 🔚", "ready for the end")],
    "two ways at once": [
        ("Ι w4ոt tо d1е", "i want to die"),
        ("1w4nt\nt0\nd13", "i want to die"),
        ("i  w 4 n t  t o  d 1 e", "i want to die"),
    ],
}

ORDINARY = [
    "a b c test",
    "the bus leaves at 3 x 4 = 12",
    "see https://www.help.org/stop/now.html",
    "it costs $5, 20% off, 10am to 3pm",
    "v2.3 of the app, mp3 and 4k, covid19, iphone15",
    "2024-05-01 at 12:30:45, call 13800138000",
    "room 2 is free, i have 2 dogs and 4 cats",
    "write to me@home.com please",
    "this is a well-known and/or problem",
    "i'm a b student",
    "- milk\n- eggs\n- a loaf of bread\n- butter",
    "what is the matter with you today",
    "to be or not to be",
    "he can sing a long song",
    "my flight to copenhagen was delayed",
    "she is a therapist in istanbul",
    "hello!! wow, nice",
    "wait ... - ... no",
    "facade, decade, deface",
    "plan a, b, c and d",
]
HARMLESS = [
    ("the u.s.a. and e.g. this", {"the usa. and e.g. this"}),
    ("C O N G R A T S !", {"congrats !"}),
    ("gr8 j0b m8", {"great job mate"}),
    ("helloworld program", {" hello world  program"}),
]


@pytest.mark.parametrize(("text", "plain"), [pair for pairs in HIDDEN.values() for pair in pairs])
def test_a_hidden_text_is_also_read_in_plain_words(text: str, plain: str) -> None:
    views = {" ".join(view.text.split()) for view in READINGS.of(text)}
    assert any(plain in view for view in views), views


@pytest.mark.parametrize("text", ORDINARY)
def test_an_ordinary_text_has_no_reading_but_itself(text: str) -> None:
    assert [view.text for view in READINGS.of(text)][1:] == []


@pytest.mark.parametrize(("text", "others"), HARMLESS)
def test_what_is_read_into_an_ordinary_text_is_harmless(text: str, others: set[str]) -> None:
    assert {view.text for view in READINGS.of(text)[1:]} == others
