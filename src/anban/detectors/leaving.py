"""Does this message ask to end the conversation? Only plain commands and goodbyes count; anything doubtful does not."""

from collections.abc import Sequence
from typing import Literal

import re2

from anban.detectors.normalise import fold
from anban.detectors.scene import Scene
from anban.detectors.signal import Signal

Leaving = Literal["exit", "goodbye"]

_LONGEST = 60
_DANGER = re2.compile(
    r"死|活|世界|人世|人间|药|刀|跳|血|遗|杀|自残|自伤|割|永别|永远|下辈子|来世|来生|消失|解脱|结束自己|生命|这一切|最后一|绳|炭|撑不|绝望|天台|楼顶|没意思|对不起|照顾好|再也"
    r"|\b(?:die|dying|dead|kill\w*|live|living|life|alive|world|pills?|forever|suicid\w*|hurt|harm|cut|last time|"
    r"end (?:it|things|everything)|for good|jump|rope|gun|blade|never|sorry|everyone|anymore)\b"
)
_TRIM = re2.compile(r"[\s,.!?~。、…·:;'\"()（）\[\]\-_*/\\]+")
_OPENING = (
    r"(?:好(?:了|的|吧|啦)?|行(?:了|吧)?|嗯+|哦|噢|ok|那(?:就|我)?|算了|可以了|够了|谢谢(?:你|啦|了)?|今天(?:就)?(?:先)?(?:到这|这样)(?:里|儿)?(?:吧|了)?|先这样(?:吧)?|请|麻烦|帮我|"
    r"给我|现在|立刻|马上|我不想聊了|没事了|没别的了|不用了|就这样(?:吧)?)*"
)
_EXIT_CORE = (
    r"(?:我)?(?:想|要|先|想要|需要|现在)?(?:退出|退了|退出(?:登录|程序|应用|系统|聊天|对话|会话|服务|模式)|离开(?:聊天|对话|会话|聊天室)|结束(?:本次|这次|这个|当前|这段)?(?:的)?(?:对话|聊天|会话|服务|通话|咨询|陪伴|交谈|谈话)|"
    r"停止(?:本次|这次)?(?:服务|对话|聊天|会话|说话|回复|生成)?|终止(?:对话|聊天|会话|服务)|关(?:掉|闭|了)(?:吧|它|你|对话|聊天|会话|窗口|对话框|聊天窗口|服务|这个(?:对话|聊天|窗口|应用))?|"
    r"别(?:再)?(?:说了|聊了|回复?(?:我)?了?|讲了)|不(?:想|要|用|跟你|和你|再)*(?:聊|说|讲|谈)(?:下去)?了|不聊(?:了|啦|咯|喽)?|到此为止|就(?:聊|说)?到这(?:里|儿)?(?:吧|了)?|闭嘴|停(?:下|下来|止|一下|了|吧)?|断开(?:连接|对话)?|注销(?:登录)?|下线)"
)
_CLOSING = r"(?:了|吧|啦|咯|喽|哈|呀|啊|哦|谢谢(?:你)?|再见|拜+拜*|88+6?|晚安|就这样|好吗|可以吗|一下|我(?:先)?(?:走|下|撤)了|我不用了|我要(?:睡|走|忙|工作|上班|吃饭|上课)(?:觉)?了|别(?:再)?回(?:复)?(?:我)?了)*"
_BYE_CORE = (
    r"(?:我|那|俺|人家)?(?:也|就|得|要|该|先|去|真的|困了|累了|现在)*(?:(?:走|撤|下|溜|闪|睡|歇|忙|洗洗睡|睡觉|休息|吃饭|上班|上课|开会|干活|洗澡|出门|下线|去忙|学习|写作业|挂)(?:觉)?(?:去)?(?:了|啦|咯|喽|哈)+(?:去)?)|"
    r"晚安(?:好梦)?|安安|拜+拜*|再见|再会|回见|回聊|改天(?:再)?聊|下次(?:再)?(?:聊|见|说)|明天(?:再)?(?:见|聊|说)|明儿见|回头(?:见|聊|再聊)|有空(?:再)?聊|先(?:这样|不聊)(?:吧|了)?|886?|8{2,3}|走了|溜了|撤了|"
    r"(?:你也)?早点?(?:睡|休息)|好梦|做个好梦"
)
_ZH_EXIT = re2.compile(rf"^{_OPENING}{_EXIT_CORE}{_CLOSING}$")
_ZH_BYE = re2.compile(
    rf"^(?:{_OPENING}|不早了|时间不早了|很晚了|好晚了|太晚了|困了|累了|小[一-龥]|宝宝?|亲爱的)*(?:(?:{_BYE_CORE}){_CLOSING}){{1,4}}(?:小[一-龥]|宝宝?|亲爱的|你)?$"
)
_EN_OPEN = (
    r"(?:(?:ok(?:ay)?|k|alright|all right|right|well|so|please|pls|thanks?|thank you|ty|thx|cheers|enough|no|nah|that'?s (?:all|it|enough)(?: for (?:now|today|tonight))?|"
    r"i'?m done(?: here| chatting| talking)?|anyway|now|just|hey|can you|could you|i want to|i wanna|i'?d like to|let me|let'?s|i need to|i'?m going to|i have to|cancel|never ?mind) )*"
)
_EN_EXIT = re2.compile(
    rf"^{_EN_OPEN}(?:exit|quit|stop|end|log ?out|log ?off|sign ?out|unsubscribe|cancel|shut (?:it )?(?:up|down|off)|turn (?:it )?off|disconnect|"
    r"(?:end|stop|close|leave|exit|quit|terminate|finish|cancel) (?:the |this |our |my |talking |your )?(?:chat(?:ting)?|conversation|session|service|app|window|call|talk|talking|roleplay|rp|replying|responding|now|here|it now)|"
    r"stop (?:talking|messaging|replying|texting|responding|chatting)(?: to me| with me)?|i (?:don'?t|do not|dont) want to (?:talk|chat)(?: (?:to you|with you))?(?: any ?more| now)?|"
    r"we'?re done(?: here)?|i'?m leaving(?: now| the chat)?|(?:stop|end) (?:it )?(?:here|now)|leave me alone|enough (?:for|of) (?:today|now|tonight|this)|let'?s (?:stop|end)(?: (?:it|this))?(?: here)?|cancel (?:the )?(?:chat|session)|no more (?:talking|chat(?:ting)?))"
    r"(?: (?:please|pls|now|thanks?|thank you|ok|bye|goodbye|it|here|for (?:today|now|tonight)|right now))*$"
)
_EN_BYE = re2.compile(
    rf"^{_EN_OPEN}(?:(?:good ?)?bye+(?: ?bye+)*|goodnight|good ?night|night(?: night)?|nighty night|gn|gnight|g2g|gtg|ttyl|ttys|brb|cya|see (?:ya|you|u)(?: (?:later|soon|tomorrow|around|then))?|later(?:s)?|take care|talk (?:to you |soon|later|tomorrow)+|"
    r"(?:i(?:'?ve| have)? ?|i'?ve )?(?:gotta|got to|have to|need to|must|should|better)(?: get)? (?:go|run|sleep|head (?:out|off)|get going|leave|bounce|dash|be off|get to (?:bed|work|class|school))(?: now| to (?:bed|sleep|work|class|school|dinner))?|"
    r"(?:i'?m |im )?(?:going|off|heading) (?:to (?:bed|sleep|work|class|school)|off|out)(?: now)?|i'?m off(?: to (?:bed|work|sleep))?|that'?s all for (?:now|today|tonight)|have a (?:good|great|nice|lovely) (?:one|day|night|evening|weekend)|sweet dreams|sleep well|toodles|ciao|peace out|ta ?ta)"
    r"(?: (?:for now|now|everyone|all|then|bye+|goodbye|gn|good ?night|night|thanks?|thank you|ttyl|later|dear|love|babe|honey|friend|bud|mate|see (?:ya|you)(?: (?:later|soon|tomorrow))?|talk (?:soon|later|tomorrow)|take care|sleep well|sweet dreams|and thanks|till tomorrow|until tomorrow|you too|lol|haha|x+))*$"
)
_ZH_PARTS = re2.compile(r"[\s,.!~。、…;]+")
_EN_PARTS = re2.compile(r"[,.!;~\n…]+")
_ZH_REASON = re2.compile(
    r"^.{0,4}(?:老板|我妈|妈妈|我爸|上课|下课|开会|吃饭|手机|没电|困|累|睡|忙|地铁|到站|登机|娃|孩子|醒了|电话|客人|洗澡|作业|上班|下班|火车|车来|明天|早起|锅|饭好|水开|快递|不早|很晚|"
    r"迟到|面试|考试|老师|同事|朋友|喊我|叫我|来了|到了|有事|有点事|辛苦|今天|聊得|开心|谢|嗯|好的|行|再见|算了|先这样).{0,8}$"
)
_EN_REASON = re2.compile(
    r"^(?:\S+ ){0,5}(?:tired|sleepy|late|dinner|lunch|breakfast|work|class|bus|train|phones?|battery|mom|mum|dad|boss|meeting|bed|sleep|homework|school|early|"
    r"tomorrow|here|calling|door|shift|baby|thanks?|thank|fun|nice|great|ok|okay|alright|right|well|cheers|done)(?: \S+){0,4}$"
)
_NO_REASON = re2.compile(
    r"他|她|他们|说|问|怎么|如何|如果|打我|骂|吗|什么|\b(?:he|she|they|said|says|told|how|what|why|if|hits?|beats?|scared|you)\b"
)
_SLASH = re2.compile(r"^\s*[/!](?:exit|quit|stop|end|bye|leave|close|退出|结束|停止)\s*$")


def asks_to_leave(text: str) -> Leaving | None:
    """ "exit" for a command to end the talk, "goodbye" for a farewell, None for everything else.

    The whole message must be nothing but the command or farewell: "I want to leave this world", a quotation, a question
    about closing a program, or words of leaving beside any sign of danger are None (free exit: final text article 19).
    """
    if len(text) > 4 * _LONGEST:
        return None
    folded = fold(text).strip()
    if not folded or len(folded) > _LONGEST or _DANGER.search(folded) or "?" in folded:
        return None
    if _SLASH.search(folded):
        return "exit"
    plain = _without_pictures(folded).replace("'", "")
    words = _TRIM.sub(" ", plain).strip()
    close = words.replace(" ", "")
    chinese = any("\u4e00" <= char <= "\u9fff" for char in close) or close.isdigit()
    return _whole(close if chinese else words, chinese) or _with_reason(plain, chinese)


def _whole(words: str, chinese: bool) -> Leaving | None:
    """The answer when all the words are the command or the farewell."""
    if (_ZH_EXIT if chinese else _EN_EXIT).search(words):
        return "exit"
    return "goodbye" if (_ZH_BYE if chinese else _EN_BYE).search(words) else None


def _with_reason(text: str, chinese: bool) -> Leaving | None:
    """The answer when one part is the command or farewell and every other part an everyday reason for it."""
    parts = [part for part in (_ZH_PARTS if chinese else _EN_PARTS).split(text) if part.strip()]
    if not 2 <= len(parts) <= 4:
        return None
    asked: list[Leaving] = []
    for part in parts:
        words = _TRIM.sub(" ", part).strip()
        if answer := _whole(words.replace(" ", "") if chinese else words, chinese):
            asked.append(answer)
        elif not (_ZH_REASON if chinese else _EN_REASON).search(words) or _NO_REASON.search(words):
            return None
    if not asked:
        return None
    return "exit" if "exit" in asked else "goodbye"


def _without_pictures(text: str) -> str:
    return "".join(char for char in text if char < "\u2190" or "\u3000" <= char < "\ud800")


class LeavingSeen:
    """Says when the user wants to end the conversation."""

    name = "leaving"
    version = "1"

    def look(self, scene: Scene) -> Sequence[Signal]:
        """A command is certain; a goodbye nearly so."""
        if scene.window.role != "user":
            return ()
        asked = asks_to_leave(scene.window.text)
        if asked is None:
            return ()
        score = 0.99 if asked == "exit" else 0.9
        return (Signal("leaving", score, f"leaving:{asked}", self.name, self.version, (0, len(scene.window.text))),)
