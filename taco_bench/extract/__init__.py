"""From video files to a feature store: decoding, sampling, worker processes, resumption. Networks are plugins (kind ``extractor``)."""
