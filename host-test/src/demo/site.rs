//! The journey server of the demo, and what it tells of each call.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::documents::{Documents, TENANT};
use super::fleet::Fleet;
use super::json::readable;
use super::screen::Screen;
use super::trace::{self, milliseconds};
use crate::journey::{Bound, Definition, Event, Running, create_user};
use crate::masked::without_secrets;
use journey_host::{ClientSecret, Compiled, Egress, Import, Journeys, Limits, Network, OutcomeKind, Services, Step, Usage};

/// In the operator's own terms.
const CONNECTOR: &str = "connector";

/// A journey server with one step, watched.
pub(super) struct Site {
    pub(super) running: Running,
    pub(super) documents: Documents,
    journeys: Arc<dyn Journeys>,
}

impl Site {
    /// Serves the documents as they are.
    pub(super) fn serve(
        bound: Bound,
        compiled: Compiled,
        documents: Documents,
        secret: Option<String>,
        egress: impl FnOnce(&str) -> Result<Egress, String>,
        fleet: Option<&Fleet>,
    ) -> anyhow::Result<Self> {
        let egress = egress(TENANT).map_err(anyhow::Error::msg)?;
        let http = Network::new(egress).map_err(|error| anyhow::anyhow!("{error:#}"))?;
        let services = match fleet {
            Some(fleet) => Services::lasting(http, fleet.stores.clone(), fleet.keyring()?),
            None => Services::in_memory(http),
        };
        let bound = if fleet.is_some() { bound.sharing_sessions() } else { bound }.explaining();
        let callback_url = documents.settings()["callback_url"].as_str().unwrap_or_default().to_owned();
        if fleet.is_some() {
            // Where another one of the fleet serves it.
            services.callbacks.serve(&callback_url, TENANT, CONNECTOR).map_err(anyhow::Error::msg)?;
        }
        let step = Step::new(compiled, services, Limits::default());
        let journeys = Arc::clone(&step.services().journeys);
        let definition = Definition {
            tenant: TENANT.to_owned(),
            settings: documents.settings.clone(),
            connector: documents.connector.clone(),
            connector_id: CONNECTOR.to_owned(),
            client_secret: secret.map(ClientSecret::new),
            has_failure_branch: true,
        };
        let running = bound.serve(step, definition).map_err(anyhow::Error::msg)?;
        Ok(Self { running, documents, journeys })
    }

    /// Where a person begins.
    pub(super) fn start_page(&self) -> String {
        format!("{}/", self.running.base_url())
    }

    /// Where a login begins.
    pub(super) fn start_url(&self) -> String {
        format!("{}/start", self.running.base_url())
    }

    /// The newest call with this name.
    pub(super) fn last(&self, call: &str) -> Option<Event> {
        self.running.events().into_iter().rfind(|event| event.call == call)
    }

    /// What the component asked of the host in one call, and what came of it.
    pub(super) fn print_call(&self, event: &Event, screen: &mut Screen<'_>) -> io::Result<()> {
        screen.line("")?;
        screen.say(&format!("`{}` runs in a fresh sandbox. What it asks of its host:", event.call))?;
        trace::print(&event.host_calls, screen)?;
        screen.row(&format!("{} returns", event.call), &outcome(event))?;
        if let Some(data) = event.event_data.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok()) {
            screen.line("")?;
            screen.say(&format!("The event data that the settings ask for, of `{}`:", event.call))?;
            screen.block(&readable(&data))?;
        }
        Ok(())
    }

    /// What a finished login left for the journey's next steps.
    pub(super) async fn print_result(&self, event: &Event, screen: &mut Screen<'_>) -> anyhow::Result<()> {
        if event.outcome.kind != OutcomeKind::Authenticated {
            let (name, error) = self.written(event, "error_output_variable", "error_output", "category").await?;
            screen.heading(&format!("The error variable `{name}`"))?;
            screen.block(&readable(&error))?;
            return Ok(());
        }
        let (name, output) = self.written(event, "output_variable", "cognito_oidc_output", "login").await?;
        screen.heading(&format!("The output variable `{name}`"))?;
        screen.say("Every key is always there, null or empty where nothing is known. Tokens and nonce are masked here.")?;
        screen.line("")?;
        screen.block(&readable(&without_secrets(output.clone())))?;
        screen.heading("The user that the journey's next step creates")?;
        match create_user(&output) {
            Ok(user) => screen.block(&readable(&user))?,
            Err(missing) => screen.say(&missing.to_string())?,
        }
        Ok(())
    }

    /// A variable that a call wrote, with its name: as the demo's own settings call it; by default, as those of the journeys
    /// beside it do; or as the step does that a person has edited. `member`: one that the other variable lacks.
    async fn written(&self, event: &Event, setting: &str, default: &str, member: &str) -> anyhow::Result<(String, Value)> {
        let settings = self.documents.settings();
        let set = event.host_calls.iter().filter(|asked| asked.import == Import::SetVariable).map(|asked| asked.target.as_str());
        for name in [settings[setting].as_str().unwrap_or(default), default].into_iter().chain(set) {
            let value = self.variable(event, name).await?;
            if value.get(member).is_some() {
                return Ok((name.to_owned(), value));
            }
        }
        Ok((default.to_owned(), Value::Null))
    }

    async fn variable(&self, event: &Event, name: &str) -> anyhow::Result<Value> {
        let json = self.journeys.variable(TENANT, &event.journey, name).await?;
        Ok(json.map_or(Ok(Value::Null), |json| serde_json::from_str(&json))?)
    }

    /// The output variable of the newest login, and its user agent's cookie aside all that a test looks for.
    pub(super) async fn newest_output(&self) -> anyhow::Result<Value> {
        let settings = self.documents.settings();
        let name = settings["output_variable"].as_str().unwrap_or("cognito_oidc_output");
        match self.last("complete") {
            Some(event) => self.variable(&event, name).await,
            None => Ok(Value::Null),
        }
    }
}

/// One call's line in the table of times.
pub(super) fn print_usage(name: &str, usage: &Usage, screen: &mut Screen<'_>) -> io::Result<()> {
    let text = format!(
        "the component itself computed for {}, in {:.1} MB of memory, with {} fetches",
        milliseconds(usage.cpu).trim_start(),
        usage.memory as f64 / f64::from(1 << 20),
        usage.fetches
    );
    print_time(name, usage.wall_clock, &text, screen)
}

/// A line in the table of times.
pub(super) fn print_time(name: &str, time: Duration, text: &str, screen: &mut Screen<'_>) -> io::Result<()> {
    screen.cells(&[(2, name), (18, &milliseconds(time)), (31, text)])
}

/// An outcome in words.
fn outcome(event: &Event) -> String {
    let said = match event.outcome.kind {
        _ if event.cause.is_some() => "the host ended the call",
        OutcomeKind::Redirect => "send the user agent to Cognito",
        OutcomeKind::Busy => "the host is at its limit; nothing ran, and the page asks again",
        OutcomeKind::Authenticated => "the user is known; the journey goes on",
        OutcomeKind::Unknown => "the host's store failed; whether anything was changed is unknown",
        OutcomeKind::Failed => "the login failed; the journey goes on as failure_behavior says",
        OutcomeKind::Ignored | OutcomeKind::Refused => "the journey waits on; nothing was changed",
        OutcomeKind::TooLate => "another call had ended this login before; nothing was changed",
    };
    format!("{}: {said}", event.outcome)
}
