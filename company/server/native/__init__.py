"""The native API, `/api/v1`: what the company is and did by GET, commands by POST."""
