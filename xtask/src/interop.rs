//! The step together with what others wrote: a certified OpenID Provider to log in at, other component hosts to run in, composed
//! with components of others' interfaces, a real browser.
//! Needs Node.js 20 and Python 3.11 besides; their packages are installed below `target`, and Chromium is Debian's.
//!
//! The hosts run in a copy of the package, by the commands of `docs/nodejs.md` and `docs/python.md`, and have nothing else of
//! this repository.

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
    package,
    process::{cargo, output, part, run},
    servers, tools, wasi_http,
};

/// What `hosts/python/host.py` and `bench/peers/peer.py` import.
pub(crate) const PYTHON_PACKAGE: &str = include_str!("../../hosts/python/requirements.txt").trim_ascii_end();

/// Brings the schemas of CycloneDX, and holds documents against them.
const SBOM_PACKAGE: &str = "cyclonedx-python-lib[json-validation]==11.12.0";

/// Nothing, or what is wrong with the document; ends with 1 then.
const SBOM_CHECK: &str = "\
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read())
sys.exit(str(wrong) if wrong else 0)
";

pub(crate) fn interop(_arguments: &[String]) -> Result<()> {
    package::package(&[])?;
    let folder = component_artifact::workspace().join("target/interop");
    let packaged = folder.join("package");
    let (node, python) = (packaged.join("hosts/nodejs"), packaged.join("hosts/python"));
    part("packages", || {
        package::copy(&packaged)?;
        browser::install()?;
        tools::node_packages(&node)?;
        install_for_python(&folder)
    })?;
    part("the local Cognito", || run(cargo().args(["build", "--workspace", "--bin", "host-test"])))?;
    part("a certified OpenID Provider", || {
        let mut tests = cargo();
        tests.args(["test", "--quiet", "--workspace", "--test", "it", "--", "interop", "--ignored", "--nocapture"]);
        run(&mut tests)
    })?;
    part("what the package says of itself", || {
        run(Command::new("node").current_dir(&node).arg("inspect.mjs"))?;
        let mut show = Command::new("npx");
        show.current_dir(&node).args(["jco", "metadata-show", "--json"]).arg(packaged.join(package::COMPONENT));
        let told = output(&mut show)?;
        ensure!(told.contains("\"cognito-oidc\""), "jco doesn't find the component's name: {told}");
        Ok(())
    })?;
    part("the bill of materials", || {
        let mut check = Command::new("python3");
        check.args(["-c", SBOM_CHECK]).arg(packaged.join(package::SBOM));
        run(check.env("PYTHONPATH", folder.join("python-sbom")))
    })?;
    part("a host on Node.js", || {
        run(Command::new("npm").current_dir(&node).args(["run", "--silent", "transpile"]))?;
        run(Command::new("node").current_dir(&node).arg("login.mjs"))?;
        run(Command::new("node").current_dir(&node).args(["login.mjs", "transpiled"]).arg(harness()?).arg("cognito"))
    })?;
    part("a host in Python", || {
        let login = |program: Option<PathBuf>| {
            let mut login = Command::new("python3");
            login.current_dir(&python).env("PYTHONPATH", folder.join("python")).arg("login.py");
            if let Some(program) = program {
                login.arg(packaged.join(package::COMPONENT)).arg(program).arg("cognito");
            }
            run(&mut login)
        };
        login(None)?;
        login(Some(harness()?))
    })?;
    part("a `wasi:http` component", || wasi_http::play(&packaged.join(package::COMPONENT)))?;
    part("a browser", || {
        tools::debian_packages(&["chromium"])?;
        browser::play(&[])
    })?;
    part("the editors of forms", browser::forms)?;
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

/// Packages in the versions that were tried, where they aren't there yet.
fn install_for_python(folder: &Path) -> Result<()> {
    for (package, into, landmark) in [(PYTHON_PACKAGE, "python", "wasmtime"), (SBOM_PACKAGE, "python-sbom", "cyclonedx")] {
        if folder.join(into).join(landmark).is_dir() {
            continue;
        }
        tools::python_package(package, &folder.join(into))?;
    }
    Ok(())
}
