//! The demo: one whole login through the component, printed so that a person understands what happened.
//!
//! | file | what it does |
//! |---|---|
//! | `arguments`, `documents` | how the demo was asked for, and the settings and connector it runs with |
//! | `local` | a local Cognito that fits them |
//! | `offers`, `moving` | the journeys that a person may choose beside it; what comes after the login in the one that migrates its users |
//! | `login` | plays the login as a user's browser would |
//! | `fleet` | several demos over one store |
//! | `serve` | or leaves it to a person's browser, against the local Cognito or a real one |
//! | `site` | the journey server, and what each call of the component tells |
//! | `operator` | what its operator sees of it |
//! | `hops`, `parameters`, `trace`, `json`, `screen` | how all that is printed |
//!
//! Invariant: what is printed holds no secret of the login. Codes, tokens, state, nonce and cookies are masked; the code verifier
//! and the client secret aren't known to what prints.

mod arguments;
mod documents;
mod fleet;
mod hops;
mod json;
mod local;
mod login;
mod moving;
mod offers;
mod operator;
mod parameters;
pub(crate) mod screen;
mod serve;
mod site;
mod trace;

use std::time::{Duration, Instant};

use crate::environment::Environment;
use crate::journey::Bound;
use crate::mishaps::MISHAPS;
use crate::telemetry::Lines;
use documents::TENANT;
use journey_host::{Compiled, Egress, Limits, Network, Problem, Services, Step};
use login::Wish;
use offers::Offers;
use screen::{Kept, Look, Screen};

pub use arguments::{Arguments, usage};
pub use documents::Documents;
pub use login::Login;
pub use screen::{Out, Output};

/// How the demo ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The user is logged in, what was served has ended, or the usage was asked for.
    Done = 0,
    /// The login failed, as it must with these settings.
    LoginFailed = 1,
    /// The arguments or the files are wrong.
    Refused = 2,
}

/// Whether the demo serves a person's browser, until it is told to stop: then its log lines belong on standard error.
#[must_use]
pub fn serves(arguments: &[String]) -> bool {
    Arguments::parse(arguments).is_ok_and(|arguments| arguments.serve || arguments.real)
}

/// Runs the demo. `load` compiles the component; `lines` are those of the log, where they are kept.
///
/// # Errors
/// The component can't be loaded, a server can't be started or reached, or `out` can't be written to.
pub async fn run(
    arguments: &[String],
    load: impl FnOnce() -> anyhow::Result<Compiled>,
    environment: &Environment,
    lines: &Lines,
    out: &mut dyn Out,
) -> anyhow::Result<Exit> {
    let Environment { typed, client_secret } = environment.clone();
    let arguments = match Arguments::parse(arguments) {
        Ok(arguments) => arguments,
        Err(problem) => {
            writeln!(out, "{problem}\n\n{}", usage(&typed))?;
            return Ok(Exit::Refused);
        }
    };
    if arguments.help {
        write!(out, "{}", usage(&typed))?;
        return Ok(Exit::Done);
    }
    if arguments.lists_failures {
        return list_failures(&typed, out);
    }
    let documents = match Documents::read(&arguments) {
        Ok(documents) => documents,
        Err(error) => {
            Screen::new(out).verdict(Look::Bad, &format!("{error:#}"))?;
            return Ok(Exit::Refused);
        }
    };
    let since = Instant::now();
    let compiled = load()?;
    let compile_time = since.elapsed();

    let checker = checker(compiled.clone())?;
    let description = checker.describe(TENANT, &documents.settings, &documents.connector).await?;
    if !description.problems.is_empty() {
        print_problems(&description.problems, &arguments, out)?;
        return Ok(Exit::Refused);
    }
    if arguments.real {
        return serve::real(compiled, documents, client_secret, &description.origins, &arguments.further_origins, out).await;
    }
    let mut bound = match arguments.port {
        Some(port) => Bound::at_port(port).await?,
        None => Bound::loopback().await?,
    };
    if arguments.serve {
        // Another name than the local Cognito's: to a browser these are two sites then, as they are in earnest.
        let origin = bound.base_url().replace("127.0.0.1", "localhost");
        bound = bound.behind(&origin);
    }
    if let Some(url) = &arguments.store {
        let fleet = fleet::Fleet::open(url).await?;
        serve::fleet(&fleet, bound, compiled, &documents, &arguments, client_secret, out).await?;
        return Ok(Exit::Done);
    }
    let offers = match arguments.serve && arguments.fail.is_none() {
        true => Offers::prepare(&bound, &documents).await?,
        false => Offers::default(),
    };
    let wish = Wish { acr: arguments.acr.clone(), secret: client_secret, mishap: arguments.fail, is_for_people: arguments.serve };
    let login = Login::prepare(None, bound, compiled, &documents, wish, offers).await?;
    if arguments.serve {
        serve::local(&login, out).await?;
        serve::end(login.site, out).await?;
        return Ok(Exit::Done);
    }
    play(&login, compile_time, &typed, lines, out).await
}

async fn play(login: &Login, compile_time: Duration, typed: &str, lines: &Lines, out: &mut dyn Out) -> anyhow::Result<Exit> {
    let mut kept = Kept::for_output(out);
    let logged_in = login.play(compile_time, &mut kept).await?;
    let mut screen = Screen::new(out);
    // First what a reader wants to know first, and then how it came about.
    let (look, exit) = if logged_in { (Look::Good, Exit::Done) } else { (Look::Bad, Exit::LoginFailed) };
    screen.verdict(look, &login.summary().await?)?;
    screen.line("")?;
    screen.say(
        "One login with OpenID Connect, from the journey to Amazon Cognito and back, by the WebAssembly component in its sandbox. \
         Cognito is a local stand-in; the user is a small browser.",
    )?;
    out.write_all(&kept.text)?;
    let mut screen = Screen::new(out);
    if let Some(ended) = login.site.last("complete").or_else(|| login.site.last("begin")) {
        operator::print(&ended, lines, &mut screen)?;
    }
    screen.heading("Try it")?;
    // Behind `--`, cargo leaves it to the demo.
    let help = if typed.starts_with("cargo") { "-- --help" } else { "--help" };
    screen.row("in your browser", &format!("{typed} demo --serve"))?;
    screen.row("what can go wrong", &format!("{typed} demo --fail"))?;
    screen.row("with your settings", &format!("{typed} demo --config settings.json --integration connector.json"))?;
    screen.row("with your user pool", "the same and --real; the client secret in COGNITO_CLIENT_SECRET")?;
    screen.row("more", &format!("{typed} demo {help}"))?;
    Ok(exit)
}

/// What a login can meet, and the code that it ends with.
fn list_failures(typed: &str, out: &mut dyn Out) -> anyhow::Result<Exit> {
    let mut screen = Screen::new(out);
    screen.say(&format!("What a login can meet, and the code that it ends with: {typed} demo --fail NAME"))?;
    screen.line("")?;
    for mishap in MISHAPS {
        let code = match mishap.code {
            _ if mishap.succeeds() => "logged in",
            "" => "nothing comes back",
            code => code,
        };
        screen.cells(&[(2, mishap.name), (29, code)])?;
        screen.cells(&[(4, mishap.about)])?;
    }
    Ok(Exit::Done)
}

/// The step with no authority at all: enough for its pure functions.
fn checker(compiled: Compiled) -> anyhow::Result<Step> {
    let http = Network::new(Egress::deny_all()).map_err(|error| anyhow::anyhow!("{error:#}"))?;
    Ok(Step::new(compiled, Services::in_memory(http), Limits::default()))
}

/// The step's own list.
fn print_problems(problems: &[Problem], arguments: &Arguments, out: &mut dyn Out) -> anyhow::Result<()> {
    let mut screen = Screen::new(out);
    screen.verdict(Look::Bad, "The step can't run with these files:")?;
    for (document, file) in [("/settings", &arguments.config), ("/connector", &arguments.integration)] {
        let of_it: Vec<&Problem> = problems.iter().filter(|problem| problem.path.starts_with(document)).collect();
        if of_it.is_empty() {
            continue;
        }
        screen.line("")?;
        screen.line(&file.as_ref().map_or("the demo's own".to_owned(), |file| file.display().to_string()))?;
        for problem in of_it {
            screen.cells(&[(2, &problem.path), (36, &problem.message)])?;
        }
    }
    Ok(())
}
