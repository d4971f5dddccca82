//! Random histories of a journey's step, against a model of what each call may do.

use proptest::prelude::*;

use crate::step::outcome::AbandonmentReason;
use crate::step::outcome::Redirect;
use crate::testing::login::{Act, Ended, Login, verdict};

/// What happens next; an index names one of the attempts so far.
#[derive(Clone, Debug)]
enum Event {
    Begin,
    Success(usize),
    Error(usize),
    Junk(usize),
    OtherBrowser(usize),
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
        1 => attempt.clone().prop_map(Event::Abandon),
        2 => attempt.prop_map(Event::Loss),
        2 => prop_oneof![Just(1_u64), Just(60), Just(61), Just(901)].prop_map(Event::Passing),
    ]
}

#[derive(Default)]
struct Model {
    now: u64,
    attempts: Vec<Attempt>,
    /// The attempt begun last, while none has moved the journey.
    open: Option<usize>,
}

struct Attempt {
    expires_at: u64,
    /// When, and what was open then.
    taken: Option<(u64, Option<usize>)>,
}

impl Model {
    fn begin(&mut self) {
        self.open = Some(self.attempts.len());
        self.attempts.push(Attempt { expires_at: self.now + 900, taken: None });
    }

    /// A response that its own user agent brings, or the host; and how the attempt would end if it is the first to.
    fn claim(&mut self, index: usize, ending: &str) -> String {
        let (now, open) = (self.now, self.open);
        let attempt = &mut self.attempts[index];
        match attempt.taken {
            Some((at, was_open)) if now > at + 60 && open.is_some() && open == was_open => {
                self.open = None;
                return "failed: login_interrupted".to_owned();
            }
            Some(_) => return "ignored: duplicate".to_owned(),
            None => attempt.taken = Some((now, open)),
        }
        let is_late = now > attempt.expires_at && !ending.ends_with("cancelled");
        match self.open.take() {
            None => "ignored: duplicate".to_owned(),
            Some(_) if is_late => "failed: login_expired".to_owned(),
            Some(_) => ending.to_owned(),
        }
    }
}

struct Run {
    login: Login,
    model: Model,
    /// Each with its code.
    attempts: Vec<(Redirect, String)>,
    /// Outcomes since the step was last begun while nothing was open.
    moves: usize,
}

impl Run {
    fn new() -> Self {
        Self { login: Login::new(), model: Model::default(), attempts: Vec::new(), moves: 0 }
    }

    fn step(&mut self, event: &Event) {
        let (act, expected) = match *event {
            Event::Begin => {
                if self.model.open.is_none() {
                    self.moves = 0;
                }
                let redirect = self.login.begin();
                let query = self.login.authorize(&redirect);
                self.attempts.push((redirect, query));
                return self.model.begin();
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
                    Event::Junk(_) => (Act::Query(format!("{query}&code=x")), "ignored: response_malformed".to_owned()),
                    Event::OtherBrowser(_) => (Act::Query(query.clone()), "ignored: browser_mismatch".to_owned()),
                    Event::Abandon(_) => {
                        let act = Act::Abandon(state.to_owned(), AbandonmentReason::Cancelled);
                        (act, self.model.claim(index, "failed: login_cancelled"))
                    }
                    _ => {
                        let attempt = &mut self.model.attempts[index];
                        if attempt.taken.is_none() {
                            attempt.taken = Some((self.model.now, self.model.open));
                            self.login.lose(&redirect.state);
                        }
                        return;
                    }
                }
            }
        };
        let browser = self.login.journey.browser;
        if matches!(event, Event::OtherBrowser(_)) {
            self.login.journey.browser = b"another browser";
        }
        let variables = self.login.host.variables.clone();
        let Ended::Completed(completed) = self.login.act(&act) else { panic!("begin") };
        self.login.journey.browser = browser;

        assert_eq!(verdict(&completed), expected, "{event:?}");
        if expected.starts_with("ignored") {
            assert_eq!(self.login.host.variables, variables, "ignored, and something changed");
        } else {
            self.moves += 1;
            assert_eq!(self.login.output().is_some(), expected == "authenticated");
        }
        assert!(self.moves <= 1, "the journey was moved twice");
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
