"""The archive as a provider of OAI-PMH 2.0, for the catalogue of a library.

Source: https://www.openarchives.org/OAI/2.0/openarchivesprotocol.htm.
"""
