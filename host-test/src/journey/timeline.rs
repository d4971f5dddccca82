//! A login's time: each call of the step, what it asked of its host, and the user's part between them.

use std::time::Duration;

use super::events::Event;
use super::host_calls::Asked;
use crate::html::escape;
use journey_host::Import;

/// As a list, in the order in which the calls began. The first begins at zero.
pub(super) fn html(events: &[Event]) -> String {
    let mut events: Vec<&Event> = events.iter().collect();
    events.sort_by_key(|event| event.began);
    let Some(first) = events.first().map(|event| event.began) else {
        return "<p class=\"note\">Another server of the fleet made these calls.</p>\n".to_owned();
    };
    let mut items = String::new();
    let mut free_since = None;
    for event in events {
        let since = event.began.saturating_sub(first);
        if let Some(free_since) = free_since.replace(since + event.usage.wall_clock).filter(|_| event.call == "complete") {
            let users_part = since.saturating_sub(free_since);
            items += &item(free_since, "At Cognito", &format!("The user signs in, or doesn’t: {}.", shown(users_part)), "");
        }
        items += &call(since, event);
    }
    format!("<ol class=\"plain time\">\n{items}</ol>\n")
}

fn call(since: Duration, event: &Event) -> String {
    let asked: String = event.host_calls.chunk_by(is_same).map(self::asked).collect();
    let (all, fetches) = (event.host_calls.len(), event.usage.fetches);
    let exchanges = match fetches {
        0 => "none of them an exchange with Cognito".to_owned(),
        1 => "one of them an exchange with Cognito".to_owned(),
        fetches => format!("{fetches} of them exchanges with Cognito"),
    };
    let folded = match asked.is_empty() {
        true => String::new(),
        false => format!(
            "<details{}><summary>{all} host calls, {exchanges}</summary><ol class=\"plain\">\n{asked}</ol></details>",
            if fetches > 0 { " open" } else { "" }
        ),
    };
    let (call, outcome) = (escape(event.call), escape(&event.outcome.to_string()));
    let took = format!(
        "<code>{outcome}</code>, in {}, of which the component itself computed for {}.",
        shown(event.usage.wall_clock),
        shown(event.usage.cpu)
    );
    item(since, &format!("The step: <code>{call}</code>"), &took, &folded)
}

fn item(since: Duration, title: &str, text: &str, more: &str) -> String {
    format!("<li><p><b>+{}</b> <strong>{title}</strong></p><p>{text}</p>{more}</li>\n", shown(since))
}

/// One host call, or several of the same kind in a row.
fn asked(same: &[Asked]) -> String {
    let Some(Asked { at, import, target, summary, .. }) = same.first() else { return String::new() };
    let took: Duration = same.iter().map(|asked| asked.took).sum();
    let times = if same.len() > 1 { format!("{} × ", same.len()) } else { String::new() };
    let class = if *import == Import::Fetch { " class=\"exchange\"" } else { "" };
    format!(
        "<li{class}><b>+{}</b><code>{import}</code><span>{times}{}</span><span>{}</span><b>{}</b></li>\n",
        shown(*at),
        escape(target),
        escape(summary),
        shown(took)
    )
}

fn is_same(asked: &Asked, next: &Asked) -> bool {
    (asked.import, &asked.target, &asked.summary) == (next.import, &next.target, &next.summary)
}

/// In the unit that fits: `12.3 ms`, `4.5 s`.
fn shown(duration: Duration) -> String {
    match duration.as_secs_f64() {
        seconds if seconds < 1.0 => format!("{:.1} ms", seconds * 1000.0),
        seconds => format!("{seconds:.1} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journey::EventOutcome;
    use journey_host::{OutcomeKind, Usage};

    fn event(call: &'static str, began: u64, target: &str) -> Event {
        let asked = Asked {
            at: Duration::from_millis(1),
            import: Import::Fetch,
            target: target.to_owned(),
            summary: "200, 7 bytes".to_owned(),
            took: Duration::from_millis(2),
        };
        Event {
            number: 0,
            journey: "journey".to_owned(),
            began: Duration::from_secs(began),
            call,
            outcome: EventOutcome { kind: OutcomeKind::Redirect, code: None },
            cause: None,
            event_data: None,
            host_calls: vec![asked],
            usage: Usage { fetches: 1, wall_clock: Duration::from_millis(500), ..Usage::default() },
        }
    }

    #[test]
    fn the_users_part_stands_between_the_calls_and_nothing_is_markup() {
        let html = html(&[event("complete", 110, "POST <script>"), event("begin", 100, "GET x")]);
        let places =
            ["+0.0 ms", "GET x", "200, 7 bytes", "+500.0 ms</b> <strong>At Cognito", "9.5 s", "+10.0 s", "POST &lt;script&gt;"];
        let found: Vec<_> = places.iter().map(|place| html.find(place)).collect();
        assert!(found.is_sorted() && found.iter().all(Option::is_some), "{found:?} {html}");
        assert!(!html.contains("<script>"));
    }
}
