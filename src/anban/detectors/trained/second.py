"""The second stage: a small transformer that looks again where the first stage is unsure; plain arithmetic, no runtime.

One layer of attention over the pieces of the text and of the turns before (Vaswani et al. 2017, pre-norm), pooled
together with the concepts of the text, and one hidden layer: what no sum of single pieces can tell, such as the order
of words and what stands in one sentence with what.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from anban.detectors.signal import Role
from anban.detectors.trained.tokens import Vocabulary

LENGTH = 128  # pieces that are read at a time
_WINDOWS = 3  # of a longer text: its beginning, middle and end
_EPSILON = np.float32(1e-5)
_HALF = np.float32(0.5)
_ROOT = np.float32(0.7978845608028654)  # sqrt(2 / pi)
_CUBE = np.float32(0.044715)


class Second:
    """The network. `arrays` is what `training/second.py` wrote: int8 matrices, each with the worth of one step."""

    def __init__(self, names: Sequence[str], arrays: dict[str, Any], heads: int) -> None:
        self.names = tuple(names)
        self.vocabulary = Vocabulary(str(arrays["vocabulary"]).split("\n"))
        self._heads = heads
        self._w: dict[str, Any] = {}
        for name, value in arrays.items():
            if name.endswith("_step"):
                continue
            step = arrays.get(f"{name}_step")
            self._w[name] = value if step is None else value.astype(np.float32) * step

    def margins(self, text: str, role: Role, before: Sequence[tuple[Role, str]], concepts: Sequence[int]) -> Any:
        """One raw margin for each name; of a long text the highest over its windows."""
        head, body = self.vocabulary.turn(text, role, before)
        room = max(LENGTH - len(head), LENGTH // 4)
        head = head[-(LENGTH - room) :] if len(head) + room > LENGTH else head
        known = self._known(concepts)
        if len(body) <= room:
            return self._of([*head, *body], known)
        starts = np.linspace(0, len(body) - room, _WINDOWS).astype(int)
        return np.max([self._of([*head, *body[at : at + room]], known) for at in starts], axis=0)

    def _of(self, ids: list[int], known: Any) -> Any:
        w = self._w
        x = w["tokens"][ids] + w["places"][: len(ids)]
        x = x + self._attention(_normal(x, w["norm1_weight"], w["norm1_bias"]))
        inner = _gelu(_normal(x, w["norm2_weight"], w["norm2_bias"]) @ w["up"] + w["up_bias"])
        x = x + inner @ w["down"] + w["down_bias"]
        x = _normal(x, w["norm3_weight"], w["norm3_bias"])
        pooled = np.concatenate((x[0], x.mean(axis=0), x.max(axis=0), known))
        return _gelu(pooled @ w["hidden"] + w["hidden_bias"]) @ w["out"] + w["out_bias"]

    def _attention(self, x: Any) -> Any:
        w = self._w
        length, width = x.shape
        split = (x @ w["qkv"] + w["qkv_bias"]).reshape(length, 3, self._heads, width // self._heads)
        q, k, v = (np.ascontiguousarray(split[:, n].transpose(1, 0, 2)) for n in range(3))
        score = q @ k.transpose(0, 2, 1) * np.float32((width // self._heads) ** -0.5)
        score = np.exp(score - score.max(axis=2, keepdims=True))
        score /= score.sum(axis=2, keepdims=True)
        return (score @ v).transpose(1, 0, 2).reshape(length, width) @ w["mix"] + w["mix_bias"]

    def _known(self, concepts: Sequence[int]) -> Any:
        table = self._w["concepts"]
        if not len(concepts):
            return np.zeros(table.shape[1], np.float32)
        return table[list(concepts)].sum(axis=0) * np.float32(len(concepts) ** -0.5)


def _normal(x: Any, weight: Any, bias: Any) -> Any:
    centred = x - x.mean(axis=1, keepdims=True)
    return centred / np.sqrt((centred * centred).mean(axis=1, keepdims=True) + _EPSILON) * weight + bias


def _gelu(x: Any) -> Any:
    return _HALF * x * (1 + np.tanh(_ROOT * (x + _CUBE * x * x * x)))
