"""The API under ``/v1``, one module for each kind of thing: schema in, use case, schema out; no decisions."""
