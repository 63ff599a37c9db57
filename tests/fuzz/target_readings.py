"""The normaliser and the views of a text."""

from anban.detectors.readings.normalise import fold
from anban.detectors.readings.views import Readings

_READINGS = Readings()
_MOST_VIEWS = 12
SEEDS = [
    "我不想活了，今晚就走".encode(),
    "ｉ　ｗａｎｔ　ｔｏ　ｌｅａｖｅ".encode(),
    b"wo bu xiang huo xia qu le",
    "好想 歹 匕 一了百了 \u200b\u202e🏙️⬇️".encode(),
    b"1 h8 l1f3 & w1ll 3nd 1t | e n d  m y  l i f e",
    "efil ym dne ot tnaw i | 了活想不我".encode(),
    "wǒ bu4 xiang3huole ㄨㄛˇ ㄒㄧㄤˇ ㄙ 想4了 bxhl 484你 遣书".encode(),
    b"(k)(i)(l)(l) su.ic.ide d_o_n_e <b>x</b>y #TiredOfLiving idontwanttobehere anymore live to want i",
    "ǝᴉp oʇ ʇuɐʍ ı 他说“了活想不我”\n我\n不想\n🐝 🆘".encode(),
    "і саnnоt gо оn 不想live了 \ud83d".encode("utf-8", "surrogatepass"),
]


def check(data: bytes) -> None:
    """Folding twice changes nothing; the views are few, whole text, and no two are the same but by name."""
    text = data.decode("utf-8", "surrogatepass") if _whole(data) else data.decode("utf-8", "replace")
    once = fold(text)
    assert fold(once) == once
    once.encode("utf-8")
    views = _READINGS.of(text)
    assert views[0].text == once
    assert len(views) <= _MOST_VIEWS
    for view in views:
        view.text.encode("utf-8")


def _whole(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True
