"""Speed, measured: ours and other networks in the same rounds on the same machine."""
