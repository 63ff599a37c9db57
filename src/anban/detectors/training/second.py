"""Trains the second stage: the small transformer of `detectors/second.py`, with PyTorch on the CPU, the same each time.

All signals of both speakers share one network. A label that is unknown weighs nothing; pieces are hidden at random, so
that no single word may carry a verdict (word dropout).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from anban.detectors.readings.normalise import fold
from anban.detectors.trained.concepts import Concepts
from anban.detectors.trained.second import LENGTH
from anban.detectors.trained.tokens import HIDDEN, MARKS, PAD, SPACE, Vocabulary
from anban.detectors.training.pool import Row

WIDTH, HEADS, INNER, HIDDEN_LAYER = 96, 4, 384, 128
_EPOCHS = 10
_THREADS = 2
_BATCH = 256
_RATE = 2e-3
_WARM = 0.06
_DROP = 0.15
_HIDE = 0.2
_WORDS, _HAN, _LETTERS = 8_000, 5_000, 1_500  # pieces of each sort

Targets = Callable[[Row], dict[str, tuple[int, float]]]


def pieces_of(texts: Sequence[str]) -> list[str]:
    """The vocabulary: every usual character, the commonest words, runs of two to four Han, of two and three letters."""
    chars: Counter[str] = Counter()
    words: Counter[str] = Counter()
    runs: Counter[str] = Counter()
    letters: Counter[str] = Counter()
    for text in texts:
        chars.update(text)
        for word in "".join(
            char if char.isascii() and (char.isalnum() or char == "'") else " " for char in text
        ).split():
            words[SPACE + word] += 1
            letters.update(word[at : at + n] for n in (2, 3) for at in range(len(word) - n + 1))
        for run in "".join(char if "\u4e00" <= char <= "\u9fff" else " " for char in text).split():
            runs.update(run[at : at + n] for n in (2, 3, 4) for at in range(len(run) - n + 1))
    common = sorted(char for char, count in chars.items() if count >= 4 and char not in " \n")
    made = [*common, SPACE]
    for counter, most, least in ((words, _WORDS, 5), (runs, _HAN, 25), (letters, _LETTERS, 30)):
        ranked = sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))[:most]
        made.extend(piece for piece, count in ranked if count >= least)
    return [*MARKS, *dict.fromkeys(made)]


def train_second(rows: Sequence[Row], targets: Targets, say: Callable[[str], None]) -> tuple[list[str], dict[str, Any]]:
    """(names, arrays) as `Second` takes them. Needs PyTorch; the same rows give the same arrays on the same machine."""
    import torch  # pyright: ignore[reportMissingImports] - an extra, only where one trains

    torch.set_num_threads(_THREADS)  # sums are taken in another order by another number
    torch.manual_seed(7)
    torch.use_deterministic_algorithms(True)
    thesaurus = Concepts()
    folded = [fold(row.text) for row in rows]
    vocabulary = Vocabulary(pieces_of(folded))
    names = sorted({name for row in rows for name in targets(row)})
    ids = [_read(vocabulary, row, text) for row, text in zip(rows, folded, strict=True)]
    known = [sorted({concept for concept, _, _ in thesaurus.found(text)}) for text in folded]
    truth, weight = _labels(rows, targets, names)
    net = _network(torch, len(vocabulary.pieces), len(thesaurus.names), len(names))
    optimiser = torch.optim.AdamW(net.parameters(), lr=_RATE, weight_decay=0.05)
    order = np.random.default_rng(7)
    steps = _EPOCHS * (len(rows) // _BATCH + 1)
    step = 0
    for epoch in range(_EPOCHS):
        lost = 0.0
        net.train()
        for batch in _batches(order, ids):
            step += 1
            rate = min(step / (_WARM * steps), max(0.02, (1 - step / steps) / (1 - _WARM)))
            for group in optimiser.param_groups:
                group["lr"] = _RATE * rate
            tokens, concepts = _padded(ids, batch, order), _padded(known, batch, None, 1)
            margin = net(torch.from_numpy(tokens), torch.from_numpy(concepts))
            loss = torch.nn.functional.binary_cross_entropy_with_logits(
                margin, torch.from_numpy(truth[batch]), weight=torch.from_numpy(weight[batch]), reduction="sum"
            ) / len(batch)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            lost += loss.item()
        say(f"second stage, pass {epoch + 1} of {_EPOCHS}: {lost / (len(rows) // _BATCH + 1):.4f}")
    return names, {**_small(net), "vocabulary": np.array("\n".join(vocabulary.pieces))}


def _read(vocabulary: Vocabulary, row: Row, text: str) -> list[int]:
    head, body = vocabulary.turn(text, row.role, [(said.role, fold(said.text)) for said in row.recent])
    return [*head, *body]


def _labels(rows: Sequence[Row], targets: Targets, names: Sequence[str]) -> tuple[Any, Any]:
    """0 or 1 for each signal, and what it weighs: positives lifted as for the first stage, rarer signals less."""
    place = {name: n for n, name in enumerate(names)}
    truth = np.zeros((len(rows), len(names)), np.float32)
    weight = np.zeros_like(truth)
    for n, row in enumerate(rows):
        for name, (value, worth) in targets(row).items():
            truth[n, place[name]], weight[n, place[name]] = value, worth
    positive, negative = (weight * truth).sum(0), (weight * (1 - truth)).sum(0)
    share = np.sqrt((weight > 0).mean(0))
    weight *= np.where(truth > 0, np.clip(0.2 * negative / np.maximum(positive, 1e-9), 1, 20), 1)
    weight *= share * len(rows) / np.maximum(weight.sum(0), 1e-9)
    return truth, weight.astype(np.float32)


def _batches(order: Any, ids: Sequence[list[int]]) -> list[Any]:
    """All rows in a new order, those of like length together."""
    mixed = order.permutation(len(ids))
    length = np.array([min(len(row), LENGTH) for row in ids])
    made: list[Any] = []
    for at in range(0, len(mixed), _BATCH * 50):
        near = mixed[at : at + _BATCH * 50]
        near = near[np.argsort(length[near], kind="stable")]
        made.extend(near[n : n + _BATCH] for n in range(0, len(near), _BATCH))
    return [made[n] for n in order.permutation(len(made))]


def _padded(rows: Sequence[list[int]], batch: Any, order: Any, shift: int = 0) -> Any:
    """The rows of a batch side by side; with `order`, a long one is cut anywhere and some pieces are hidden."""
    cut: list[list[int]] = []
    for n in batch:
        row = rows[n]
        if order is not None and len(row) > LENGTH:
            at = int(order.integers(1, len(row) - LENGTH + 2))
            row = [row[0], *row[at : at + LENGTH - 1]]
        cut.append(row)
    made = np.full((len(cut), max(1, *map(len, cut))), PAD, np.int64)
    for n, row in enumerate(cut):
        made[n, : len(row)] = np.array(row, np.int64) + shift
    if order is not None:
        made[(order.random(made.shape) < _HIDE) & (made >= len(MARKS))] = HIDDEN
    return made


def _network(torch: Any, pieces: int, concepts: int, signals: int) -> Any:
    nn, functional = torch.nn, torch.nn.functional

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tokens, self.places = nn.Embedding(pieces, WIDTH, padding_idx=PAD), nn.Embedding(LENGTH, WIDTH)
            self.concepts = nn.Embedding(concepts + 1, WIDTH, padding_idx=0)
            for table, spread in ((self.tokens, 0.02), (self.places, 0.02), (self.concepts, 0.05)):
                nn.init.normal_(table.weight, std=spread)
            with torch.no_grad():
                self.tokens.weight[PAD] = 0
                self.concepts.weight[0] = 0
            self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(WIDTH) for _ in range(3))
            self.qkv, self.mix = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
            self.up, self.down = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)
            self.hidden, self.out = nn.Linear(4 * WIDTH, HIDDEN_LAYER), nn.Linear(HIDDEN_LAYER, signals)

        def forward(self, ids: Any, known: Any) -> Any:
            there = ids != PAD
            drop = functional.dropout
            x = drop(self.tokens(ids) + self.places(torch.arange(ids.shape[1])), _DROP, self.training)
            rows, length = ids.shape
            q, k, v = self.qkv(self.norm1(x)).view(rows, length, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
            score = (q @ k.transpose(-1, -2)) * (WIDTH // HEADS) ** -0.5
            score = score.masked_fill(~there[:, None, None, :], -1e9).softmax(-1)
            x = x + drop(self.mix((score @ v).transpose(1, 2).reshape(rows, length, WIDTH)), _DROP, self.training)
            inner = functional.gelu(self.up(self.norm2(x)), approximate="tanh")
            x = self.norm3(x + drop(self.down(inner), _DROP, self.training))
            shown = there[:, :, None].to(x.dtype)
            mean = (x * shown).sum(1) / shown.sum(1)
            most = x.masked_fill(~there[:, :, None], -1e4).max(1).values
            told = drop(self.concepts(known), 0.2, self.training).sum(1)
            told = told / (known > 0).sum(1, keepdim=True).clamp(min=1).sqrt()
            pooled = drop(torch.cat((x[:, 0], mean, most, told), -1), 0.2, self.training)
            return self.out(drop(functional.gelu(self.hidden(pooled), approximate="tanh"), 0.2, self.training))

    return Network()


def _small(net: Any) -> dict[str, Any]:
    """The weights as `Second` reads them: matrices transposed to stand right of the data, tables as int8."""
    arrays: dict[str, Any] = {}
    for name, value in net.state_dict().items():
        array = value.detach().numpy().astype(np.float32)
        layer, _, part = name.partition(".")
        if part == "bias" or layer.startswith("norm"):
            arrays[f"{layer}_{part}"] = array
            continue
        if layer not in ("tokens", "places", "concepts"):
            array = np.ascontiguousarray(array.T)
        if layer == "concepts":
            array = array[1:]
        step = np.maximum(np.abs(array).max(axis=0, keepdims=True), 1e-9) / 127
        arrays[layer], arrays[f"{layer}_step"] = np.round(array / step).astype(np.int8), step.astype(np.float32)
    return arrays
