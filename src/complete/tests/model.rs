//! Random histories of a journey's step, against a model of what each call may do and which outcome counts.

use proptest::prelude::*;

use crate::step::outcome::{AbandonmentReason, Redirect};
use crate::testing::arbiter::{Told, Visit};
use crate::testing::login::{Act, Login};
use crate::testing::{FaultAt, FaultyCall, Function};

/// What happens next; an index names one of the attempts so far.
#[derive(Clone, Debug)]
enum Event {
    Begin,
    Success(usize),
    Error(usize),
    Junk(usize),
    OtherBrowser(usize),
    Elsewhere(usize),
    Abandon(usize),
    /// A call takes the attempt and dies.
    Loss(usize),
    Passing(u64),
}

fn event() -> impl Strategy<Value = Event> {
    let attempt = 0..4_usize;
    prop_oneof![
        3 => Just(Event::Begin),
        4 => attempt.clone().prop_map(Event::Success),
        2 => attempt.clone().prop_map(Event::Error),
        1 => attempt.clone().prop_map(Event::Junk),
        1 => attempt.clone().prop_map(Event::OtherBrowser),
        1 => attempt.clone().prop_map(Event::Elsewhere),
        1 => attempt.clone().prop_map(Event::Abandon),
        2 => attempt.prop_map(Event::Loss),
        2 => prop_oneof![Just(1_u64), Just(90), Just(91), Just(901)].prop_map(Event::Passing),
    ]
}

#[derive(Default)]
struct Model {
    now: u64,
    attempts: Vec<Attempt>,
    is_settled: bool,
}

struct Attempt {
    expires_at: u64,
    taken_at: Option<u64>,
}

impl Model {
    fn begin(&mut self) {
        self.attempts.push(Attempt { expires_at: self.now + 900, taken_at: None });
    }

    /// A response that its own user agent brings, or the host; and how the attempt would end.
    fn claim(&mut self, index: usize, ending: &str) -> String {
        if self.is_settled {
            return "too late".to_owned();
        }
        let (now, is_newest, is_host) = (self.now, index + 1 == self.attempts.len(), ending.ends_with("cancelled"));
        let attempt = &mut self.attempts[index];
        match attempt.taken_at {
            Some(at) if now > at + 90 && (is_newest || is_host) => {
                self.is_settled = true;
                return "failed: login_interrupted".to_owned();
            }
            Some(_) => return "ignored: duplicate".to_owned(),
            None if now > attempt.expires_at && !is_newest && !is_host => return "ignored: duplicate".to_owned(),
            None => attempt.taken_at = Some(now),
        }
        self.is_settled = true;
        if now > attempt.expires_at && !is_host { "failed: login_expired".to_owned() } else { ending.to_owned() }
    }

    /// A call takes the attempt, if it may, and is never heard of again.
    fn lose(&mut self, index: usize) -> bool {
        let (now, is_newest) = (self.now, index + 1 == self.attempts.len());
        let attempt = &mut self.attempts[index];
        let may_take = !self.is_settled && attempt.taken_at.is_none() && (is_newest || now <= attempt.expires_at);
        if may_take {
            attempt.taken_at = Some(now);
        }
        may_take
    }

    fn ignored(&self, code: &str) -> String {
        if self.is_settled { "too late".to_owned() } else { format!("ignored: {code}") }
    }
}

struct Run {
    login: Login,
    visit: Visit,
    model: Model,
    /// Each with its code.
    attempts: Vec<(Redirect, String)>,
}

impl Run {
    fn new() -> Self {
        Self { login: Login::new(), visit: Visit::default(), model: Model::default(), attempts: Vec::new() }
    }

    fn call(&mut self, act: &Act) -> Told {
        let nowhere = FaultyCall { function: Function::Apply, nth: usize::MAX, persists: false, happens: false, dies: false };
        self.visit.call(&mut self.login, act, &mut FaultAt::new(nowhere))
    }

    fn step(&mut self, event: &Event) {
        let (act, expected) = match *event {
            Event::Begin => {
                match self.call(&Act::Begin) {
                    Told::Redirect(redirect) => {
                        let query = self.login.authorize(&redirect);
                        self.attempts.push((redirect, query));
                        self.model.begin();
                    }
                    told => assert!(self.model.is_settled && told.text() == "too late", "{told:?}"),
                }
                return;
            }
            Event::Passing(seconds) => {
                self.login.advance(seconds);
                self.model.now += seconds;
                return;
            }
            Event::Success(index)
            | Event::Error(index)
            | Event::Junk(index)
            | Event::OtherBrowser(index)
            | Event::Elsewhere(index)
            | Event::Abandon(index)
            | Event::Loss(index) => {
                let Some((redirect, query)) = self.attempts.get(index) else { return };
                let state = redirect.state.expose();
                match event {
                    Event::Success(_) => (Act::Query(query.clone()), self.model.claim(index, "authenticated")),
                    Event::Error(_) => {
                        let query = format!("error=access_denied&state={state}");
                        (Act::Query(query), self.model.claim(index, "failed: access_denied"))
                    }
                    Event::Junk(_) => (Act::Query(format!("{query}&code=x")), self.model.ignored("response_malformed")),
                    Event::OtherBrowser(_) => (Act::Query(query.clone()), self.model.ignored("browser_mismatch")),
                    Event::Elsewhere(_) => (Act::Query(query.clone()), self.model.ignored("callback_mismatch")),
                    Event::Abandon(_) => {
                        let act = Act::Abandon(state.to_owned(), AbandonmentReason::Cancelled);
                        (act, self.model.claim(index, "failed: login_cancelled"))
                    }
                    _ => {
                        if self.model.lose(index) {
                            self.login.lose(&redirect.state);
                        }
                        return;
                    }
                }
            }
        };
        let journey = self.login.journey.clone();
        match event {
            Event::OtherBrowser(_) => self.login.journey.browser = b"another browser",
            Event::Elsewhere(_) => self.login.journey.arrives_at = Some("https://evil.example/callback".into()),
            _ => {}
        }
        let variables = self.login.host.variables.clone();
        let told = self.call(&act);
        self.login.journey = journey;

        assert_eq!(told.text(), expected, "{event:?}");
        match told {
            Told::Settled(_) => assert_eq!(self.login.output().is_some(), expected == "authenticated"),
            _ => assert_eq!(self.login.host.variables, variables, "nothing was told, and something changed"),
        }
        let mut exchanged = self.login.provider.borrow().exchanged.clone();
        exchanged.sort_unstable();
        assert!(exchanged.windows(2).all(|pair| pair[0] != pair[1]), "a code was sent twice");
    }
}

proptest! {
    #[test]
    fn c03_c16_any_history_moves_the_journey_once_a_visit_and_sends_each_code_once(events in prop::collection::vec(event(), 1..24)) {
        let mut run = Run::new();
        run.step(&Event::Begin);
        for event in &events {
            run.step(event);
        }
    }
}
