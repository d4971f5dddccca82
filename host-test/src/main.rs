//! The command line: `host-test demo`, `host-test check`, `host-test cognito`.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::anyhow;
use host_test::cognito::{DEFAULT_PASSWORD, DEFAULT_USERNAME, LocalCognito};
use host_test::demo::Output;
use host_test::environment::Environment;
use host_test::telemetry::{self, Lines};
use host_test::{check, demo, fleet};
use journey_host::{Capacity, Compiled, Runtime};

const USAGE: &str = "\
usage: host-test demo [options]     one login through the component, printed; `host-test demo --help` says more
       host-test check [options]    tests a connection without a user; `host-test check --help` says more
       host-test cognito URL        a local Cognito for this callback URL: prints what to log in with as a line of JSON, and serves
                                    until its standard input ends
       host-test fleet [LOGINS]     hosts that are processes, over real stores: what is done to them, and what comes of it; with so
                                    many logins that take turns, 1000 where nothing is said
       host-test fleet-host         one of those hosts, asked by lines of JSON
";

/// What the demo and the check of a connection end with where neither of them came to anything: no port is free, the component
/// isn't built.
const CANT_RUN: u8 = 3;

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next();
    let arguments: Vec<String> = arguments.collect();
    match command.as_deref() {
        None | Some("help" | "--help" | "-h") => match Output::of_the_process().write_all(USAGE.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        Some("demo") => demo(&arguments).await,
        Some("check") => check(&arguments).await,
        Some("fleet") if arguments.len() < 2 => fleet(&arguments).await,
        Some("fleet-host") if arguments.is_empty() => match fleet::serve().await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("the host can't run: {error:#}");
                ExitCode::FAILURE
            }
        },
        Some("cognito") if arguments.len() == 1 => cognito(&arguments[0]).await,
        Some(other) => {
            eprintln!("there is no command `{other}`\n\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

async fn demo(arguments: &[String]) -> ExitCode {
    let lines = if demo::serves(arguments) { Lines::to_standard_error() } else { Lines::kept() };
    let exporters = match telemetry::start(&lines) {
        Ok(exporters) => exporters,
        Err(error) => {
            eprintln!("the demo can't run: {error:#}");
            return ExitCode::from(CANT_RUN);
        }
    };
    let ran = demo::run(arguments, load, &Environment::of_the_process(), &lines, &mut Output::of_the_process()).await;
    exporters.end().await;
    match ran {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(error) => {
            eprintln!("the demo can't run: {error:#}");
            ExitCode::from(CANT_RUN)
        }
    }
}

async fn check(arguments: &[String]) -> ExitCode {
    match check::run(arguments, load, &Environment::of_the_process(), &mut Output::of_the_process()).await {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(error) => {
            eprintln!("the connection can't be tested: {error:#}");
            ExitCode::from(CANT_RUN)
        }
    }
}

/// For hosts in other languages, which bring a user agent of their own.
async fn cognito(callback_url: &str) -> ExitCode {
    let cognito = match LocalCognito::start_with_redirect_uris(&[callback_url]).await {
        Ok(cognito) => cognito,
        Err(error) => {
            eprintln!("the local Cognito can't run: {error}");
            return ExitCode::FAILURE;
        }
    };
    let login = serde_json::json!({
        "settings": cognito.settings(callback_url),
        "connector": cognito.connector(),
        "client_secret": cognito.client_secret(),
        "username": DEFAULT_USERNAME,
        "password": DEFAULT_PASSWORD,
    });
    if let Err(error) = writeln!(Output::of_the_process(), "{login}") {
        eprintln!("the local Cognito can't say what to log in with: {error}");
        return ExitCode::FAILURE;
    }
    // Blocks a thread until whoever started this is gone.
    let ended = tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
    let _ = ended.await;
    ExitCode::SUCCESS
}

async fn fleet(arguments: &[String]) -> ExitCode {
    let tried = async {
        let logins = arguments.first().map_or(Ok(fleet::Extent::WHOLE.logins), |logins| logins.parse())?;
        let extent = fleet::Extent { logins, ..fleet::Extent::WHOLE };
        let program = std::env::current_exe()?;
        fleet::run(&program, extent, &mut Output::of_the_process()).await
    };
    match tried.await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("the fleet can't run: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn load() -> anyhow::Result<Compiled> {
    let path = component_artifact::fresh()?;
    // Beside the component, so that the next demo starts at once.
    let code = path.parent().unwrap_or(Path::new(".")).join("code");
    let runtime = Runtime::keeping(Capacity::default(), &code).map_err(|error| anyhow!("{error:#}"))?;
    runtime.load("cognito-oidc", &path).map_err(|error| anyhow!("{error:#}"))
}
