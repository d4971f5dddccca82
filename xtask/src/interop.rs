//! The step together with what others wrote: a certified OpenID Provider to log in at, other component hosts to run in, a real browser.
//! Needs Node.js 20 and Python 3.11 besides; their packages are installed below `target`, and Chromium is Debian's.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

use crate::{
    browser::{self, Demo, harness},
    checks::part,
    component,
    process::{cargo, run},
    servers, tools,
};

/// What `host-test/interop/host.py` and `bench/peers/peer.py` import.
pub(crate) const PYTHON_PACKAGE: &str = "wasmtime==50.0.1";

pub(crate) fn interop(_arguments: &[String]) -> Result<()> {
    component::build(&[])?;
    let sources = component_artifact::workspace().join("host-test/interop");
    let folder = component_artifact::workspace().join("target/interop");
    part("packages", || {
        browser::install()?;
        install_for_python(&folder)
    })?;
    part("the local Cognito", || run(cargo().args(["build", "--workspace", "--bin", "host-test"])))?;
    part("a certified OpenID Provider", || {
        let mut tests = cargo();
        tests.args(["test", "--quiet", "--workspace", "--test", "it", "--", "interop", "--ignored", "--nocapture"]);
        run(&mut tests)
    })?;
    part("a host on Node.js", || {
        let transpiled = folder.join("transpiled");
        let mut jco = Command::new(folder.join("node_modules/.bin/jco"));
        jco.arg("transpile").arg(component_artifact::component()).args(["--quiet", "--instantiation", "sync", "--out-dir"]);
        run(jco.arg(&transpiled))?;
        run(Command::new("node").arg(folder.join("host.mjs")).arg(&transpiled).arg(harness()?))
    })?;
    part("a host in Python", || {
        let mut python = Command::new("python3");
        python.arg(sources.join("host.py")).arg(component_artifact::component()).arg(harness()?);
        run(python.env("PYTHONPATH", folder.join("python")))
    })?;
    part("a browser", || {
        tools::debian_packages(&["chromium"])?;
        browser::play(&[])
    })?;
    part("a browser, and a fleet of two demos", || {
        servers::make_sure()?;
        let redis = Redis::start()?;
        let [first, second] = [Demo::of_fleet(&redis.url())?, Demo::of_fleet(&redis.url())?];
        browser::play_at(&second, &["across a fleet", &first.start])
    })
}

/// A Redis of its own, until this value is dropped.
struct Redis {
    process: Child,
    folder: PathBuf,
}

impl Redis {
    fn start() -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("interop-{}", std::process::id()));
        fs::create_dir_all(&folder).with_context(|| format!("can't create {}", folder.display()))?;
        let mut server = Command::new("redis-server");
        server.args(["--port", "0", "--save", "", "--appendonly", "yes", "--dir"]).arg(&folder);
        server.arg("--unixsocket").arg(folder.join("redis.sock")).stdout(Stdio::null());
        let redis = Self { process: server.spawn().context("can't start redis-server")?, folder };
        let until = Instant::now() + Duration::from_secs(20);
        while !redis.folder.join("redis.sock").exists() {
            ensure!(Instant::now() < until, "redis-server doesn't start");
            thread::sleep(Duration::from_millis(20));
        }
        Ok(redis)
    }

    fn url(&self) -> String {
        format!("unix://{}", self.folder.join("redis.sock").display())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The package in the version that was tried, where it isn't there yet.
fn install_for_python(folder: &Path) -> Result<()> {
    if folder.join("python/wasmtime").is_dir() {
        return Ok(());
    }
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", PYTHON_PACKAGE, "--target"]);
    run(pip.arg(folder.join("python"))).context("Python 3.11 with pip is missing, or its package can't be installed")
}
