//! The compiler for the component, found or installed.
//!
//! In this order, and nothing after it:
//!
//! | route | when | what it does |
//! |---|---|---|
//! | `installed` | the compiler has the target's standard library | nothing |
//! | `rustup` | rustup is there | `rustup target add` |
//! | `debian` | `apt-get` is there | installs Debian's own compiler and builds the standard library from its sources |
//!
//! The environment variable `COGNITO_OIDC_TOOLCHAIN` forces one of them by its name.

use std::{
    env,
    ffi::OsString,
    fmt, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, anyhow, bail, ensure};

use crate::process::{cargo, cargo_at, output, run, say};
use crate::tools;

/// What the component is compiled for.
pub(crate) const TARGET: &str = "wasm32-wasip2";

const VARIABLE: &str = "COGNITO_OIDC_TOOLCHAIN";

/// Bytes of linear memory that the component begins with, 19 pages of 64 KiB: its stack, its data, and 130 KiB for a login to
/// work in. One that grew to them would have its host change, for each call, what the processor lets it touch, and change it
/// back.
const INITIAL_MEMORY: u32 = 19 << 16;

/// Debian's compiler for what its browsers need, newer than the distribution's own; its sources; and a C library for WASI.
const DEBIAN_PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "wasi-libc"];

/// A compiler that can build the component.
pub(crate) struct Toolchain {
    route: Route,
    compiler: Compiler,
}

impl Toolchain {
    /// Finds one, or installs it.
    ///
    /// # Errors
    ///
    /// None is there and none can be installed. The message says what to install.
    pub(crate) fn find() -> Result<Self> {
        match env::var(VARIABLE).ok().as_deref() {
            None => installed().or_else(|_| rustup()).or_else(|rustup| {
                debian().map_err(|debian| {
                    anyhow!(
                        "there is no compiler for {TARGET}: run `rustup target add {TARGET}`\n  \
                         rustup: {rustup:#}\n  debian: {debian:#}"
                    )
                })
            }),
            Some("installed") => installed(),
            Some("rustup") => rustup(),
            Some("debian") => debian(),
            Some(other) => {
                bail!("{VARIABLE} is `{other}`; it can be `installed`, `rustup` or `debian`")
            }
        }
    }

    /// A `cargo` in the workspace that compiles with this toolchain.
    pub(crate) fn cargo(&self) -> Command {
        let Route::Debian { .. } = &self.route else {
            return cargo();
        };
        let mut command = cargo_at("/usr/bin/cargo");
        command
            .env("RUSTC", &self.compiler.program)
            // The standard library's build is unstable; this says that this stable compiler may do it.
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort");
        command
    }

    /// Flags for the link, where the core module alone is wanted and no component yet.
    pub(crate) fn linker_flags(&self) -> Vec<OsString> {
        let memory = ["-C".to_owned(), format!("link-arg=--initial-memory={INITIAL_MEMORY}")].map(OsString::from);
        let Route::Debian { linker } = &self.route else {
            return memory.into_iter().chain(["-C", "link-arg=--skip-wit-component"].map(OsString::from)).collect();
        };
        let mut program = OsString::from("linker=");
        program.push(linker);
        let flags = ["-L", "native=/usr/lib/wasm32-wasi", "-C", "linker-flavor=wasm-ld", "-C"].map(OsString::from);
        memory.into_iter().chain(flags).chain([program]).collect()
    }

    /// Where the sources of the standard library are, if they are.
    pub(crate) fn library_sources(&self) -> PathBuf {
        self.compiler.sysroot.join("lib/rustlib/src/rust")
    }

    /// What rustup's own standard library calls its sources.
    pub(crate) fn library_name(&self) -> String {
        format!("/rustc/{}", self.compiler.commit)
    }

    /// The compiler's release and the commit that it was made from.
    pub(crate) fn compiler(&self) -> (&str, &str) {
        (&self.compiler.release, &self.compiler.commit)
    }

    /// The notices of the standard library, which comes with rustup's toolchain in a page of its own.
    pub(crate) fn library_notices(&self) -> PathBuf {
        self.compiler.sysroot.join("share/doc/rust/COPYRIGHT-library.html")
    }

    /// The folder that holds the compiler.
    pub(crate) fn sysroot(&self) -> &Path {
        &self.compiler.sysroot
    }
}

impl fmt::Display for Toolchain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let route = match self.route {
            Route::Installed => "installed",
            Route::Rustup => "rustup",
            Route::Debian { .. } => "debian",
        };
        write!(f, "{TARGET}, rustc {}, route {route}", self.compiler.release)
    }
}

/// Whether the environment forces a route.
pub(crate) fn is_forced() -> bool {
    env::var_os(VARIABLE).is_some()
}

/// Whether the compiler that cargo uses here has the target, so that lints of the component can run.
pub(crate) fn is_installed() -> bool {
    installed().is_ok()
}

enum Route {
    Installed,
    Rustup,
    Debian { linker: PathBuf },
}

fn installed() -> Result<Toolchain> {
    let compiler = Compiler::ask(Path::new("rustc"))?;
    ensure!(compiler.has_target(), "the compiler in {} has no {TARGET}", compiler.sysroot.display());
    Ok(Toolchain { route: Route::Installed, compiler })
}

fn rustup() -> Result<Toolchain> {
    say(format!("installing {TARGET} by rustup"));
    run(Command::new("rustup").args(["target", "add", TARGET]))?;
    let compiler = Compiler::ask(Path::new("rustc"))?;
    ensure!(compiler.has_target(), "rustup added {TARGET} to another toolchain than the one in {}", compiler.sysroot.display());
    Ok(Toolchain { route: Route::Rustup, compiler })
}

fn debian() -> Result<Toolchain> {
    tools::debian_packages(&DEBIAN_PACKAGES)?;
    let compiler = Compiler::ask(Path::new("/usr/bin/rustc"))?;
    let linker = wasm_linker(&compiler)?;
    Ok(Toolchain { route: Route::Debian { linker }, compiler })
}

/// The linker that comes with rustup's toolchain, or Debian's of the LLVM that the compiler has.
fn wasm_linker(compiler: &Compiler) -> Result<PathBuf> {
    if let Ok(other) = Compiler::ask(Path::new("rustc")) {
        let linker = other.sysroot.join("lib/rustlib").join(other.host).join("bin/rust-lld");
        if linker.is_file() {
            return Ok(linker);
        }
    }
    tools::debian_packages(&[&format!("lld-{}", compiler.llvm)])?;
    Ok(PathBuf::from(format!("/usr/bin/lld-{}", compiler.llvm)))
}

/// What a `rustc` says about itself.
struct Compiler {
    program: PathBuf,
    sysroot: PathBuf,
    release: String,
    commit: String,
    host: String,
    /// The major version.
    llvm: String,
}

impl Compiler {
    fn ask(program: &Path) -> Result<Self> {
        let version = output(Command::new(program).arg("-vV"))?;
        let sysroot = output(Command::new(program).args(["--print", "sysroot"]))?;
        let field = |name: &str| -> Result<String> {
            let value = version.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            Ok(value.with_context(|| format!("{} doesn't say its {name}", program.display()))?.to_owned())
        };
        let llvm = field("LLVM version")?;
        Ok(Self {
            program: program.to_owned(),
            sysroot: PathBuf::from(sysroot.trim_end()),
            release: field("release")?,
            commit: field("commit-hash")?,
            host: field("host")?,
            llvm: llvm.split('.').next().unwrap_or_default().to_owned(),
        })
    }

    fn has_target(&self) -> bool {
        let Ok(entries) = fs::read_dir(self.sysroot.join("lib/rustlib").join(TARGET).join("lib")) else {
            return false;
        };
        entries.flatten().any(|entry| entry.file_name().as_encoded_bytes().starts_with(b"libstd-"))
    }
}
