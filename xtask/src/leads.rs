//! What the compiler doesn't lead to: places outside the workspace, or in other languages, that have to follow a change in it.
//! Each test names the file that was forgotten.

use std::{collections::BTreeSet, fs, path::Path};

use wit_parser::{Resolve, WorldItem};

fn read(path: &str) -> String {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::read_to_string(workspace.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Each interface that the world imports (`journey:step/attempts`), with its functions.
fn imports() -> Vec<(String, Vec<String>)> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit")).unwrap();
    let world = resolve.select_world(&[package], None).unwrap();
    let items = resolve.worlds[world].imports.iter();
    let interfaces = items.filter_map(|(key, item)| match item {
        WorldItem::Interface { id, .. } => Some((resolve.name_world_key(key), &resolve.interfaces[*id].functions)),
        WorldItem::Function(_) | WorldItem::Type { .. } => None,
    });
    let name = |name: String| name.split('@').next().unwrap_or_default().to_owned();
    let imports = interfaces.map(|(interface, functions)| (name(interface), functions.keys().cloned().collect()));
    imports.filter(|(_, functions): &(String, Vec<String>)| !functions.is_empty()).collect()
}

/// The functions of a Rust trait, or of its implementation.
fn functions(path: &str, block: &str) -> BTreeSet<String> {
    let text = read(path);
    let block = text.split_once(block).unwrap_or_else(|| panic!("{path} has no `{block}`")).1;
    let body = block.split_once("\n}").unwrap_or_else(|| panic!("{path}: `{block}` doesn't end")).0;
    let names = body.split("\n    fn ").skip(1).map(|rest| rest.split(['(', '<']).next().unwrap_or_default().to_owned());
    names.collect()
}

#[test]
fn each_host_in_another_language_has_every_import() {
    for path in ["hosts/nodejs/host.mjs", "hosts/python/host.py"] {
        let text = read(path);
        for (interface, functions) in imports() {
            // What the interface is given, up to the next one.
            let given = text.split_once(&format!("\"{interface}")).unwrap_or_else(|| panic!("{path} lacks {interface}")).1;
            let given = given.split("\"journey:").next().and_then(|given| given.split("\"wasi:").next()).unwrap_or_default();
            for function in functions {
                let camel: String = function
                    .split('-')
                    .enumerate()
                    .map(|(at, word)| match (at, word.split_at_checked(1)) {
                        (1.., Some((first, rest))) => first.to_uppercase() + rest,
                        _ => word.to_owned(),
                    })
                    .collect();
                assert!(
                    given.contains(&function) || given.contains(&camel),
                    "{path} lacks {interface}.{function}: its users would learn it when a login fails"
                );
            }
        }
    }
}

/// Its own build would tell, but that is no part of `cargo xtask test`.
#[test]
fn the_adapter_for_wasi_http_gives_the_step_every_import_that_is_not_wasis() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut resolve = Resolve::default();
    let (contract, _) = resolve.push_dir(root.join("wit")).unwrap();
    let (example, _) = resolve.push_dir(root.join("examples/wasi-http/wit")).unwrap();
    let step = resolve.select_world(&[contract], None).unwrap();
    let adapter = resolve.select_world(&[example], Some("adapter")).unwrap();
    let imports = resolve.worlds[step].imports.keys().map(|key| resolve.name_world_key(key));
    let imports: BTreeSet<String> = imports.filter(|name| name.starts_with("journey:")).collect();
    let exports = resolve.worlds[adapter].exports.keys().map(|key| resolve.name_world_key(key));
    let exports: BTreeSet<String> = exports.filter(|name| name.starts_with("journey:")).collect();
    assert_eq!(exports, imports, "examples/wasi-http/wit/world.wit");

    for (interface, functions) in self::imports() {
        let file = match interface.as_str() {
            "journey:step/attempts" => "attempts",
            "journey:step/http" => "exchange",
            "journey:step/tenant-cache" => "tenant_cache",
            "journey:step/variables" => "call",
            // The host's own.
            wasi if wasi.starts_with("wasi:") => continue,
            other => panic!("which file of examples/wasi-http/adapter has {other}?"),
        };
        let path = format!("examples/wasi-http/adapter/src/{file}.rs");
        for function in functions {
            let name = function.replace('-', "_");
            assert!(read(&path).contains(&format!("    fn {name}(")), "{path} lacks {interface}.{function}");
        }
    }
}

#[test]
fn each_import_is_among_those_that_the_host_counts_and_documents_name() {
    let counted = read("host/src/import.rs");
    let readme = read("README.md") + &pages();
    for (interface, functions) in imports() {
        let short = interface.split_once('/').map_or(interface.as_str(), |(_, short)| short);
        let name = if interface.starts_with("journey:") { short } else { interface.as_str() };
        assert!(readme.contains(&format!("| `{name}` |")), "no document has a row for the import `{name}`");
        for function in functions {
            assert!(
                counted.contains(&format!("`{short}.{function}`")) || counted.contains(&format!("`{function}`")),
                "host/src/import.rs doesn't say which of its kinds is {interface}.{function}"
            );
        }
    }
}

/// The pages under `docs/`.
fn pages() -> String {
    texts("docs")
}

/// Every file of a folder that is a text, one after the other.
fn texts(folder: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.filter_map(|path| fs::read_to_string(path).ok()).collect()
}

#[test]
fn the_hosts_of_other_workspaces_have_every_function() {
    let expected = functions("src/host.rs", "pub trait Host {");
    assert!(expected.len() > 5, "{expected:?}");
    assert_eq!(functions("fuzz/src/host.rs", "impl Host for ScriptedHost<'_> {"), expected, "fuzz/src/host.rs");

    let bench = "bench/src/alone.rs";
    for (interface, names) in imports() {
        let module = interface.split_once('/').map_or(interface.as_str(), |(_, short)| short).replace('-', "_");
        let expected: BTreeSet<String> = names.iter().map(|name| name.replace('-', "_")).collect();
        assert_eq!(functions(bench, &format!("impl {module}::Host for Host {{")), expected, "{bench}: {interface}");
    }
}

/// The requirement of a dependency, as a manifest writes it.
fn required(manifest: &str, dependency: &str) -> String {
    let text = read(manifest);
    let line = text.lines().find(|line| line.starts_with(&format!("{dependency} = ")));
    let line = line.unwrap_or_else(|| panic!("{manifest} doesn't depend on {dependency}"));
    let version = line.split('"').nth(1).unwrap_or_default();
    version.trim_start_matches(['~', '=', '^']).to_owned()
}

/// Major and minor version, or for tools of version 0 the minor alone.
fn track(version: &str) -> String {
    version.split('.').take(2).collect::<Vec<_>>().join(".")
}

#[test]
fn wasmtime_has_one_version_and_its_tools_the_one_inside_it() {
    let wasmtime = required("Cargo.toml", "wasmtime");
    assert_eq!(required("bench/Cargo.toml", "wasmtime"), wasmtime, "bench/Cargo.toml");
    let major = wasmtime.split('.').next().unwrap_or_default();
    for (path, text) in [
        ("host/src/lib.rs", read("host/src/lib.rs")),
        ("README.md or docs/", read("README.md") + &pages()),
        ("xtask/Cargo.toml", read("xtask/Cargo.toml")),
    ] {
        assert!(text.contains(&format!("Wasmtime {major}")), "{path} doesn't speak of Wasmtime {major}");
    }

    let tools = track(&required("Cargo.toml", "wit-parser"));
    for (manifest, dependency) in [
        ("Cargo.toml", "wit-component"),
        ("xtask/Cargo.toml", "wasm-encoder"),
        ("xtask/Cargo.toml", "wasmparser"),
        ("xtask/Cargo.toml", "wit-component"),
        ("xtask/Cargo.toml", "wit-parser"),
    ] {
        assert_eq!(track(&required(manifest, dependency)), tools, "{manifest}: {dependency}");
    }
    for manifest in ["Cargo.toml", "bench/Cargo.toml"] {
        let profile = format!("\"wasmparser@{tools}\".opt-level");
        assert!(read(manifest).contains(&profile), "{manifest} optimises another version of wasmparser than {tools}");
    }
    // No second copy is built.
    let lock = read("Cargo.lock");
    let environ = lock.split("[[package]]").find(|package| package.contains("name = \"wasmtime-environ\"")).unwrap();
    assert!(environ.contains(&format!("\"wasmparser {tools}.")), "the wasmparser inside Wasmtime isn't {tools}: {environ}");
}

/// What stands in the parentheses of links, and paths in backticks that aren't the label of one.
fn named_paths(text: &str) -> BTreeSet<String> {
    let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let unlabelled = text.split("[`").map(|part| part.split_once("`]").map_or(part, |(_, rest)| rest));
    let quoted = unlabelled.flat_map(|text| text.split('`').skip(1).step_by(2));
    let quoted = quoted.filter(|quoted| quoted.contains('/') && !quoted.contains([' ', '…', '<']));
    let paths = links.chain(quoted).map(|path| path.split('#').next().unwrap_or_default());
    paths.filter(|path| !path.is_empty() && !path.starts_with("https://")).map(str::to_owned).collect()
}

fn exists(path: &str) -> bool {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path).exists()
}

#[test]
fn what_a_newcomer_is_led_to_is_there() {
    let guide = read("CONTRIBUTING.md");
    let missing: Vec<_> = named_paths(&guide).into_iter().filter(|path| !exists(path)).collect();
    assert!(missing.is_empty(), "CONTRIBUTING.md leads to {missing:?}");

    // Tests and constants by their names.
    let sources = ["src", "src/limit", "src/step/schema", "host-test/tests/it", "xtask/src"].map(texts).concat();
    let words = guide.split('`').skip(1).step_by(2);
    for test in
        words.filter(|word| word.matches('_').count() > 3 && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
    {
        assert!(sources.contains(&format!("fn {test}()")), "CONTRIBUTING.md speaks of a test {test}");
    }
}
