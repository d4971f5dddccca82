//! One visit of the step, as the store keeps it: what was written, which attempts there are, and how it ended. Whatever changes
//! it is an act: all of it or nothing, under an id.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Variables that a call writes, none for one that it removes.
pub(crate) type Writes = Vec<(String, Option<String>)>;

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Visit {
    variables: BTreeMap<String, String>,
    /// Where in the store its attempts lie.
    pub(crate) attempts: Vec<String>,
    newest: Option<Attempt>,
    /// Until when any attempt is pending.
    pending_until: u64,
    acts: Vec<String>,
    pub(crate) ended: Option<Ended>,
    /// Whether the user has another session since he logged in. Whoever knows this one may be somebody else.
    pub(crate) is_left: bool,
}

/// The attempt begun last.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Attempt {
    /// Its name, for `abandoned`.
    pub(crate) state: String,
    /// Seconds since 1970.
    pub(crate) until: u64,
}

/// How a visit was settled.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ended {
    /// The output variable of this name holds the result.
    Authenticated { output_variable: String },
    /// With the code that the client gets.
    Failed { code: String },
}

/// Why an act wasn't done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The visit is settled.
    TooLate,
    /// A failed `begin` settles nothing while an attempt is pending.
    Pending,
}

impl Visit {
    pub(crate) fn holds(&self, act: &str) -> bool {
        self.acts.iter().any(|known| known == act)
    }

    /// The user agent is to be sent away.
    pub(crate) fn await_response(&mut self, act: &str, call: Effects, attempt: Attempt) -> Result<(), Refusal> {
        self.is_open()?;
        self.pending_until = self.pending_until.max(attempt.until);
        self.newest = Some(attempt);
        self.apply(act, call);
        Ok(())
    }

    /// `begin` has failed.
    pub(crate) fn fail_to_begin(&mut self, act: &str, call: Effects, code: String, now: u64) -> Result<(), Refusal> {
        self.is_open()?;
        if self.pending_until > now {
            return Err(Refusal::Pending);
        }
        self.settle(act, call, Ended::Failed { code })
    }

    pub(crate) fn settle(&mut self, act: &str, call: Effects, ended: Ended) -> Result<(), Refusal> {
        self.is_open()?;
        self.is_left = matches!(ended, Ended::Authenticated { .. });
        self.ended = Some(ended);
        // Its name is of no use any more.
        self.newest = None;
        self.apply(act, call);
        Ok(())
    }

    /// How it ended, for the session that the user has since.
    pub(crate) fn in_new_session(&self) -> Self {
        Self { variables: self.variables.clone(), ended: self.ended.clone(), ..Self::default() }
    }

    /// The newest attempt, where nobody answers it any more.
    pub(crate) fn overdue(&self, now: u64) -> Option<&Attempt> {
        self.newest.as_ref().filter(|attempt| self.ended.is_none() && attempt.until <= now)
    }

    /// The value of a variable.
    pub(crate) fn variable(&self, name: &str) -> Option<serde_json::Value> {
        serde_json::from_str(self.variables.get(name)?).ok()
    }

    fn is_open(&self) -> Result<(), Refusal> {
        if self.ended.is_some() { Err(Refusal::TooLate) } else { Ok(()) }
    }

    fn apply(&mut self, act: &str, call: Effects) {
        for (name, json) in call.writes {
            match json {
                Some(json) => self.variables.insert(name, json),
                None => self.variables.remove(&name),
            };
        }
        self.attempts.extend(call.attempts);
        self.acts.push(act.to_owned());
    }
}

/// What a call has done, to be applied with its outcome.
#[derive(Clone, Default)]
pub(crate) struct Effects {
    pub(crate) writes: Writes,
    pub(crate) attempts: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(until: u64) -> Attempt {
        Attempt { state: format!("s{until}"), until }
    }

    fn writing(name: &str, json: Option<&str>) -> Effects {
        Effects { writes: vec![(name.to_owned(), json.map(str::to_owned))], attempts: vec!["a".to_owned()] }
    }

    fn failed() -> Ended {
        Ended::Failed { code: "x".into() }
    }

    #[test]
    fn a_visit_is_settled_once_and_by_its_first_act() {
        let mut visit = Visit::default();
        visit.await_response("1", writing("out", None), attempt(900)).unwrap();
        visit.settle("2", writing("out", Some("1")), failed()).unwrap();
        let settled = visit.clone();
        let output = Ended::Authenticated { output_variable: "out".into() };
        assert_eq!(visit.settle("3", writing("out", Some("2")), output), Err(Refusal::TooLate));
        assert_eq!(visit.await_response("3", Effects::default(), attempt(1)), Err(Refusal::TooLate));
        assert_eq!(visit.fail_to_begin("3", Effects::default(), "y".into(), 1_000), Err(Refusal::TooLate));
        assert_eq!(visit, settled);
        assert!(visit.holds("1") && visit.holds("2") && !visit.holds("3"));
        assert_eq!(visit.variable("out"), Some(1.into()));
    }

    #[test]
    fn a_begin_that_fails_settles_nothing_while_an_attempt_is_pending() {
        let mut visit = Visit::default();
        visit.await_response("1", Effects::default(), attempt(900)).unwrap();
        visit.await_response("2", Effects::default(), attempt(800)).unwrap();
        let before = visit.clone();
        assert_eq!(visit.fail_to_begin("3", writing("error", Some("1")), "x".into(), 899), Err(Refusal::Pending));
        assert_eq!(visit, before);
        visit.fail_to_begin("3", writing("error", Some("1")), "x".into(), 900).unwrap();
        assert_eq!(visit.ended, Some(failed()));
    }

    #[test]
    fn the_newest_attempt_is_overdue_from_its_end_on_until_the_visit_is_settled() {
        let mut visit = Visit::default();
        visit.await_response("1", Effects::default(), attempt(900)).unwrap();
        visit.await_response("2", Effects::default(), attempt(800)).unwrap();
        assert_eq!(visit.overdue(799), None);
        assert_eq!(visit.overdue(800), Some(&attempt(800)));
        visit.settle("3", Effects::default(), failed()).unwrap();
        assert_eq!(visit.overdue(800), None);
        assert!(!serde_json::to_string(&visit).unwrap().contains("s800"), "its name isn't kept");
    }

    #[test]
    fn after_a_login_the_new_session_alone_shows_it() {
        let mut visit = Visit::default();
        visit.await_response("1", Effects::default(), attempt(900)).unwrap();
        let output = Ended::Authenticated { output_variable: "out".into() };
        visit.settle("2", writing("out", Some("\"ada\"")), output.clone()).unwrap();
        let other = visit.in_new_session();
        assert_eq!((other.ended.clone(), other.variable("out")), (Some(output), Some("ada".into())));
        assert!(visit.is_left && !other.is_left);
        assert!(other.attempts.is_empty() && other.overdue(u64::MAX).is_none());
    }

    #[test]
    fn a_visit_is_read_as_it_was_stored() {
        let mut visit = Visit::default();
        visit.await_response("1", writing("out", Some("1")), attempt(900)).unwrap();
        visit.settle("2", Effects::default(), failed()).unwrap();
        assert_eq!(serde_json::from_slice::<Visit>(&serde_json::to_vec(&visit).unwrap()).unwrap(), visit);
    }
}
