"""What the OpenAPI document promises, tried with requests made from it, right and wrong ones."""

import pytest
from hypothesis import HealthCheck, given, settings

schemathesis = pytest.importorskip("schemathesis", reason="makes requests from the document")


@schemathesis.serializer("application/x-ndjson")
def lines(context, value):
    """The body as it is: the document says no more of it than that it is text."""
    return str(value).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.value)
def test_every_answer_is_as_the_document_says(healthy, mode):
    document = schemathesis.openapi.from_url(f"{healthy.url}/openapi.json")
    operations = [found.ok() for found in document.get_all_operations()]
    if mode is schemathesis.GenerationMode.NEGATIVE:  # only what is described can be got wrong
        operations = [
            o for o in operations if "application/json" in o.get_request_payload_content_types()
        ]
    assert {operation.path for operation in operations} >= {"/predict", "/explain"}
    for operation in operations:

        @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=mode))
        def answered(case):
            case.call_and_validate()

        answered()
