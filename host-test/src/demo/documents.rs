//! The settings and the connector that the demo runs with.

use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

use super::Arguments;

/// Whose journeys the demo's are.
pub(super) const TENANT: &str = "demo";

/// Settings as an author writes them, where no file says otherwise.
const SETTINGS: &str = r#"{
  "callback_url": "https://login.example.com/callback",
  "scope": "openid profile email phone",
  "event_data": {"custom": ["/outcome", "/error/code", "/exchanges"]}
}"#;

/// A connector, where no file says otherwise.
const CONNECTOR: &str = r#"{
  "name": "Customers",
  "user_pool_id": "eu-west-1_AbCdEf123",
  "domain": "customers",
  "client_id": "6q2fnj1k8mtd4s0v3hb7l9czxa",
  "client_authentication": "client_secret_basic"
}"#;

/// Both documents as written.
#[derive(Clone, Debug)]
pub struct Documents {
    /// The step's settings.
    pub settings: String,
    /// The connector.
    pub connector: String,
}

impl Default for Documents {
    fn default() -> Self {
        Self { settings: SETTINGS.to_owned(), connector: CONNECTOR.to_owned() }
    }
}

impl Documents {
    /// Reads the files named; the others are the defaults.
    ///
    /// # Errors
    /// A file that can't be read.
    pub fn read(arguments: &Arguments) -> anyhow::Result<Self> {
        let read = |path: &Path| std::fs::read_to_string(path).with_context(|| format!("can't read {}", path.display()));
        let mut documents = Self::default();
        if let Some(path) = &arguments.config {
            documents.settings = read(path)?;
        }
        if let Some(path) = &arguments.integration {
            documents.connector = read(path)?;
        }
        Ok(documents)
    }

    /// Whether the connector names an app client that has a secret.
    pub(super) fn wants_secret(&self) -> bool {
        parsed(&self.connector)["client_authentication"] != "none"
    }

    /// The step's settings; `null` if they aren't JSON.
    pub(super) fn settings(&self) -> Value {
        parsed(&self.settings)
    }

    /// The connector; `null` if it isn't JSON.
    pub(super) fn connector(&self) -> Value {
        parsed(&self.connector)
    }
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}
