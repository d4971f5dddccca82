//! The commands that run other programs over the finished component and its sources: each a row of the list in `main.rs`.

use std::{fmt, fs, path::Path, process::Command, time::Instant};

use anyhow::{Context, Result, ensure};

use crate::{
    browser, component, mutants, package, patches,
    process::{become_program, cargo, output, part, run, say, succeeds},
    servers, toolchain, tools, wasi_http,
};

/// Lines of the component that its native tests must reach, in percent: half of one less than they do. What only runs in
/// WebAssembly isn't counted.
const LEAST_COVERAGE: &str = "99.2";

/// Files that aren't the native component's: the bindings, which compile for WebAssembly alone (the sealed component's own tests
/// run them), and what serves tests only.
const NOT_MEASURED: &str = r"src/(component\.rs$|docs\.rs$|step/schema(\.rs$|/)|testing/|.*/tests/|oidc/signature/(differential|vectors)\.rs$)|modular-power/src/(cases|tests)\.rs$";

/// Told before it begins, so that nobody takes it for something that hangs.
const FIRST_BUILD: &str = "the first build compiles Wasmtime: four to eight minutes on two cores; later ones take seconds";

/// Seconds for each fuzz target where nothing else is said.
const FUZZ_SECONDS: u32 = 60;

/// Inputs are texts that people could write, or two numbers of 4096 bits in hexadecimal, some milliseconds each.
const FUZZ_LIMITS: [&str; 3] = ["-max_len=2100", "-timeout=20", "-rss_limit_mb=3000"];

pub(crate) fn demo(arguments: &[String]) -> Result<()> {
    host_test("demo", arguments)
}

pub(crate) fn check(arguments: &[String]) -> Result<()> {
    host_test("check", arguments)
}

/// A command of the harness, which is built first, if it isn't up to date. It takes this program's place.
fn host_test(command: &str, arguments: &[String]) -> Result<()> {
    let program = std::env::current_exe()?.with_file_name("host-test");
    if !program.exists() {
        say(FIRST_BUILD);
    }
    built(&program).context(NotBuilt)?;
    let arguments = arguments.strip_prefix(&["--".to_owned()]).unwrap_or(arguments);
    let mut harness = Command::new(program);
    become_program(harness.arg(command).args(arguments).env("HOST_TEST_TYPED", "cargo xtask"))
}

/// The harness can't be built, so what it was to do can't run: its own exit codes say other things.
#[derive(Debug)]
pub(crate) struct NotBuilt;

impl NotBuilt {
    /// As the harness ends where it can't run.
    pub(crate) const EXIT_CODE: u8 = 3;
}

impl fmt::Display for NotBuilt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it can't be built")
    }
}

fn built(program: &Path) -> Result<()> {
    component::build(&[])?;
    // For the whole workspace, as the tests are: with the features of one package alone, Wasmtime would compile twice.
    run(cargo().args(["build", "--workspace", "--bin", "host-test"]))?;
    ensure!(program.exists(), "cargo built another program than {}", program.display());
    Ok(())
}

pub(crate) fn test(_arguments: &[String]) -> Result<()> {
    let started = Instant::now();
    part("format", || {
        tools::rustup_subcommand("fmt", "rustfmt")?;
        run(cargo().args(["fmt", "--all", "--check"])).context("run `cargo fmt --all`")
    })?;
    part("spelling", || run(tools::typos()?.args(["--format", "brief"])).context("what is meant as it is stands in typos.toml"))?;
    // Before what takes long: whoever lacks them is told at once.
    part("servers", servers::make_sure)?;
    part("component", || component::build(&[]))?;
    part("the component of the release", package::hold)?;
    part("lints", || {
        tools::rustup_subcommand("clippy", "clippy")?;
        run(cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
    })?;
    part("lints of the component", || {
        if !toolchain::is_installed() {
            say(format!("left out: Debian's route has no {} for clippy", toolchain::TARGET));
            return Ok(());
        }
        let mut clippy = cargo();
        clippy.args(["clippy", "--package", "cognito-oidc", "--lib", "--target", toolchain::TARGET]);
        // Its instructions too, or what is written in vectors would go unread.
        run(clippy.env("CARGO_ENCODED_RUSTFLAGS", component::TARGET_FEATURES).args(["--", "-D", "warnings"]))
    })?;
    // The workspace's other crates turn on features of its dependencies that an embedder's build hasn't.
    part("lints of the host by itself", || run(cargo().args(["clippy", "--package", "journey-host", "--", "-D", "warnings"])))?;
    part("the components of `examples/wasi-http`", wasi_http::check)?;
    part("documentation", || {
        let mut doc = cargo();
        doc.args(["doc", "--workspace", "--no-deps", "--document-private-items"]);
        run(doc.env("RUSTDOCFLAGS", "-D warnings"))
    })?;
    part("tests", || run(cargo().args(["test", "--workspace"])))?;
    part("a browser", browser::quick)?;
    say(servers::what_ran()?);
    say(format!("all of it holds ({:.0} s)", started.elapsed().as_secs_f64()));
    Ok(())
}

pub(crate) fn conformance(_arguments: &[String]) -> Result<()> {
    component::build(&[])?;
    let mut command = cargo();
    command.args(["test", "--quiet", "--workspace", "--test", "it"]);
    run(command.args(["--", "conformance", "--nocapture"]))
}

pub(crate) fn fleet(arguments: &[String]) -> Result<()> {
    part("servers", servers::make_sure)?;
    component::build(&[])?;
    run(cargo().args(["build", "--workspace", "--bin", "host-test"]))?;
    run(Command::new(std::env::current_exe()?.with_file_name("host-test")).arg("fleet").args(arguments))
}

/// A million powers of the signature's arithmetic in the sandbox, and a million natively, where each sum is checked for an
/// overflow besides.
pub(crate) fn signature(_arguments: &[String]) -> Result<()> {
    const TEST: &str = "a_million_powers_are_the_same_as_dashus_and_the_verdicts_as_rings";
    component::build(&[])?;
    let test = |command: &mut Command| run(command.args(["--", "--ignored", "--nocapture", TEST]));
    part("in the sandbox", || test(cargo().args(["test", "--quiet", "--workspace", "--test", "it"])))?;
    part("natively", || {
        let mut native = cargo();
        // Optimised, and overflows still panic.
        native.args(["--config", "profile.dev.package.modular-power.opt-level=2"]);
        test(native.args(["test", "--quiet", "--package", "modular-power", "--lib"]))
    })
}

pub(crate) fn schema(_arguments: &[String]) -> Result<()> {
    let mut command = cargo();
    command.args(["test", "--quiet", "--package", "cognito-oidc", "--lib", "schema"]);
    run(command.env("UPDATE_SCHEMA", "1"))
}

pub(crate) fn deny(_arguments: &[String]) -> Result<()> {
    tools::cargo_subcommand("deny")?;
    part("bans, licences, sources", || run(cargo().args(["deny", "check", "bans", "licenses", "sources"])))?;
    // A git repository of its own, which a machine that reaches the registry may still not reach.
    if !succeeds(cargo().args(["deny", "fetch", "db"])) {
        say("the advisory database can't be fetched: ADVISORIES WERE NOT CHECKED");
        return Ok(());
    }
    part("advisories", || run(cargo().args(["deny", "check", "advisories"])))
}

pub(crate) fn coverage(_arguments: &[String]) -> Result<()> {
    tools::cargo_subcommand("llvm-cov")?;
    tools::rustup_component("llvm-tools")?;
    let mut command = cargo();
    command.args(["llvm-cov", "--package", "cognito-oidc", "--package", "modular-power", "--lib"]);
    command.args(["--ignore-filename-regex", NOT_MEASURED]);
    run(command.args(["--fail-under-lines", LEAST_COVERAGE]))
}

/// Patches and cargo-mutants; where arguments say so, patches alone, or the mutants of one package.
pub(crate) fn mutants(arguments: &[String]) -> Result<()> {
    match arguments.split_first() {
        Some((first, names)) if first == "patches" => patches::check(names),
        Some(_) => mutants::check(arguments),
        None => {
            part("patches", || patches::check(&[]))?;
            mutants::check(&[])
        }
    }
}

pub(crate) fn fuzz(arguments: &[String]) -> Result<()> {
    let seconds = match arguments.first() {
        None => FUZZ_SECONDS,
        Some(seconds) => seconds.parse().with_context(|| format!("`{seconds}` isn't a number of seconds"))?,
    };
    tools::cargo_subcommand("fuzz")?;
    tools::nightly()?;
    let targets = output(cargo_fuzz().arg("list"))?;
    ensure!(!targets.trim().is_empty(), "there is no fuzz target");
    let fuzz = component_artifact::workspace().join("fuzz");
    for target in targets.lines() {
        // Where libFuzzer keeps what it finds; the committed corpus is only read.
        let found = fuzz.join("target/found").join(target);
        fs::create_dir_all(&found).with_context(|| format!("can't create {}", found.display()))?;
        let dictionary = fuzz.join("dictionaries").join(format!("{target}.dict"));
        part(target, || {
            let mut command = cargo_fuzz();
            command.args(["run", target]).arg(&found);
            command.arg(fuzz.join("corpus").join(target)).arg("--");
            command.arg(format!("-dict={}", dictionary.display()));
            command.args(FUZZ_LIMITS);
            run(command.arg(format!("-max_total_time={seconds}")))
        })?;
    }
    Ok(())
}

fn cargo_fuzz() -> Command {
    let mut command = Command::new("rustup");
    command.current_dir(component_artifact::workspace()).args(["run", "nightly", "cargo", "fuzz"]);
    command
}
