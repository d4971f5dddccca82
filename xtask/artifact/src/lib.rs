//! Where the sealed component lies, and whether it is up to date.
