//! Variables and settlements: one hash for each journey.

use async_trait::async_trait;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::super::{Applied, Change, ChangeId, Effect, Journeys, Settlement, StoreError, settlement};
use super::script::Call;
use super::{MARGIN, MAX_VALUE, MAX_WRITES, RedisStores, keys, milliseconds};
use crate::visit::Visit;

/// Characters of a change's id in base64url, in front of a settlement.
const ID: usize = 22;

fn written(id: ChangeId) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(id.0)
}

#[async_trait]
impl Journeys for RedisStores {
    async fn apply(&self, visit: &Visit, change: &Change) -> Result<Applied, StoreError> {
        if change.writes.iter().any(|write| write.json.as_ref().is_some_and(|json| json.len() > MAX_VALUE)) {
            return Err(StoreError::TooLarge);
        }
        if change.writes.len() > MAX_WRITES {
            return Err(StoreError::Refused(format!("more than {MAX_WRITES} variables in one change")));
        }
        let journey = keys::journey(&self.prefix, &visit.tenant, &visit.journey);
        let attempts = keys::attempts(&self.prefix, visit);
        let (effect, lifetime, settlement) = match &change.effect {
            Effect::Wait { expires_in } => ("wait", milliseconds(*expires_in), String::new()),
            Effect::Settle(settlement) => ("settle", milliseconds(0), settlement::encode(settlement)?),
            Effect::SettleUnlessPending(settlement) => {
                ("settle_unless_pending", milliseconds(0), settlement::encode(settlement)?)
            }
        };
        let (name, id) = (keys::visit(visit), written(change.id));
        let (kept, margin) = (self.journey_lifetime.as_millis().to_string(), MARGIN.as_millis().to_string());
        let mut arguments = [&name, &id, effect, &lifetime, &settlement, &kept, &margin].map(str::as_bytes).to_vec();
        for write in &change.writes {
            // No JSON text is empty, so an empty one says that the variable was removed.
            arguments.extend([write.name.as_bytes(), write.json.as_deref().unwrap_or_default().as_bytes()]);
        }
        let call = Call { keys: &[&journey, &attempts], arguments: &arguments };
        match self.scripts.apply.call::<String>(&self.connection, call).await?.as_str() {
            "yes" => Ok(Applied::Yes),
            "settled" => Ok(Applied::Settled),
            "pending" => Ok(Applied::Pending),
            _ => Err(StoreError::Unavailable("Redis gave an answer that the script doesn't have".to_owned())),
        }
    }

    async fn settlement(&self, visit: &Visit) -> Result<Option<Settlement>, StoreError> {
        let journey = keys::journey(&self.prefix, &visit.tenant, &visit.journey);
        let field = format!("s{}", keys::visit(visit));
        let settled: Option<String> = self.connection.ask(redis::cmd("HGET").arg(journey).arg(field)).await?;
        // What is too short to hold an id is malformed, and an error.
        settled.map(|settled| settlement::decode(settled.get(ID..).unwrap_or_default())).transpose()
    }

    async fn variable(&self, tenant: &str, journey: &str, name: &str) -> Result<Option<String>, StoreError> {
        let journey = keys::journey(&self.prefix, tenant, journey);
        let json: Option<String> = self.connection.ask(redis::cmd("HGET").arg(journey).arg(format!("v{name}"))).await?;
        Ok(json.filter(|json| !json.is_empty()))
    }

    async fn forget(&self, tenant: &str, journey: &str) -> Result<(), StoreError> {
        self.connection.ask(redis::cmd("UNLINK").arg(keys::journey(&self.prefix, tenant, journey))).await
    }
}
