"""What a guard is shown of a conversation: a few turns in strict alternation, within bounds."""

from typing import Any

from anban.detectors.signal import Said, Window

MOST_CHARS = 6_000
"""Characters of the judged message that a guard sees: of a longer one its beginning and its end."""

_TURNS = 6
_TURN_CHARS = 1_000


def asked_of(window: Window, model: str, most_tokens: int, alternatives: int) -> dict[str, Any]:
    """The body of a chat completion about a window: the likeliest short answer, with so many alternatives a token."""
    return {
        "model": model,
        "messages": dialogue(window),
        "max_tokens": most_tokens,
        "temperature": 0,
        "logprobs": True,
        "top_logprobs": alternatives,
        "stream": False,
    }


def dialogue(window: Window) -> list[dict[str, str]]:
    """The last turns and the judged message as chat messages, user first, speakers alternating as templates demand."""
    turns = [Said(said.role, fitted(said.text, _TURN_CHARS)) for said in window.recent[-_TURNS:] if said.text.strip()]
    while turns and turns[0].role == "assistant":
        turns.pop(0)
    if not turns and window.role == "assistant":
        turns.append(Said("user", ""))
    messages: list[dict[str, str]] = []
    for said in (*turns, Said(window.role, fitted(window.text, MOST_CHARS))):
        if messages and messages[-1]["role"] == said.role:
            messages[-1]["content"] += f"\n{said.text}"
        else:
            messages.append({"role": said.role, "content": said.text})
    return messages


def fitted(text: str, most: int) -> str:
    """At most about `most` characters, without half characters that JSON cannot carry."""
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= most else f"{text[: most // 2]}\n{text[-(most // 2) :]}"
