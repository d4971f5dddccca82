//! The seal: a core module that can do what its world offers, and nothing else.
//!
//! The standard library of a WASI target imports standard streams, the environment and more, which this component never needs.
//! Each import of a core module is one of these, and anything unknown fails the build:
//!
//! | import | becomes |
//! |---|---|
//! | the world's, in its version or another one | the world's, in the world's version |
//! | known to be dead ([`is_dead`]) | a trap |
//! | any other | an error that names it |
//!
//! What remains for a dead import to do is to end the call: so a panic does it at once ([`silence`]).
//!
//! The custom sections in which the standard library describes its own worlds go as well: they would lift WASI's versions, and a
//! host that offers exactly this world could no longer run the component.

use anyhow::{Context, Result, bail, ensure};
use walrus::{FunctionId, ImportId, ImportKind, Module, ModuleConfig};

use crate::{panics::silence, world::World};

/// Prefix of the custom sections that hold component types.
const COMPONENT_TYPE: &str = "component-type";

/// Seals a core module. Names of functions stay; debug information goes.
///
/// # Errors
///
/// An import that is neither the world's nor known to be dead, by name, or a module that doesn't describe the world.
pub(crate) fn seal(core: &[u8], world: &World) -> Result<Vec<u8>> {
    let mut module = ModuleConfig::new().parse(core)?;
    drop_foreign_sections(&mut module, world)?;

    let mut unknown = Vec::new();
    for (id, function) in imported_functions(&module)? {
        let import = module.imports.get_mut(id);
        if let Some(name) = world.import(&import.module) {
            import.module = name.to_owned();
        } else if is_dead(&import.module, &import.name) {
            trap(&mut module, function)?;
        } else {
            unknown.push(format!("{} {}{}", import.module, import.name, hint(&import.module)));
        }
    }
    if !unknown.is_empty() {
        bail!("the component imports what its world doesn't offer: {}", unknown.join(", "));
    }
    merge_duplicates(&mut module)?;
    silence(&mut module);
    Ok(module.emit_wasm())
}

/// What the standard library and the C library import and this component never calls: in a step there are no standard streams, no
/// environment, no exit. The streams and polling of `wasi:io` are reached through them alone.
fn is_dead(module: &str, name: &str) -> bool {
    /// Preview 1's counterparts of the same, in a C library that is older than preview 2.
    const PREVIEW_1: [&str; 4] = ["environ_get", "environ_sizes_get", "fd_write", "proc_exit"];
    match module {
        "wasi_snapshot_preview1" => PREVIEW_1.contains(&name),
        module => module.starts_with("wasi:cli/") || module.starts_with("wasi:io/"),
    }
}

/// The usual cause, where there is one.
fn hint(module: &str) -> &'static str {
    if module.starts_with("wasi:random/insecure-seed") {
        " (a HashMap or HashSet with the standard hasher: use a BTreeMap or BTreeSet)"
    } else {
        ""
    }
}

fn drop_foreign_sections(module: &mut Module, world: &World) -> Result<()> {
    let sections = module.customs.iter();
    let (own, foreign): (Vec<_>, Vec<_>) = sections
        .filter(|(_, section)| section.name().starts_with(COMPONENT_TYPE))
        .map(|(id, section)| (id, world.owns_section(section.name())))
        .partition(|(_, own)| *own);
    ensure!(own.len() == 1, "{} sections describe the world instead of one", own.len());
    for (id, _) in foreign {
        module.customs.delete(id);
    }
    Ok(())
}

fn imported_functions(module: &Module) -> Result<Vec<(ImportId, FunctionId)>> {
    let functions = module.imports.iter().map(|import| match import.kind {
        ImportKind::Function(function) => Ok((import.id(), function)),
        _ => bail!("{} {} is imported and no function", import.module, import.name),
    });
    functions.collect()
}

fn trap(module: &mut Module, function: FunctionId) -> Result<()> {
    module.replace_imported_func(function, |(body, _)| {
        body.unreachable();
    })?;
    Ok(())
}

/// Two versions of one function have become the same import, which a component may have only once: the second calls the first.
fn merge_duplicates(module: &mut Module) -> Result<()> {
    let mut seen: Vec<(String, String, FunctionId)> = Vec::new();
    for (id, function) in imported_functions(module)? {
        let import = module.imports.get(id);
        let known = seen.iter().find(|(module, name, _)| *module == import.module && *name == import.name);
        let Some(&(_, _, first)) = known else {
            seen.push((import.module.clone(), import.name.clone(), function));
            continue;
        };
        let same_type = module.funcs.get(first).ty() == module.funcs.get(function).ty();
        ensure!(same_type, "{} {} differs between two versions of it", import.module, import.name);
        module
            .replace_imported_func(function, |(body, arguments)| {
                for argument in arguments {
                    body.local_get(*argument);
                }
                body.call(first);
            })
            .context("can't merge two versions of an import")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use walrus::{FunctionBuilder, FunctionKind, RawCustomSection, ValType, ir::Instr};

    use super::*;

    const OWN_SECTION: &str = "component-type:wit-bindgen:0.61.1:journey:step@0.1.0:redirect-step:encoded world";

    #[test]
    fn an_unknown_import_fails_by_name() {
        let core = module_importing(&[
            ("wasi:random/insecure-seed@0.2.4", "insecure-seed"),
            ("wasi:sockets/tcp@0.2.4", "[resource-drop]tcp-socket"),
        ]);
        let error = seal(&core, &world()).unwrap_err().to_string();
        assert!(error.contains("wasi:random/insecure-seed@0.2.4 insecure-seed (a HashMap"), "{error}");
        assert!(error.contains("wasi:sockets/tcp@0.2.4 [resource-drop]tcp-socket"), "{error}");
    }

    #[test]
    fn preview_1_is_dead_in_part_only() {
        let dead = module_importing(&[("wasi_snapshot_preview1", "proc_exit")]);
        assert!(imports_of(&seal(&dead, &world()).unwrap()).is_empty());

        let error = seal(&module_importing(&[("wasi_snapshot_preview1", "path_open")]), &world()).unwrap_err();
        assert!(error.to_string().contains("wasi_snapshot_preview1 path_open"), "{error}");
    }

    #[test]
    fn a_dead_import_becomes_a_trap() {
        let sealed = seal(&module_importing(&[("wasi:cli/stdout@0.2.4", "get-stdout")]), &world()).unwrap();
        assert!(imports_of(&sealed).is_empty());
        let module = Module::from_buffer(&sealed).unwrap();
        let trapping = module.funcs.iter_local().filter(|(_, function)| {
            let body = function.block(function.entry_block());
            matches!(body.instrs.as_slice(), [(Instr::Unreachable(_), _)])
        });
        assert_eq!(trapping.count(), 1);
    }

    #[test]
    fn an_import_gets_the_worlds_version() {
        let sealed = seal(&module_importing(&[("wasi:random/random@0.2.4", "get-random-u64")]), &world()).unwrap();
        assert_eq!(imports_of(&sealed), ["wasi:random/random@0.2.0 get-random-u64"]);
    }

    #[test]
    fn two_versions_of_an_import_become_one() {
        let core =
            module_importing(&[("wasi:random/random@0.2.0", "get-random-u64"), ("wasi:random/random@0.2.4", "get-random-u64")]);
        let sealed = seal(&core, &world()).unwrap();
        assert_eq!(imports_of(&sealed), ["wasi:random/random@0.2.0 get-random-u64"]);
    }

    #[test]
    fn foreign_sections_are_dropped() {
        let mut module = Module::from_buffer(&module_importing(&[])).unwrap();
        module.customs.add(section("component-type:wit-bindgen:0.45.0:wasi:cli@0.2.4:imports:encoded world"));
        let sealed = Module::from_buffer(&seal(&module.emit_wasm(), &world()).unwrap()).unwrap();
        let names: Vec<_> = sealed.customs.iter().map(|(_, section)| section.name().to_owned()).collect();
        assert_eq!(names, [OWN_SECTION]);
    }

    #[test]
    fn a_module_of_another_world_is_refused() {
        let module = Module::default().emit_wasm();
        assert!(seal(&module, &world()).is_err());
    }

    fn world() -> World {
        World::read(&component_artifact::workspace().join("wit")).unwrap()
    }

    /// A module of this world with one export, which calls each import.
    fn module_importing(imports: &[(&str, &str)]) -> Vec<u8> {
        let mut module = Module::default();
        let result = module.types.add(&[], &[ValType::I64]);
        let functions: Vec<_> = imports.iter().map(|(from, name)| module.add_import_func(from, name, result).0).collect();
        let mut builder = FunctionBuilder::new(&mut module.types, &[], &[]);
        for function in functions {
            builder.func_body().call(function).drop();
        }
        let calls_all = builder.finish(Vec::new(), &mut module.funcs);
        module.exports.add("calls-all", calls_all);
        module.customs.add(section(OWN_SECTION));
        module.emit_wasm()
    }

    fn section(name: &str) -> RawCustomSection {
        RawCustomSection { name: name.to_owned(), data: Vec::new() }
    }

    fn imports_of(core: &[u8]) -> Vec<String> {
        let module = Module::from_buffer(core).unwrap();
        assert!(module.funcs.iter().all(|function| !matches!(function.kind, FunctionKind::Uninitialized(_))));
        module.imports.iter().map(|import| format!("{} {}", import.module, import.name)).collect()
    }
}
