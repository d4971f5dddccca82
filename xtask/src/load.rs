//! `cargo xtask load`: what a login takes on a host that has many under way, in memory and over Redis, and whether that stays the
//! same.
//!
//! The package `bench/load` measures; here is what it needs, and what is made of its figures.

mod case;
mod documents;
mod ratio;
mod table;

use std::{fs, process::Command};

use anyhow::{Result, ensure};

use crate::{
    component,
    measuring::{self, Arguments},
    process::run,
    servers,
};
use table::Table;

pub(crate) fn load(arguments: &[String]) -> Result<()> {
    let Arguments { is_quick, writes_documents } = Arguments::read(arguments)?;
    ensure!(!(is_quick && writes_documents), "`--quick` has fewer cases than the documents show: `--write-docs` goes without it");
    servers::make_sure_of(&["redis-server"], "logins over Redis")?;
    component::build(&[])?;
    let workspace = component_artifact::workspace();
    let folder = workspace.join("target/load");
    fs::create_dir_all(&folder)?;
    let measured = folder.join("measured.json");
    let mut measure = Command::new(measuring::program("cognito-oidc-load")?);
    measure.arg(component_artifact::component()).arg(&measured);
    run(measure.args(is_quick.then_some("--quick")))?;

    let table = Table::read(&serde_json::from_str(&fs::read_to_string(&measured)?)?, is_quick)?;
    let (text, plot) = (table.text()?, table.plot()?);
    print!("{text}");
    fs::write(folder.join("table.txt"), &text)?;
    fs::write(folder.join("table.json"), format!("{:#}\n", table.json()))?;
    fs::write(folder.join("load.svg"), &plot)?;
    if writes_documents { documents::write(&workspace, &table, &plot) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_does_not_know_it_does_not_run() {
        let error = load(&["--logins".to_owned()]).unwrap_err();
        assert!(error.to_string().contains("--logins"), "{error}");
    }

    #[test]
    fn a_quick_run_is_not_published() {
        let error = load(&["--quick", "--write-docs"].map(str::to_owned)).unwrap_err();
        assert!(error.to_string().contains("fewer cases"), "{error}");
    }
}
