"""MQTT: devices that send to us directly, and brokers that the hospital already has."""
