"""`anban drill`: scripted evenings on the running service, one file a drill."""
