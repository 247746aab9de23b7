"""What requests and answers look like: checked on the way in, described by OpenAPI both ways."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bothways.serving._answers import Refused
from bothways.serving._limits import READ_WORD_BY_WORD

Name = Annotated[
    str | None, Field(description="A served model; may be left out where there is one.")
]
Portion = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


def whole(value: Any) -> Any:
    """A number such as 6.0 as the integer that it is in JSON Schema."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class Strict(BaseModel):
    """A body: every value of its type, and nothing beside it."""

    model_config = ConfigDict(extra="forbid", strict=True)


class PredictRequest(Strict):
    """One text, or several."""

    text: Annotated[
        str | list[str],
        Field(description="One text or a list of them.", examples=["A film to fall asleep in."]),
    ]
    model: Name = None
    reject_below: Annotated[
        Portion | None, Field(description="The label is null where its probability is lower.")
    ] = None


class Prediction(BaseModel):
    """What a model says of one text."""

    label: str | None = Field(None, description="Of a model that gives a text one label.")
    probability: float | None = None
    labels: list[str] | None = Field(None, description="Of a model that gives it several.")
    probabilities: dict[str, float]


class Predictions(BaseModel):
    """Answers in the order of the texts."""

    model: str
    predictions: list[Prediction]


Text = Annotated[str, Field(description="One text.", examples=["Not bad at all."])]
Padded = Annotated[
    Annotated[int, Field(ge=1, le=READ_WORD_BY_WORD), BeforeValidator(whole)] | None,
    Field(
        description="Read as many zeros after the text as make so many tokens, as by a network "
        "without a mask."
    ),
]


class ExplainRequest(Strict):
    """A text whose score is to be divided among its words."""

    text: Text
    model: Name = None
    label: Annotated[str | None, Field(description="Its score; that of the answer if none.")] = None
    padded: Padded = None


class Token(BaseModel):
    """A word as the model reads it: `text[start:stop]`, in code points."""

    token: str
    start: int
    stop: int


class Share(Token):
    """What a word contributed to the score, by way of each reader."""

    known: bool = Field(description="Whether it is a word of the vocabulary.")
    forward: float = Field(description="By way of the reader from the left.")
    backward: float = Field(description="By way of the reader from the right.")


class Explanation(BaseModel):
    """A score and its parts: `base` and all contributions sum to `logit`."""

    model: str
    label: str
    probability: float
    logit: float
    base: float
    method: str
    padding: int
    tokens: list[Share]


class ReadRequest(Strict):
    """A text to be read word by word, and then, with `padded`, zeros up to so many tokens."""

    text: Text
    model: Name = None
    padded: Padded = None


class Fading(BaseModel):
    """The probabilities of the whole text, filled up with zeros to each of the lengths."""

    lengths: list[int]
    probabilities: list[list[float]]


class Reading(BaseModel):
    """What the model says after each word: row `n` is of the first `n` tokens."""

    model: str
    labels: list[str]
    tokens: list[Token]
    lengths: list[int]
    probabilities: list[list[float]]
    fading: Fading | None


class ModelCard(BaseModel):
    """What a model is: labels, how it reads, what it was trained on and how good it was."""

    name: str
    task: str
    labels: list[str]
    vocabulary: int
    longest_text: int | None = Field(description="In tokens; of longer ones the rest is cut off.")
    network: dict[str, Any]
    training: dict[str, Any]
    quality: dict[str, Any]
    thresholds: dict[str, float]
    format: int
    made_by: str
    card: str | None = Field(description="The README of the model's folder.")


class ModelList(BaseModel):
    """The served models."""

    models: list[ModelCard]


class Health(BaseModel):
    """Whether the service is there, or ready for more."""

    status: str
    models: list[str]


class Problem(BaseModel):
    """What was got and what was expected, in one sentence."""

    error: str


def parse(kind: type[Strict], body: bytes) -> Any:
    """The body as `kind`. Raises `Refused`: 400 for what is no JSON, 422 for other JSON."""
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        if first["type"] == "json_invalid":
            reason = first["msg"].removeprefix("Invalid JSON: ")
            raise Refused(400, f"not JSON: {reason}") from None
        raise Refused(422, sentence(first)) from None


def sentence(error: Any) -> str:
    """One of pydantic's errors as ours: where it is, and what was expected."""
    parts = [str(part)[:80] for part in error["loc"] if part != "query"]
    # Of the kinds that a text may be, pydantic names the first alone.
    if parts[:1] == ["text"] and len(parts) > 1:
        return "text: it should be a string or a list of strings"
    message = error["msg"].replace("Input should", "it should")
    return f"{'.'.join(parts) or 'the body'}: {message[:1].lower()}{message[1:]}"
