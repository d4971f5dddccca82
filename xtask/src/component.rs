//! `cargo xtask build`: core module, seal, component, and the checks without which none is written.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::{Context, Result, bail, ensure};
use wasm_encoder::RawSection;
use wasmparser::{Parser, Payload};
use wit_component::ComponentEncoder;

use crate::{
    process::{run, say},
    seal::seal,
    toolchain::{self, Toolchain},
    world::World,
};

/// Builds the component, unless it is up to date. A forced toolchain always builds: which one made the present component isn't known.
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
    let core = core_module(&toolchain)?;

    say("sealing and encoding the component");
    let world = World::read(&component_artifact::workspace().join("wit"))?;
    let named = seal(&core, &world)?;
    let component = encode(&stripped(&named)?)?;
    world.check(&component)?;
    no_builders_path(&component, &toolchain)?;

    component_artifact::store(&digest, &component, &named)?;
    report(&component_artifact::component(), &component, &world);
    say(format!("built in {:.1} s", started.elapsed().as_secs_f64()));
    Ok(toolchain)
}

/// Links the core module alone. Returns its bytes.
fn core_module(toolchain: &Toolchain) -> Result<Vec<u8>> {
    let folder = component_artifact::workspace().join("target");
    let mut cargo = toolchain.cargo();
    cargo
        .args(["rustc", "--package", "cognito-oidc", "--lib", "--crate-type", "cdylib"])
        .args(["--target", toolchain::TARGET, "--profile", "component"])
        .arg("--target-dir")
        .arg(&folder)
        .env("CARGO_ENCODED_RUSTFLAGS", compiler_flags(toolchain)?.join("\u{1f}"))
        .arg("--")
        .args(toolchain.linker_flags());
    run(&mut cargo)?;
    let path = folder.join(toolchain::TARGET).join("component/cognito_oidc.wasm");
    fs::read(&path).with_context(|| path.display().to_string())
}

/// Flags for all crates of the component: the builder's folders become names that are the same everywhere.
pub(crate) fn compiler_flags(toolchain: &Toolchain) -> Result<Vec<String>> {
    // The last one that fits is taken, and cargo's home may lie in the workspace.
    let remapped = [
        (component_artifact::workspace(), "/workspace".to_owned()),
        (cargo_home()?.join("registry/src"), "/registry".to_owned()),
        (toolchain.library_sources(), toolchain.library_name()),
    ];
    let flags = remapped.iter().map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()));
    Ok(flags.collect())
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
