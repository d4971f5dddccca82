//! Hosts that are killed at each of their calls, and around the act that counts. The visit ends elsewhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::ensure;
use serde_json::{Value, json};

use super::ground::Ground;
use super::logins::listed;

/// Where a call can be stopped: the host call, how many of its name came before, and whether it has happened.
type Point = (String, u64, bool);

/// Each of these calls, before and after; and the apply, too.
fn points(calls: &Value) -> Vec<Point> {
    let calls = calls.as_array().into_iter().flatten();
    let named = calls.filter_map(|call| Some((call[0].as_str()?.to_owned(), call[1].as_u64()?)));
    named.chain([("apply".to_owned(), 0)]).flat_map(|(at, index)| [(at.clone(), index, false), (at, index, true)]).collect()
}

fn stop_at((at, index, after): &Point) -> Value {
    json!({ "do": "stop", "at": at, "index": index, "after": after })
}

/// During `complete`. The same response is given again at once, and 91 s later by all clocks.
pub(super) async fn of_complete(ground: &Arc<Ground>, each: usize) -> anyhow::Result<String> {
    let (journey, target) = ground.signed_in(&ground.hosts[0]).await?;
    let sound = ground.hosts[1].ask(json!({ "do": "complete", "journey": journey, "target": target })).await?;
    let points = points(&sound["calls"]);
    ensure!(points.len() > 20, "only {} points", points.len());
    let points: Vec<Point> = points.into_iter().step_by(each).collect();
    let (mut at_once, mut later) = (BTreeMap::new(), BTreeMap::new());
    for point in &points {
        let victim = ground.another_host().await?;
        let (journey, target) = ground.signed_in(&ground.hosts[0]).await?;
        let mark = ground.cognito.requests().mark();
        victim.ask(stop_at(point)).await?;
        let call = victim.ask(json!({ "do": "complete", "journey": journey, "target": target }));
        tokio::select! {
            answer = call => anyhow::bail!("{point:?} wasn't reached: {}", answer?),
            () = victim.kill_where_it_stops() => {}
        }
        let first = ground.complete(&ground.hosts[1], &journey, &target).await?;
        ensure!(
            ["authenticated", "ignored: duplicate", "too late: duplicate"].contains(&first.as_str()),
            "{point:?}: at once {first}"
        );
        ground.advance(91).await?;
        let then = ground.complete(&ground.hosts[2], &journey, &target).await?;
        ensure!(["too late: duplicate", "failed: login_interrupted"].contains(&then.as_str()), "{point:?}: later {then}");
        ensure!(ground.is_settled(&ground.hosts[0], &journey).await?, "{point:?}: the visit is open");
        match then.as_str() {
            "failed: login_interrupted" => {
                let code = ground.error_code(&ground.hosts[0], &journey).await?;
                ensure!(code.as_deref() == Some("login_interrupted"), "{point:?}: the error variable says {code:?}");
            }
            _ => ground.has_output(&ground.hosts[0], &journey).await?,
        }
        let exchanges = ground.exchanges_since(mark);
        ensure!(exchanges <= 1, "{point:?}: the code was sent {exchanges} times");
        *at_once.entry(first).or_default() += 1;
        *later.entry(then).or_default() += 1;
    }
    Ok(format!(
        "{} kills; elsewhere at once: {}; 91 s later: {}; no code sent twice",
        points.len(),
        listed(&at_once),
        listed(&later)
    ))
}

/// During `begin`. The user starts again elsewhere.
pub(super) async fn of_begin(ground: &Arc<Ground>, each: usize) -> anyhow::Result<String> {
    let sound = ground.hosts[0].ask(json!({ "do": "begin", "journey": ground.journey() })).await?;
    let points = points(&sound["calls"]);
    ensure!(points.len() > 6, "only {} points", points.len());
    let points: Vec<Point> = points.into_iter().step_by(each).collect();
    for point in &points {
        let victim = ground.another_host().await?;
        let journey = ground.journey();
        victim.ask(stop_at(point)).await?;
        let call = victim.ask(json!({ "do": "begin", "journey": journey }));
        tokio::select! {
            answer = call => anyhow::bail!("{point:?} wasn't reached: {}", answer?),
            () = victim.kill_where_it_stops() => {}
        }
        let target = ground.sign_in(&ground.begin(&ground.hosts[1], &journey).await?).await?;
        ground.completes(&ground.hosts[2], &journey, &target).await?;
    }
    Ok(format!("{} kills; each user began again on another host, and was authenticated by a third", points.len()))
}

/// A host that is killed between the two: nobody needs it any more.
pub(super) async fn between(ground: &Arc<Ground>, logins: usize) -> anyhow::Result<String> {
    let victim = ground.another_host().await?;
    let mut under_way = Vec::new();
    for _ in 0..logins {
        under_way.push(ground.signed_in(&victim).await?);
    }
    victim.kill();
    for (journey, target) in &under_way {
        ground.completes(&ground.hosts[0], journey, target).await?;
    }
    Ok(format!("{logins} logins under way, all authenticated elsewhere"))
}
