"""The API of a server: requests, answers, and what they mean."""
