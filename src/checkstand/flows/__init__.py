"""Use cases, one verb a module: load, decide with the domain, save, record facts."""
