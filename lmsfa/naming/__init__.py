"""Names at the picture: who carries one, where it stands, how it looks. Without Qt."""
