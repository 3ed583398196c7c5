"""Access-control and alarm systems that can post JSON or write tables: what their fields mean is data (a mapping)."""
