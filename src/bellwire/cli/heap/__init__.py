"""Files that other bots left behind, cut into records: streamed, so that no file is too large to read."""
