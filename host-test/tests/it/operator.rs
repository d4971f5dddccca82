//! `docs/operator.md`, the alert rules and the dashboard name what the host shows, and nothing else; and what they say can be
//! followed from the demo's last lines to the cause.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use host_test::browser::Browser as UserAgent;
use host_test::cognito::{DEFAULT_PASSWORD, DEFAULT_USERNAME};
use journey_host::telemetry::{Kind, METRICS, Metric};
use serde_json::Value;

use crate::exported::{Collector, Exported};
use crate::outcomes::documented;
use crate::stage::{Stage, verdict};
use crate::telemetry::every_field;

const OPERATOR: &str = include_str!("../../../docs/operator.md");
const ALERTS: &str = include_str!("../../../ops/prometheus-alerts.yaml");
const DASHBOARD: &str = include_str!("../../../ops/grafana-dashboard.json");

/// The rows of the table with this head.
fn rows(head: &str) -> Vec<Vec<&'static str>> {
    let table = OPERATOR.split_once(&format!("\n{head}\n")).unwrap_or_else(|| panic!("no table {head}")).1;
    let rows = table.lines().skip(1).take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect()).collect()
}

/// What stands between backticks.
fn names(cell: &str) -> BTreeSet<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Each alert's name, expression and link.
fn alerts() -> Vec<(&'static str, &'static str, &'static str)> {
    let alerts: Vec<_> = ALERTS.split("- alert: ").skip(1).collect();
    let line = |alert: &'static str, key: &str| {
        let line = alert.lines().find_map(|line| line.trim().strip_prefix(key));
        line.unwrap_or_else(|| panic!("{key} of {alert}")).trim()
    };
    alerts.into_iter().map(|alert| (alert.lines().next().unwrap(), line(alert, "expr:"), line(alert, "runbook:"))).collect()
}

/// What a query of the dashboard asks for.
fn queries() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(DASHBOARD).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().expect("targets"));
    targets.map(|target| target["expr"].as_str().expect("a query").to_owned()).collect()
}

/// The labels that a query selects by, each with its values.
type Labels = Vec<(String, Vec<String>)>;

/// The metrics that a query names, each with the labels that it selects by, and their values.
fn selected(query: &str) -> Vec<(&'static Metric, Labels)> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let starts = query.match_indices("journey_step_").filter(|(at, _)| !query[..*at].ends_with(word));
    starts
        .map(|(at, _)| {
            let rest = &query[at..];
            let name = &rest[..rest.find(|c| !word(c)).unwrap_or(rest.len())];
            let of_histogram = ["_bucket", "_sum", "_count"].into_iter().find_map(|suffix| name.strip_suffix(suffix));
            let metric = METRICS.iter().find(|metric| match metric.kind {
                Kind::Histogram => Some(metric.name) == of_histogram,
                _ => metric.name == name,
            });
            let metric = metric.unwrap_or_else(|| panic!("{name} isn't a metric: {query}"));
            let selector =
                rest[name.len()..].strip_prefix('{').and_then(|rest| rest.split_once('}')).map_or("", |(selector, _)| selector);
            let labels = selector.split(", ").filter(|label| !label.is_empty()).map(|label| {
                let (name, value) = label.split_once('"').expect("a value in quotes");
                let values = value.trim_end_matches('"').split('|').map(str::to_owned).collect();
                (name.trim_end_matches(['=', '~', '!']).to_owned(), values)
            });
            (metric, labels.collect())
        })
        .collect()
}

#[test]
fn each_metric_has_its_row() {
    let expected: Vec<Vec<String>> = METRICS
        .iter()
        .map(|Metric { name, kind, unit, labels, about }| {
            let labels: Vec<_> = labels.iter().map(|label| format!("`{label}`")).collect();
            let labels = if labels.is_empty() { "–".to_owned() } else { labels.join(", ") };
            vec![format!("`{name}`"), format!("{kind:?}").to_lowercase(), (*unit).to_owned(), labels, (*about).to_owned()]
        })
        .collect();
    assert_eq!(rows("| Metric | Kind | Unit | Labels | Says |"), expected);
}

/// What is recorded is what the table says: names, labels and no others.
#[tokio::test]
async fn what_is_recorded_is_in_the_table() {
    let captured = Exported::begin();
    let mut stage = Stage::new().await;
    stage.step = stage.step.with_telemetry(journey_host::Telemetry::new().labelling_tenants());
    assert_eq!(verdict(&stage.login().await), "authenticated");
    stage.step = stage.step.with_limits(journey_host::Limits { fetches: 0, ..journey_host::Limits::default() });
    stage.next_journey();
    assert_eq!(verdict(&stage.login().await), "failed: destination_denied");
    let mut recorded: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in captured.metrics().lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let (series, _) = line.rsplit_once(' ').expect("a value");
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let name = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name);
        let labels = labels.split("\",").filter_map(|label| Some(label.split_once('=')?.0.to_owned()));
        recorded.entry(name.to_owned()).or_default().extend(labels.filter(|label| label != "le"));
    }
    // Nobody waited here.
    let expected = METRICS.iter().filter(|metric| metric.name != "journey_step_calls_waiting");
    let expected: BTreeMap<_, _> =
        expected.map(|metric| (metric.name.to_owned(), metric.labels.iter().map(|&label| label.to_owned()).collect())).collect();
    assert_eq!(recorded, expected);
}

#[tokio::test]
async fn each_attribute_and_each_field_has_its_row() {
    let [call, fetch, line] = every_field().await;
    let of = |whose: &[&str]| -> BTreeSet<String> {
        let rows = rows("| Attribute | Of | Says |").into_iter().filter(|row| whose.contains(&row[1]));
        rows.flat_map(|row| names(row[0])).collect()
    };
    assert_eq!(of(&["call", "both"]), call);
    assert_eq!(of(&["fetch", "both"]), fetch);
    let fields: BTreeSet<String> = rows("| Field | Says |").into_iter().flat_map(|row| names(row[0])).collect();
    assert_eq!(fields, line);
}

#[test]
fn alerts_and_dashboard_ask_for_metrics_labels_and_values_that_exist() {
    let values: BTreeMap<String, BTreeSet<String>> =
        rows("| Label | Values |").into_iter().map(|row| (names(row[0]).pop_first().expect("a name"), names(row[1]))).collect();
    let codes = documented();
    let all: Vec<String> = alerts().iter().map(|(_, query, _)| (*query).to_owned()).chain(queries()).collect();
    assert!(all.len() > 25);
    let mut asked = BTreeSet::new();
    for query in &all {
        let selected = selected(query);
        assert!(!selected.is_empty(), "{query}");
        for (metric, labels) in selected {
            asked.insert(metric.name);
            for (name, chosen) in labels {
                assert!(metric.labels.contains(&&*name), "{} has no label {name}: {query}", metric.name);
                for value in chosen {
                    let is_known = match name.as_str() {
                        "code" => value.is_empty() || value == "step_trapped" || codes.contains_key(&value),
                        _ => values.get(&name).is_some_and(|values| values.contains(&value)),
                    };
                    assert!(is_known, "{name} is never {value}: {query}");
                }
            }
        }
        let grouped = query.split("by (").skip(1).flat_map(|rest| rest.split_once(')').expect("an end").0.split(", "));
        for label in grouped.filter(|label| *label != "le") {
            assert!(METRICS.iter().any(|metric| metric.labels.contains(&label)), "nothing has the label {label}: {query}");
        }
    }
    for metric in METRICS {
        assert!(asked.contains(metric.name), "nobody looks at {}", metric.name);
    }
}

#[test]
fn each_alarm_has_its_section_with_its_query() {
    let alerts = alerts();
    assert!(alerts.len() > 10);
    for (name, query, link) in &alerts {
        assert_eq!(*link, format!("docs/operator.md#{}", name.to_lowercase()));
        let marker = format!("\n### {name}\n");
        assert_eq!(OPERATOR.matches(&marker).count(), 1, "{name}");
        let section = OPERATOR.split_once(&marker).unwrap().1.split("\n#").next().unwrap();
        for part in ["**Means.**", "**First look.**", "**Do.**", "jq '"] {
            assert!(section.contains(part), "{name} lacks {part}");
        }
        assert!(section.contains(&format!("```promql\n{query}\n```")), "{name}: {query}");
    }
    let sections = OPERATOR.split_once("\n## Alarms\n").unwrap().1.split("\n## ").next().unwrap().matches("\n### ").count();
    assert_eq!(sections, alerts.len(), "a section without an alarm");
}

/// The demo as its own process, which ends with this.
struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn demo(arguments: &[&str], environment: &[(&str, &str)]) -> Demo {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_host-test"));
    demo.arg("demo").args(arguments).envs(environment.iter().copied());
    Demo(demo.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the demo"))
}

/// From the alert to the cause, as the documents say; then the end by SIGTERM.
#[tokio::test(flavor = "multi_thread")]
async fn a_failure_of_the_demo_is_followed_from_the_alert_to_its_cause() {
    let mut demo = demo(&["--serve", "--fail", "wrong-secret"], &[]);
    let mut printed = BufReader::new(demo.0.stdout.take().unwrap());
    let mut lines = Vec::new();
    let metrics = loop {
        let mut line = String::new();
        assert!(printed.read_line(&mut line).unwrap() > 0, "{lines:?}");
        lines.push(line.trim().to_owned());
        if let Some(url) = line.trim().strip_prefix("metrics") {
            break url.trim().to_owned();
        }
    };
    let start = lines.iter().find_map(|line| line.strip_prefix("open")).expect("where to begin").trim().to_owned();

    let browser = UserAgent::new();
    let login_page = browser.open(&format!("{start}start")).await.expect("a page");
    let fields = [("username", DEFAULT_USERNAME), ("password", DEFAULT_PASSWORD)];
    let ended = browser.submit(&login_page.form().expect("a form"), &fields).await.expect("a page");
    assert!(ended.text().contains("client_rejected"), "{}", ended.text());

    // The alert's own condition.
    let (_, query, link) = alerts().into_iter().find(|(name, ..)| *name == "JourneyClientRejected").expect("the alert");
    let (metric, labels) = selected(query).remove(0);
    let (label, value) = (&labels[0].0, &labels[0].1[0]);
    let text = browser.open(&metrics).await.expect("metrics").text();
    let wanted = format!("{label}=\"{value}\"");
    let series = text.lines().find(|line| line.starts_with(metric.name) && line.contains(&wanted)).expect("the series");
    assert!(series.ends_with(" 1"), "{series}");
    assert_eq!(link, "docs/operator.md#journeyclientrejected");

    let terminated = Command::new("kill").args(["-TERM", &demo.0.id().to_string()]).status().expect("kill");
    assert!(terminated.success());
    let (mut out, mut log) = (String::new(), String::new());
    printed.read_to_string(&mut out).unwrap();
    demo.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(demo.0.wait().unwrap().success(), "{out}{log}");

    // The section's log query, and what its first look names.
    let line =
        log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).find(|line| line["code"] == "client_rejected");
    let line = line.unwrap_or_else(|| panic!("no line: {log}"));
    assert_eq!(line["provider_error"], "invalid_client");
    for field in ["tenant", "connector", "client_id", "client_authentication", "provider_status", "has_client_secret"] {
        assert!(!line[field].is_null(), "{field}: {line}");
    }
    assert!(!log.contains("one-that-was-rotated-away"), "{log}");
}

/// By the standard environment variables alone.
#[tokio::test(flavor = "multi_thread")]
async fn the_demo_sends_its_spans_where_the_environment_says() {
    let collector = Collector::start().await;
    let environment = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url.as_str()), ("OTEL_SERVICE_NAME", "logins")];
    let demo = demo(&[], &environment);
    let ended = tokio::task::spawn_blocking(move || {
        let mut demo = demo;
        let mut printed = String::new();
        demo.0.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
        (demo.0.wait().unwrap().success(), printed)
    });
    let (succeeded, printed) = ended.await.unwrap();
    assert!(succeeded, "{printed}");
    let spans = collector.spans();
    let named = |name: &str| spans.iter().filter(|span| span.name == name).collect::<Vec<_>>();
    assert_eq!(
        named("step.call").iter().filter(|call| call.parent_span_id.is_empty()).count(),
        1,
        "the demo's own question ahead of it"
    );
    let (callback, calls) = (named("GET /callback"), named("step.call"));
    let [callback] = callback.as_slice() else { panic!("{}", spans.len()) };
    assert_eq!(callback.kind, 2, "a server's span");
    let call = calls.iter().find(|call| call.parent_span_id == callback.span_id).expect("the call within the request");
    assert!(
        spans.iter().any(|span| span.name == "POST" && span.parent_span_id == call.span_id),
        "and the exchange within the call"
    );
    assert!(collector.text().contains("service.name") && collector.text().contains("logins"));
}
