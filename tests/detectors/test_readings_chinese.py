"""Chinese hidden by sound, shape, initials, digits or order is among the views in plain characters."""

import pytest

from anban.detectors.readings.views import Readings

READINGS = Readings()

HIDDEN = {
    "lines": [
        ("我打算\n离开\n这个世界", "我打算离开这个世界"),
        ("我\n不\n想\n活\n了", "我不想活了"),
        ("好累\n真的\n不想活了", "好累真的不想活了"),
    ],
    "pinyin": [
        ("wǒ bù xiǎng huó le", "我不想活了"),
        ("wo3 xiang3 si3", "我想死"),
        ("wo3xiang3si3", "我想死"),
        ("Wo Hao Lei, Bu Xiang Huo Le", "不想活了"),
        ("wobuxianghuole", "我不想活了"),
        ("今天真的很想zisha", "今天真的很想自杀"),
        ("我想si了", "我想死了"),
        ("不xiang活了", "不想活了"),
        ("wo yao likai zhege shijie", "我要离开这个世界"),
        ("huozhe mei yisi", "活着没意思"),
        ("nǚ'ér bu yao wo le", "女儿不要我了"),
        ("wo jin tian hen kai xin", "我今天很开心"),
    ],
    "bopomofo": [
        ("ㄨㄛˇ ㄒㄧㄤˇ ㄙˇ", "我想死"),
        ("ㄨㄛˇㄅㄨˋㄒㄧㄤˇㄏㄨㄛˊㄌㄜ˙", "我不想活了"),
        ("想ㄙ", "想死"),
        ("我ㄉ心好ㄊㄨㄥˋ", "我的心好痛"),
    ],
    "initials": [
        ("bxhl", "不想活了"),
        ("我真的好xs", "我真的好想死"),
        ("hxs", "好想死"),
        ("wxs了", "我想死了"),
        ("一直有zs的念头", "自杀的念头"),
        ("又zc了", "自残了"),
    ],
    "digits": [
        ("想4了算了", "想死了算了"),
        ("4了算了", "死了算了"),
        ("484你也不要我了", "是不是你也不要我了"),
        ("7456", "气死我了"),
        ("886世界", "拜拜了世界"),
        ("想s了", "想死了"),
    ],
    "shapes": [
        ("想结束自已", "想结束自己"),
        ("写好遣书", "写好遗书"),
        ("莪罘想萿了", "我不想活了"),
        ("好想夗", "好想死"),
        ("这个卋堺", "这个世界"),
    ],
    "reversed": [("他说“了活想不我”然后走了", '他说"我不想活了"然后走了'), ("了活想不我", "我不想活了")],
    "pictures": [("我想👋🌍", "我想再见世界"), ("❌想活了", "不想活了"), ("👋🌏", "goodbye world")],
    "two ways at once": [("我\nbu\nxiang\n活了", "我不想活了"), ("我 x i a n g 死", "我想死"), ("我想d1e", "我想死")],
}

ORDINARY = [
    "今天下班路上看到一只小猫",
    "我想4点去接孩子",
    "我想 4 点去",
    "坐484路公交回家",
    "买了88块的菜",
    "我要4个苹果",
    "今天买了3斤苹果，花了20.5元",
    "xs我了这个视频",
    "这个app好卡",
    "我在看iPhone15的价格",
    "会议改到2024-05-01 12:30",
    "1. 买菜\n2. 做饭\n3. 洗碗",
    "知否知否，应是绿肥红瘦",
    "人人为我，我为人人",
]


def bare(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(("text", "plain"), [pair for pairs in HIDDEN.values() for pair in pairs])
def test_a_hidden_text_is_also_read_in_plain_characters(text: str, plain: str) -> None:
    views = [bare(view.text) for view in READINGS.of(text)]
    assert any(plain in view for view in views), views


@pytest.mark.parametrize("text", ORDINARY)
def test_an_ordinary_text_has_no_reading_but_itself(text: str) -> None:
    assert [view.text for view in READINGS.of(text)][1:] == []
