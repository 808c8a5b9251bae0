"""Whether a picture is like those that a model was trained on."""
