//! The suite's own names: a row by a name that the suite doesn't have compares with nothing, and a module without a row was
//! forgotten.

use std::collections::BTreeSet;

use super::not_applicable::{MODULES, Module};
use super::plans;

/// The suite's relying-party modules.
fn suite() -> BTreeSet<&'static str> {
    include_str!("modules.txt").lines().filter(|line| !line.starts_with('#')).collect()
}

impl Module {
    /// Whether it stands for that module of the suite.
    fn means(&self, name: &str) -> bool {
        match self.module.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => name == self.module,
        }
    }

    /// A plan whose modules have rows of their own, with another flow.
    fn is_a_plan(&self) -> bool {
        self.module.contains(' ')
    }
}

#[test]
fn each_row_has_the_name_of_a_module_and_those_beyond_the_suite_have_none() {
    let suite = suite();
    for (plan, rows) in plans() {
        for row in rows {
            assert_eq!(suite.contains(row.module), plan != "beyond", "{plan}: {}", row.module);
        }
    }
    for module in MODULES.iter().filter(|module| !module.is_a_plan()) {
        assert!(suite.iter().any(|name| module.means(name)), "{}: the suite has no such module", module.module);
    }
}

#[test]
fn each_module_of_the_suite_is_played_or_left_out_for_a_reason() {
    let played: BTreeSet<_> = plans().into_iter().flat_map(|(_, rows)| rows).map(|row| row.module).collect();
    for name in suite() {
        let left_out = MODULES.iter().filter(|module| module.means(name)).count();
        let expected = usize::from(!played.contains(name));
        assert_eq!(left_out, expected, "{name}: played or left out, and left out once");
    }
}
