//! `cargo xtask build`: core module, seal, component, and the checks without which none is written.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::{Context, Result, bail, ensure};
use wasm_encoder::RawSection;
use wasmparser::{Parser, Payload, Validator, WasmFeatures};
use wit_component::ComponentEncoder;

use crate::{
    process::{run, say},
    seal::seal,
    toolchain::{self, Toolchain},
    world::World,
};

/// Builds the component, unless it is up to date. A forced toolchain always builds: which one made the present component isn't
/// known.
pub(crate) fn build(_arguments: &[String]) -> Result<()> {
    if !toolchain::is_forced()
        && let Ok(path) = component_artifact::fresh()
    {
        say(format!("{} is up to date", shown(&path)));
        return Ok(());
    }
    make().map(drop)
}

/// Builds the component in any case. Returns what compiled it.
pub(crate) fn make() -> Result<Toolchain> {
    let started = Instant::now();
    let digest = component_artifact::digest()?;
    let toolchain = Toolchain::find()?;

    say(format!("building the core module ({toolchain})"));
    let core = core_module(&toolchain, "cognito-oidc")?;
    let modular_power = core_module(&toolchain, "modular-power-module")?;

    say("sealing and encoding the component");
    let world = World::read(&component_artifact::workspace().join("wit"))?;
    let named = seal(&core, &world)?;
    let component = encode(&stripped(&named)?)?;
    world.check(&component)?;
    check_features(&component)?;
    no_builders_path(&component, &toolchain)?;

    component_artifact::store(&digest, &component, &named, &modular_power)?;
    report(&component_artifact::component(), &component, &world);
    say(format!("built in {:.1} s", started.elapsed().as_secs_f64()));
    Ok(toolchain)
}

/// Links a package's core module alone. Returns its bytes.
fn core_module(toolchain: &Toolchain, package: &str) -> Result<Vec<u8>> {
    let folder = component_artifact::workspace().join("target");
    let mut cargo = toolchain.cargo();
    cargo
        .args(["rustc", "--package", package, "--lib", "--crate-type", "cdylib"])
        .args(["--target", toolchain::TARGET, "--profile", "component"])
        .arg("--target-dir")
        .arg(&folder)
        .env("CARGO_ENCODED_RUSTFLAGS", compiler_flags(toolchain)?.join("\u{1f}"))
        .arg("--")
        .args(toolchain.linker_flags());
    run(&mut cargo)?;
    let file = format!("component/{}.wasm", package.replace('-', "_"));
    let path = folder.join(toolchain::TARGET).join(file);
    fs::read(&path).with_context(|| path.display().to_string())
}

/// Vectors of 128 bits, for the signature's arithmetic. The compiler knows the other features of [`FEATURES`] by itself.
pub(crate) const TARGET_FEATURES: &str = "-Ctarget-feature=+simd128";

/// Functions are inlined as readily as at opt-level `s`; all else is compiled at `z`, which would draw the line at 5. That takes
/// 15 KB, and saves a twentieth of a login's instructions.
const INLINING: &str = "-Cllvm-args=-inline-threshold=50";

/// What an engine has to know: WebAssembly 2.0, of which `simd128` is a part, and the component model.
const FEATURES: WasmFeatures = WasmFeatures::WASM2.union(WasmFeatures::COMPONENT_MODEL);

/// Flags for all crates of the component: its instructions, and names for the builder's folders that are the same everywhere.
pub(crate) fn compiler_flags(toolchain: &Toolchain) -> Result<Vec<String>> {
    // The last one that fits is taken, and cargo's home may lie in the workspace.
    let remapped = [
        (component_artifact::workspace(), "/workspace".to_owned()),
        (cargo_home()?.join("registry/src"), "/registry".to_owned()),
        (toolchain.library_sources(), toolchain.library_name()),
    ];
    let flags = remapped.iter().map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()));
    Ok(flags.chain([TARGET_FEATURES, INLINING].map(str::to_owned)).collect())
}

/// The module without custom sections, but for the one that describes its world.
fn stripped(module: &[u8]) -> Result<Vec<u8>> {
    let mut result = wasm_encoder::Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        if let Payload::CustomSection(section) = &payload
            && !section.name().starts_with("component-type")
        {
            continue;
        }
        if let Some((id, range)) = payload.as_section() {
            result.section(&RawSection { id, data: &module[range] });
        }
    }
    Ok(result.finish())
}

fn encode(core: &[u8]) -> Result<Vec<u8>> {
    ComponentEncoder::default().validate(true).module(core)?.encode()
}

/// An engine that knows the [`FEATURES`] and no others can run it.
fn check_features(component: &[u8]) -> Result<()> {
    let validated = Validator::new_with_features(FEATURES).validate_all(component);
    validated.context("the component needs more than WebAssembly 2.0 and the component model")?;
    Ok(())
}

/// A component made elsewhere must be the same, and says nothing about the machine that made it.
pub(crate) fn no_builders_path(component: &[u8], toolchain: &Toolchain) -> Result<()> {
    let folders = [component_artifact::workspace(), cargo_home()?, toolchain.sysroot().to_owned()];
    // Debian's compiler is in `/usr` on every machine.
    for folder in folders.iter().filter(|folder| *folder != Path::new("/usr")) {
        let needle = format!("{}/", folder.display());
        let mut windows = component.windows(needle.len());
        if let Some(at) = windows.position(|window| window == needle.as_bytes()) {
            let text = String::from_utf8_lossy(&component[at..component.len().min(at + 120)]);
            bail!("the component holds a path of the machine it was built on: {}", text.escape_debug());
        }
    }
    Ok(())
}

/// Where cargo keeps the registry's crates.
pub(crate) fn cargo_home() -> Result<PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(env::home_dir()?.join(".cargo")));
    let home = home.context("neither CARGO_HOME nor a home directory is known")?;
    ensure!(home.is_absolute(), "CARGO_HOME must be an absolute path");
    Ok(home)
}

fn report(path: &Path, component: &[u8], world: &World) {
    let gzip = Command::new("gzip").args(["-9", "--stdout"]).arg(path).output();
    let gzipped = gzip.map_or_else(|_| String::new(), |gzip| format!(", {} gzipped", gzip.stdout.len()));
    say(format!("{}: {} bytes{gzipped}", shown(path), component.len()));
    say(format!("it imports {}", world.imports().join(", ")));
}

fn shown(path: &Path) -> String {
    path.strip_prefix(component_artifact::workspace()).unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{CodeSection, Function, FunctionSection, InstructionSink, TypeSection};

    use super::*;

    /// A module of one function.
    fn module(body: impl FnOnce(&mut InstructionSink<'_>)) -> Vec<u8> {
        let mut function = Function::new([]);
        body(&mut function.instructions());
        let mut code = CodeSection::new();
        code.function(&function);
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut module = wasm_encoder::Module::new();
        module.section(&types).section(FunctionSection::new().function(0)).section(&code);
        module.finish()
    }

    #[test]
    fn vectors_are_allowed_and_relaxed_ones_are_not() {
        check_features(&module(|body| {
            body.v128_const(1).v128_const(2).i64x2_add().drop().end();
        }))
        .unwrap();
        let relaxed = module(|body| {
            body.v128_const(1).v128_const(2).i8x16_relaxed_swizzle().drop().end();
        });
        let error = format!("{:#}", check_features(&relaxed).unwrap_err());
        assert!(error.contains("relaxed SIMD"), "{error}");
    }

    #[test]
    fn nothing_newer_than_webassembly_2_is_allowed() {
        check_features(&module(|body| {
            body.end();
        }))
        .unwrap();
        assert!(
            check_features(&module(|body| {
                body.return_call(0).end();
            }))
            .is_err()
        );
        assert!(
            check_features(&module(|body| {
                body.i64_const(1).i64_const(1).i64_mul_wide_u().drop().drop().end();
            }))
            .is_err()
        );
    }
}
