"""What no single message says loudly enough, several of them say together; ordinary words stay ordinary."""

from anban.detectors.readings.views import Readings
from anban.detectors.scene import see
from anban.detectors.signal import Reading, Said, Signal, Window
from anban.detectors.trained.drift import KIND, DriftSeen
from anban.detectors.trained.linear import Trained
from anban.detectors.weighing import weigh
from anban.risk.ladder import credible

READINGS = Readings()
FAINT = {"最近什么都提不起劲": 0.35, "反正也没什么可期待的": 0.4, "今天特别安静": 0.4, "面条煮多了": 0.01, "算了": 0.4}


class Known(Trained):
    """A model whose hints are written down here."""

    def __init__(self) -> None:
        self.version = "known"

    def hint(self, text: str) -> float:
        return FAINT[text]


def seen(text: str, *before: str, ago: float = 60.0) -> list[Signal]:
    said: list[Said] = []
    for line in before:
        said += [Said("user", line, ago), Said("assistant", "嗯，我在听。", ago)]
    return list(DriftSeen(Known()).look(see(Window(text, "user", tuple(said)), READINGS)))


def test_three_faint_hints_make_one_suspicion_that_is_never_sure() -> None:
    (signal,) = seen("今天特别安静", "最近什么都提不起劲", "反正也没什么可期待的")
    assert signal.kind == KIND and signal.view == "turns" and 0.6 <= signal.score <= 0.75


def test_two_hints_are_not_enough() -> None:
    assert seen("今天特别安静", "最近什么都提不起劲", "面条煮多了") == []


def test_ordinary_words_stay_ordinary_however_dark_the_talk_was() -> None:
    assert seen("面条煮多了", "最近什么都提不起劲", "反正也没什么可期待的", "今天特别安静") == []


def test_the_same_words_again_are_no_second_piece_of_evidence() -> None:
    assert seen("今天特别安静", *(["今天特别安静"] * 6)) == []


def test_what_was_said_on_another_evening_is_not_added() -> None:
    assert seen("今天特别安静", "最近什么都提不起劲", "反正也没什么可期待的", ago=90_000.0) == []


def test_more_hints_never_make_it_less() -> None:
    three = seen("今天特别安静", "最近什么都提不起劲", "反正也没什么可期待的")[0].score
    four = seen("今天特别安静", "最近什么都提不起劲", "反正也没什么可期待的", "算了")[0].score
    assert four >= three


def test_drift_counts_as_a_guess_and_gives_way_to_plain_words() -> None:
    (signal,) = seen("今天特别安静", "最近什么都提不起劲", "反正也没什么可期待的")
    other = Signal("worry-for-other", 0.9, "rule:x", "words", "1")
    (bounded, _) = weigh([signal, other])
    assert bounded.score < 0.5
    assert credible(Reading((signal,)), {KIND: 0.9}).signals == ()


def test_only_what_the_person_says_adds_up() -> None:
    window = Window("今天特别安静", "assistant", (Said("user", "算了", 1.0),) * 4)
    assert list(DriftSeen(Known()).look(see(window, READINGS))) == []


def test_what_the_model_said_of_the_present_message_is_not_asked_again() -> None:
    model = Trained()
    for text in ("今天特别安静", "i can't do this anymore", "反正也没什么可期待的。" * 90):
        scene = see(Window(text, "user", (Said("user", "算了", 60.0), Said("assistant", "嗯", 60.0))), READINGS)
        model.look(scene)
        assert scene.noted["self-harm"] == model.hint_now(scene) == model.hint(scene.text)
