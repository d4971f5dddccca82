//! Chromium at the demo: what it plays, and the pictures that it takes. Its programs are Node.js's; their packages are installed
//! below `target`.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
};

use anyhow::{Context, Result};

use crate::{
    component,
    process::{cargo, part, run, say, succeeds},
    tools,
};

/// What a person does most, in some seconds: for `cargo xtask test`. `cargo xtask interop` plays all there is.
const QUICK: [&str; 7] =
    ["log in", "log in by form post", "straight to Google", "migrate", "edit the step", "a wrong password", "cancel"];

/// Files that Node.js runs. Programs lie beside their packages, or they wouldn't find them.
const FILES: [&str; 5] = ["package.json", "browser.mjs", "pages.mjs", "person.mjs", "screenshots.mjs"];

/// Those of the editors that draw forms, with packages of their own: nothing else needs them.
const OF_FORMS: [&str; 8] =
    ["package.json", "draw.mjs", "editors.css", "editors.jsx", "forms.mjs", "hands.mjs", "pictures.mjs", "unfilled.json"];

/// Plays the quick ones, where Chromium and Node.js are there or can be installed.
pub(crate) fn quick() -> Result<()> {
    if !succeeds(Command::new("npm").arg("--version")) {
        say("left out: Node.js is missing");
        return Ok(());
    }
    if let Err(error) = tools::debian_packages(&["chromium"]) {
        say(format!("left out: Chromium is missing, and {error:#}"));
        return Ok(());
    }
    if let Err(error) = install() {
        say(format!("left out: the packages of Node.js can't be installed: {error:#}"));
        return Ok(());
    }
    play(&QUICK)
}

/// The pictures of the docs.
pub(crate) fn screenshots(arguments: &[String]) -> Result<()> {
    component::build(&[])?;
    run(cargo().args(["build", "--workspace", "--bin", "host-test"]))?;
    part("Chromium and its packages", || {
        tools::debian_packages(&["chromium"])?;
        install()?;
        install_from("forms", &OF_FORMS)
    })?;
    let folder = match arguments.first() {
        Some(folder) => PathBuf::from(folder),
        None => component_artifact::workspace().join("docs/images"),
    };
    fs::create_dir_all(&folder).with_context(|| format!("can't create {}", folder.display()))?;
    let mut forms = Command::new("node");
    run(forms.arg(node_folder().join("forms/pictures.mjs")).arg(component_artifact::workspace().join("schema")).arg(&folder))?;
    let demo = Demo::serve()?;
    let mut node = Command::new("node");
    node.arg(node_folder().join("screenshots.mjs")).arg(&demo.start).arg(&folder);
    // Elsewhere than in the docs: every page, light and dark, small and large, to be looked at.
    run(if arguments.is_empty() { &mut node } else { node.arg("all") })
}

/// Has Chromium play these at a demo; all, where none is named.
pub(crate) fn play(names: &[&str]) -> Result<()> {
    play_at(&Demo::serve()?, names)
}

/// Has Chromium play these at this demo.
pub(crate) fn play_at(demo: &Demo, names: &[&str]) -> Result<()> {
    run(Command::new("node").arg(node_folder().join("browser.mjs")).arg(&demo.start).args(names))
}

/// Has two editors draw the forms of settings and connector, fills them in, and logs in with what they give back.
pub(crate) fn forms() -> Result<()> {
    install_from("forms", &OF_FORMS)?;
    let folder = node_folder().join("forms");
    let pictures = folder.join("pictures");
    fs::create_dir_all(&pictures).with_context(|| format!("can't create {}", pictures.display()))?;
    let mut node = Command::new("node");
    node.arg(folder.join("forms.mjs")).arg(harness()?).arg(component_artifact::workspace().join("schema"));
    run(node.arg(&pictures))
}

/// The demo as it serves logins, until this value is dropped.
pub(crate) struct Demo {
    process: Child,
    /// Its start page.
    pub(crate) start: String,
}

impl Demo {
    pub(crate) fn serve() -> Result<Self> {
        Self::start(&["demo", "--serve"])
    }

    /// One of a fleet, which shares this store.
    pub(crate) fn of_fleet(store: &str) -> Result<Self> {
        Self::start(&["demo", "--serve", "--store", store])
    }

    fn start(arguments: &[&str]) -> Result<Self> {
        let mut demo = Command::new(harness()?);
        let mut process = demo.args(arguments).stdout(Stdio::piped()).spawn().context("can't start the demo")?;
        let printed = process.stdout.take().context("the demo prints nothing")?;
        let mut words = BufReader::new(printed)
            .lines()
            .map_while(Result::ok)
            .flat_map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        let is_start_page = |word: &String| word.starts_with("http://localhost:") && word.ends_with('/');
        let start = words.find(is_start_page).context("the demo doesn't say where a login begins")?;
        // It goes on to print.
        thread::spawn(move || words.for_each(drop));
        Ok(Self { process, start })
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The program of the local Cognito and the demo.
pub(crate) fn harness() -> Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name("host-test"))
}

/// Where programs of Node.js and their packages lie.
fn node_folder() -> PathBuf {
    component_artifact::workspace().join("target/interop")
}

/// Packages in the versions that were tried, where they aren't there yet.
pub(crate) fn install() -> Result<()> {
    install_from("", &FILES)
}

fn install_from(room: &str, files: &[&str]) -> Result<()> {
    let (sources, folder) = (component_artifact::workspace().join("host-test/interop").join(room), node_folder().join(room));
    fs::create_dir_all(&folder).with_context(|| format!("can't create {}", folder.display()))?;
    for file in files {
        fs::copy(sources.join(file), folder.join(file)).with_context(|| format!("can't copy {file}"))?;
    }
    tools::node_packages(&folder)
}
