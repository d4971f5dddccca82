//! Variables and settlements: one transaction for each change.

use std::collections::BTreeMap;

use async_trait::async_trait;
use tokio_postgres::IsolationLevel;

use super::super::{Applied, Change, Effect, Journeys, Settlement, StoreError, settlement};
use super::{MARGIN, MAX_VALUE, MAX_WRITES, PostgresStores, judge_names};
use crate::visit::Visit;

/// Locks the journey and then the visit, made here where they aren't yet, and tells how the visit stands now:
/// `ON CONFLICT DO UPDATE` returns what was committed last, also where it had to wait for that.
const LOCK: &str = "WITH locked AS ( \
        INSERT INTO journey_state AS kept (tenant, journey, expires_at) \
        VALUES ($1, $2, clock_timestamp() + make_interval(secs => $5)) \
        ON CONFLICT (tenant, journey) DO UPDATE SET expires_at = greatest(kept.expires_at, excluded.expires_at) \
        RETURNING tenant, journey \
    ) \
    INSERT INTO journey_visit AS visit (tenant, journey, step, round) SELECT tenant, journey, $3, $4 FROM locked \
    ON CONFLICT (tenant, journey, step, round) DO UPDATE SET round = excluded.round \
    RETURNING change_id, coalesce(pending_until > clock_timestamp(), false)";

const WAIT: &str = "UPDATE journey_visit \
    SET pending_until = greatest(pending_until, clock_timestamp() + make_interval(secs => $5)) \
    WHERE tenant = $1 AND journey = $2 AND step = $3 AND round = $4";

const SETTLE: &str = "UPDATE journey_visit SET change_id = $5, settlement = $6 \
    WHERE tenant = $1 AND journey = $2 AND step = $3 AND round = $4";

const WRITE: &str = "INSERT INTO journey_variable (tenant, journey, name, value) \
    SELECT $1, $2, name, value FROM unnest($3::text[], $4::text[]) AS written (name, value) \
    ON CONFLICT (tenant, journey, name) DO UPDATE SET value = excluded.value";

const SETTLEMENT: &str = "SELECT settlement FROM journey_visit WHERE tenant = $1 AND journey = $2 AND step = $3 AND round = $4";

const VARIABLE: &str = "SELECT value FROM journey_variable WHERE tenant = $1 AND journey = $2 AND name = $3";

pub(super) const FORGET: &str = "DELETE FROM journey_state WHERE tenant = $1 AND journey = $2";

#[async_trait]
impl Journeys for PostgresStores {
    async fn apply(&self, visit: &Visit, change: &Change) -> Result<Applied, StoreError> {
        let Visit { tenant, journey, step, round } = visit;
        judge_names(&[tenant, journey, step])?;
        // Of several writes to one name the last one counts; a statement must not touch a row twice.
        let mut writes = BTreeMap::new();
        for write in &change.writes {
            judge_names(&[&write.name])?;
            if write.json.as_ref().is_some_and(|json| json.len() > MAX_VALUE) {
                return Err(StoreError::TooLarge);
            }
            writes.insert(write.name.as_str(), write.json.as_deref());
        }
        if writes.len() > MAX_WRITES {
            return Err(StoreError::Refused(format!("more than {MAX_WRITES} variables in one change")));
        }
        let (names, values): (Vec<&str>, Vec<Option<&str>>) = writes.into_iter().unzip();
        let expires_in = if let Effect::Wait { expires_in } = change.effect { f64::from(expires_in) } else { 0.0 };
        let keep = self.journey_lifetime.as_secs_f64().max(expires_in + MARGIN.as_secs_f64());
        let settled = match &change.effect {
            Effect::Settle(how) | Effect::SettleUnlessPending(how) => Some(settlement::encode(how)?),
            Effect::Wait { .. } => None,
        };
        let round = i64::from(*round);
        let mut lent = self.connections.lend().await?;
        let answer = self.connections.run(async {
            let transaction = lent.client()?.build_transaction().isolation_level(IsolationLevel::ReadCommitted).start().await?;
            let lock = transaction.prepare_cached(LOCK).await?;
            let row = transaction.query_one(&lock, &[tenant, journey, step, &round, &keep]).await?;
            let (change_id, is_pending): (Option<Vec<u8>>, bool) = (row.try_get(0)?, row.try_get(1)?);
            let nothing = match (&change_id, &change.effect) {
                (Some(id), _) if id[..] == change.id.0 => Some(Applied::Yes),
                (Some(_), _) => Some(Applied::Settled),
                (None, Effect::SettleUnlessPending(_)) if is_pending => Some(Applied::Pending),
                (None, _) => None,
            };
            if let Some(nothing) = nothing {
                transaction.rollback().await?;
                return Ok(nothing);
            }
            match &settled {
                Some(how) => {
                    let settle = transaction.prepare_cached(SETTLE).await?;
                    transaction.execute(&settle, &[tenant, journey, step, &round, &&change.id.0[..], how]).await?;
                }
                None => {
                    let wait = transaction.prepare_cached(WAIT).await?;
                    transaction.execute(&wait, &[tenant, journey, step, &round, &expires_in]).await?;
                }
            }
            if !names.is_empty() {
                let write = transaction.prepare_cached(WRITE).await?;
                transaction.execute(&write, &[tenant, journey, &names, &values]).await?;
            }
            transaction.commit().await?;
            Ok(Applied::Yes)
        });
        let answer = answer.await;
        self.connections.conclude(lent, answer)
    }

    async fn settlement(&self, visit: &Visit) -> Result<Option<Settlement>, StoreError> {
        let Visit { tenant, journey, step, round } = visit;
        judge_names(&[tenant, journey, step])?;
        let mut lent = self.connections.lend().await?;
        let answer = self.connections.run(async {
            let client = lent.client()?;
            let settlement = client.prepare_cached(SETTLEMENT).await?;
            let row = client.query_opt(&settlement, &[tenant, journey, step, &i64::from(*round)]).await?;
            Ok(row.map(|row| row.try_get::<_, Option<String>>(0)).transpose()?.flatten())
        });
        let answer = answer.await;
        self.connections.conclude(lent, answer)?.map(|settled| settlement::decode(&settled)).transpose()
    }

    async fn variable(&self, tenant: &str, journey: &str, name: &str) -> Result<Option<String>, StoreError> {
        judge_names(&[tenant, journey, name])?;
        let mut lent = self.connections.lend().await?;
        let answer = self.connections.run(async {
            let client = lent.client()?;
            let variable = client.prepare_cached(VARIABLE).await?;
            let row = client.query_opt(&variable, &[&tenant, &journey, &name]).await?;
            Ok(row.map(|row| row.try_get::<_, Option<String>>(0)).transpose()?.flatten())
        });
        let answer = answer.await;
        self.connections.conclude(lent, answer)
    }

    async fn forget(&self, tenant: &str, journey: &str) -> Result<(), StoreError> {
        judge_names(&[tenant, journey])?;
        let mut lent = self.connections.lend().await?;
        let answer = self.connections.run(async {
            let client = lent.client()?;
            let forget = client.prepare_cached(FORGET).await?;
            client.execute(&forget, &[&tenant, &journey]).await?;
            Ok(())
        });
        let answer = answer.await;
        self.connections.conclude(lent, answer)
    }
}
