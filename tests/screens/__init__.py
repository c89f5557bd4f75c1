"""Pictures of the web terminal and the dashboard for the documents: `make screens`."""
