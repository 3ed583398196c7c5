"""Packets: capture files to columns of headers, flows, and byte streams put together. Pure and bounded."""
