"""The machinery: fields, draws, canvas, labels, kinds of transform, containers."""
