"""An event's subject may say who the customer is; an HTTP body must."""

import pytest
from pydantic import BaseModel, ValidationError

from services.care.bodies import DeliveryBody, DeliveryEvent, TouchpointBody, TouchpointEvent
from services.care.doors import DELIVERED, TOUCHED

DELIVERY, TOUCHPOINT = b'{"programme":"welcome"}', b'{"staff":"lan","channel":"phone"}'


@pytest.mark.parametrize(("model", "raw"), [(DeliveryEvent, DELIVERY), (TouchpointEvent, TOUCHPOINT)])
def test_an_event_need_not_name_the_customer_again(model: type[BaseModel], raw: bytes) -> None:
    assert model.model_validate_json(raw).model_dump()["customer"] is None
    assert {DELIVERED.body, TOUCHED.body} == {DeliveryEvent, TouchpointEvent}


@pytest.mark.parametrize(("model", "raw"), [(DeliveryBody, DELIVERY), (TouchpointBody, TOUCHPOINT)])
def test_a_call_must(model: type[BaseModel], raw: bytes) -> None:
    with pytest.raises(ValidationError):
        model.model_validate_json(raw)
