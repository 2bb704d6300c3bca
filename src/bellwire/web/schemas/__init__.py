"""What travels over the API, as pydantic models; the schema says all that the checks demand, so far as a schema can."""
