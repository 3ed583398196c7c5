"""Alert in, incident out: rules over time, place and dependency."""
