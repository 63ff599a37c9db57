"""Hearing: any server with OpenAI's transcription endpoint writes down what a recording says."""

from anban.detectors.senses.audio import PATH, Recording, fields, transcript
from anban.rails.consult import Consulted, Form


class Hearing:
    """A transcription server and the model it is asked for."""

    def __init__(self, server: Consulted, model: str) -> None:
        self._server = server
        self._model = model

    async def listen(self, recording: Recording, within: float) -> str:
        """The words of a recording within so many seconds, empty when it has none. Raises `NoAnswer` or `Unread`."""
        form = Form(recording.name, recording.kind, recording.content, fields(self._model))
        return transcript(await self._server.ask(PATH, form, within))

    async def close(self) -> None:
        await self._server.close()
