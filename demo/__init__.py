"""The demo behind `make demo`: real photos, overlays, and two small models fed by probaug."""
