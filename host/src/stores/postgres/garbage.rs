//! What has expired is collected in batches, by one host of a fleet at a time.

use std::sync::Arc;
use std::time::Duration;

use super::super::StoreError;
use super::pool::Connections;

/// Rows that one transaction removes of each table: some milliseconds.
const BATCH: i64 = 1000;

const LOCK: &str = "SELECT pg_try_advisory_xact_lock(hashtext('journey-host: garbage'), hashtext(current_schema()))";

/// An attempt stays an hour longer than it can be read, and its journey with it: an outcome that was decided by it may still be
/// on its way. Rows that somebody is changing are left for the next time.
///
/// By `now()`, which is the same for all rows, so that what is over is found through an index. The database would ask
/// `clock_timestamp()` anew for each row there is.
pub(super) const COLLECT: [&str; 3] = [
    "DELETE FROM journey_attempt WHERE ctid = ANY (ARRAY(SELECT ctid FROM journey_attempt \
        WHERE expires_at <= now() - interval '1 hour' ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED))",
    "DELETE FROM journey_cache WHERE ctid = ANY (ARRAY(SELECT ctid FROM journey_cache \
        WHERE expires_at <= now() ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED))",
    "DELETE FROM journey_state WHERE ctid = ANY (ARRAY(SELECT ctid FROM journey_state AS kept \
        WHERE expires_at <= now() \
        AND NOT EXISTS (SELECT FROM journey_attempt AS left_over WHERE left_over.tenant = kept.tenant AND left_over.journey = kept.journey) \
        ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED))",
];

/// Until nothing is left, or another host is at it.
pub(super) async fn collect(connections: &Connections) -> Result<u64, StoreError> {
    let mut collected = 0;
    loop {
        let mut lent = connections.lend().await?;
        let answer = connections.run(async {
            let transaction = lent.client()?.transaction().await?;
            if !transaction.query_one(LOCK, &[]).await?.try_get::<_, bool>(0)? {
                return Ok((0, false));
            }
            let (mut removed, mut is_more) = (0, false);
            for statement in COLLECT {
                let rows = transaction.execute(statement, &[&BATCH]).await?;
                removed += rows;
                is_more |= rows >= BATCH as u64;
            }
            transaction.commit().await?;
            Ok((removed, is_more))
        });
        let answer = answer.await;
        let (removed, is_more) = connections.conclude(lent, answer)?;
        collected += removed;
        if !is_more {
            return Ok(collected);
        }
    }
}

/// A database that fails is asked again the next time.
pub(super) async fn collect_for_ever(connections: Arc<Connections>, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        let _ = collect(&connections).await;
    }
}
