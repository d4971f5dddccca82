//! `compose FILE.wac OUTPUT NAME=COMPONENT …`: one component of several, as the file says. The names are those that the file
//! speaks of as `example:NAME`. Prints what the result imports, and writes nothing where that isn't all standard.

use std::{env, fs, path::Path, process::ExitCode};

use anyhow::{Context, Result, anyhow, bail, ensure};
use indexmap::IndexMap;
use wac_graph::{EncodeOptions, types::BorrowedPackageKey};
use wac_parser::Document;
use wit_component::{ComponentEncoder, DecodedWasm};

/// Packages whose interfaces any host of WASI 0.2 may offer, and the one that is still a proposal.
const STANDARD: [&str; 7] =
    ["wasi:cli", "wasi:clocks", "wasi:filesystem", "wasi:http", "wasi:io", "wasi:keyvalue", "wasi:random"];

const EXPORT: &str = "wasi:http/incoming-handler@0.2.";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("compose: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let [file, output, components @ ..] = arguments else { bail!("usage: compose FILE.wac OUTPUT NAME=COMPONENT …") };
    let text = fs::read_to_string(file).with_context(|| file.clone())?;
    let mut packages = IndexMap::new();
    for component in components {
        let (name, path) = component.split_once('=').with_context(|| format!("`{component}` isn't NAME=COMPONENT"))?;
        packages.insert(format!("example:{name}"), component_of(Path::new(path))?);
    }
    let composed = compose(&text, &packages).with_context(|| file.clone())?;
    for (name, bytes) in &packages {
        ensure!(composed.windows(bytes.len()).any(|window| window == bytes), "{name} isn't in it as it was");
    }
    let (imports, exports) = interfaces(&composed)?;
    println!("{output}: {} bytes, imports {}", composed.len(), imports.join(", "));
    are_standard(&imports)?;
    ensure!(exports.len() == 1 && exports.iter().all(|export| export.starts_with(EXPORT)), "it exports {}", exports.join(", "));
    fs::write(output, composed).with_context(|| output.clone())
}

/// The component in a file, made of the core module that is there where it isn't one yet.
fn component_of(path: &Path) -> Result<Vec<u8>> {
    let bytes = fs::read(path).with_context(|| path.display().to_string())?;
    if bytes.get(4..8) == Some(&[1, 0, 0, 0]) {
        return ComponentEncoder::default().validate(true).module(&bytes)?.encode().with_context(|| path.display().to_string());
    }
    Ok(bytes)
}

fn compose(text: &str, packages: &IndexMap<String, Vec<u8>>) -> Result<Vec<u8>> {
    let said = |error: &dyn miette::Diagnostic| anyhow!("{error}");
    let document = Document::parse(text).map_err(|error| said(&error))?;
    let keyed = packages.iter().map(|(name, bytes)| (BorrowedPackageKey::from_name_and_version(name, None), bytes.clone()));
    let resolution = document.resolve(keyed.collect()).map_err(|error| said(&error))?;
    resolution.encode(EncodeOptions::default()).map_err(|error| said(&error))
}

/// What a component imports and what it exports.
fn interfaces(component: &[u8]) -> Result<(Vec<String>, Vec<String>)> {
    let DecodedWasm::Component(resolve, world) = wit_component::decode(component)? else { bail!("this is no component") };
    let world = resolve.worlds.get(world).context("this component has no world")?;
    let names = |items: &IndexMap<_, _>| items.keys().map(|key| resolve.name_world_key(key)).collect();
    Ok((names(&world.imports), names(&world.exports)))
}

fn are_standard(imports: &[String]) -> Result<()> {
    let is_standard = |import: &str| import.split_once('/').is_some_and(|(package, _)| STANDARD.contains(&package));
    let other: Vec<&str> = imports.iter().map(String::as_str).filter(|import| !is_standard(import)).collect();
    ensure!(other.is_empty(), "it imports what no standard has: {}", other.join(", "));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_standard_has_is_refused_by_its_name() {
        let imports = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        are_standard(&imports(&["wasi:http/types@0.2.12", "wasi:keyvalue/store@0.2.0-draft2"])).unwrap();
        for name in ["journey:step/http@0.1.0", "example:wasi-http/call", "wasi:httpx/types", "wasi:http", "http"] {
            let error = are_standard(&imports(&["wasi:io/poll@0.2.12", name])).unwrap_err();
            assert_eq!(error.to_string(), format!("it imports what no standard has: {name}"));
        }
    }
}
