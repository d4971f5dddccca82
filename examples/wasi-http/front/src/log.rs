//! Lines for the operator, on standard error.

use std::io::Write as _;

/// In one piece: a host that ends an instance with its answer may lose what comes after.
pub(crate) fn log(line: &str) {
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}
