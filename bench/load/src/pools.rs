//! The local Cognito's user pools, in a process of their own, and the browser that is signed in at each.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Lines, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use host_test::browser::Browser as UserAgent;
use host_test::cognito::{Config, DEFAULT_PASSWORD, DEFAULT_USERNAME, LocalCognito};
use journey_host::ClientSecret;
use serde_json::{Value, json};

use crate::cost::processor_time;

/// Pools, each with issuer, endpoints and signing keys of its own. Tenants take them in turns, each with a connector, a callback
/// URL and a cached key set of its own.
pub const COUNT: usize = 16;

/// The host's. Nothing listens there.
pub const ORIGIN: &str = "http://127.0.0.1:9";

/// The browser stops before a URL that begins with this.
pub const CALLBACKS: &str = "http://127.0.0.1:9/callback/";

/// The process, which ends with this value.
pub struct Pools {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    pools: Vec<Pool>,
    browser: UserAgent,
}

/// What a tenant of this pool has in its connector, and in its vault.
#[derive(Clone)]
pub struct Pool {
    pub connector: String,
    pub secret: Option<ClientSecret>,
    authorization_request: String,
}

impl Pools {
    /// Starts this very program as the pools of so many tenants.
    pub fn start(tenants: usize) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut child = command.arg("pools").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut input = child.stdin.take().context("its input")?;
        let mut output = BufReader::new(child.stdout.take().context("its output")?).lines();
        writeln!(input, "{tenants}")?;
        let ready = output.next().context("the local Cognito ended before it was ready")??;
        let ready: Vec<Value> = serde_json::from_str(&ready)?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let pools = ready.iter().map(|pool| Pool {
            connector: pool["connector"].to_string(),
            secret: pool["secret"].as_str().map(ClientSecret::new),
            authorization_request: text(&pool["authorization_request"]),
        });
        Ok(Self { child, input, output, pools: pools.collect(), browser: UserAgent::new() })
    }

    /// The user signs in at each pool. From then on, an authorization request is answered at once (single sign-on).
    pub async fn sign_in(&self) -> Result<()> {
        for pool in &self.pools {
            let page = self.browser.open_until(&pool.authorization_request, CALLBACKS).await?.page()?;
            let form = page.form().context("the login page has no form")?;
            let fields = [("username", DEFAULT_USERNAME), ("password", DEFAULT_PASSWORD)];
            self.browser.submit_until(&form, &fields, CALLBACKS).await?.stopped()?;
        }
        Ok(())
    }

    pub fn all(&self) -> &[Pool] {
        &self.pools
    }

    pub fn browser(&self) -> &UserAgent {
        &self.browser
    }

    /// What they have used so far.
    pub fn processor_time(&mut self) -> Result<Duration> {
        writeln!(self.input)?;
        let line = self.output.next().context("the local Cognito has ended")??;
        Ok(Duration::from_nanos(line.parse()?))
    }
}

impl Drop for Pools {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Of a tenant, by its number.
pub fn callback_url(tenant: usize) -> String {
    format!("{CALLBACKS}{tenant}")
}

/// Serves until its standard input ends. The first line of that is the number of tenants; each further line asks for its
/// processor time, in nanoseconds.
pub async fn serve() -> Result<()> {
    let mut tenants = String::new();
    std::io::stdin().read_line(&mut tenants)?;
    let tenants: usize = tenants.trim().parse().context("how many tenants?")?;
    let mut running = Vec::new();
    let mut ready = Vec::new();
    for number in 0..COUNT {
        let mut config = Config { user_pool_id: format!("eu-west-1_Load{number:05}"), ..Config::default() };
        config.client.redirect_uris = (number..tenants.max(COUNT)).step_by(COUNT).map(callback_url).collect();
        let client = config.client.id.clone();
        let cognito = LocalCognito::start(config).await?;
        // A key's name never comes back, though its numbers do: each pool has names of its own.
        (0..number).for_each(|_| cognito.rotate_keys());
        let (endpoint, callback_url) = (cognito.authorization_endpoint(), callback_url(number));
        // Of RFC 7636, appendix B. Nobody redeems this code.
        let challenge = "code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let request = format!(
            "{endpoint}?response_type=code&client_id={client}&redirect_uri={callback_url}&state=s&scope=openid&{challenge}"
        );
        ready.push(json!({
            "connector": cognito.connector(), "secret": cognito.client_secret(), "authorization_request": request,
        }));
        running.push(cognito);
    }
    let kids: BTreeSet<String> = running.iter().map(LocalCognito::id_token_kid).collect();
    ensure!(kids.len() == COUNT, "pools share a key");
    println!("{}", Value::from(ready));
    // Blocks a thread until whoever started this is gone.
    let answering = tokio::task::spawn_blocking(move || {
        for line in std::io::stdin().lines() {
            if line.is_err() {
                return;
            }
            println!("{}", processor_time().as_nanos());
        }
    });
    Ok(answering.await?)
}
