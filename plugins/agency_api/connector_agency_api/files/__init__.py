"""Agencies that are reached by files, in a shared folder or over SFTP, with the shapes of the open agency API."""
