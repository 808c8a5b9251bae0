"""The overlay application: `core` without Qt, `ui` with it."""
