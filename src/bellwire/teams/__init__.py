"""Microsoft's wire: what comes in is verified and read here, what goes out is written here."""
