"""Messages of field devices over MQTT 3.1.1 with QoS 1: played when the door has acknowledged (PUBACK)."""

from __future__ import annotations

from typing import Any

import msgspec
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from safecare.model.text import Ref, Text, say
from safecare.scenarios.inputs.api import Input, InputError, input_kind
from safecare.scenarios.world import World

TIMEOUT = 30.0
"""Seconds that the MQTT door has to connect and to acknowledge (chosen)."""


@input_kind("mqtt")
class Mqtt(Input, msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Each of `says` (JSON objects) from the device `asset`, or under `topic` where no thing is meant."""

    says: tuple[dict[str, Any], ...]
    asset: str = ""
    topic: str = ""

    def text(self) -> Text:
        """Return what it is, for people."""
        keys = ", ".join(dict.fromkeys(key for one in self.says for key in one))
        if self.asset:
            return say("MQTT messages of {device}: {what}", device=Ref(self.asset), what=keys)
        return say("MQTT messages: {what}", what=keys)

    def play(self, world: World) -> None:
        """Publish in order."""
        client = _connected(world)
        try:
            for one in self.says:
                told = {**one, "at": world.clock.now().isoformat()}
                message = client.publish(self._topic(world), msgspec.json.encode(told), qos=1)
                message.wait_for_publish(TIMEOUT)
                if not message.is_published():
                    raise InputError("the MQTT door did not acknowledge")
        except (ValueError, RuntimeError) as error:
            raise InputError(f"the MQTT door did not take a message: {error}") from error
        finally:
            client.disconnect()
            client.loop_stop()

    def _topic(self, world: World) -> str:
        if self.topic:
            return self.topic
        asset = world.hospital.asset(self.asset)
        topic = asset.addresses.get("mqtt") if asset else None
        if topic is None:
            raise InputError(f"no asset with an MQTT topic is called {self.asset}")
        return topic


def _connected(world: World) -> paho.Client:
    settings = world.door("mqtt")
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"scenario-{world.seed()}")
    client.connect_timeout = TIMEOUT
    client.connect(str(settings["host"]), int(settings["port"]), keepalive=60)
    client.loop_start()
    return client
