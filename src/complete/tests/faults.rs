//! A walk over a whole login that fails, loses the answer of, or ends the call at every host call and at the act that applies the
//! outcome.
//!
//! Whatever happened: 91 s later one response to the newest attempt, or one `abandoned`, ends every visit whose `begin` returned
//! a redirect; never are two outcomes applied; a code goes out once at most; a newer tab's login isn't lost to an older one.

use serde_json::json;

use crate::step::outcome::{AbandonmentReason, Redirect};
use crate::testing::arbiter::{Told, Visit};
use crate::testing::login::{Act, Login};
use crate::testing::{FaultAt, FaultyCall, Function};

/// Every place of a login at which something goes wrong, in each way; `play` says whether it came to the place.
fn walk(mut play: impl FnMut(FaultyCall) -> bool) {
    let functions = Function::FALLIBLE.into_iter().chain([Function::Now, Function::Apply]);
    for function in functions {
        let mut fired = false;
        for (persists, happens, dies) in [
            (false, false, false),
            (false, true, false),
            (true, false, false),
            (true, true, false),
            (false, false, true),
            (false, true, true),
        ] {
            for nth in 1.. {
                // The time can't fail, but a call can end while it asks.
                if function == Function::Now && !dies {
                    break;
                }
                if !play(FaultyCall { function, nth, persists, happens, dies }) {
                    break;
                }
                fired = true;
            }
        }
        assert!(fired, "{function:?} is never called: nothing was proved of it");
    }
}

/// A login of which something fails.
struct Play {
    login: Login,
    visit: Visit,
    fault: FaultAt,
    told: Vec<String>,
}

impl Play {
    fn new(fault: FaultyCall) -> Self {
        let mut login = Login::new();
        login.set("tokens", json!("revoke"));
        Self { login, visit: Visit::default(), fault: FaultAt::new(fault), told: Vec::new() }
    }

    fn call(&mut self, act: &Act) -> Told {
        let told = self.visit.call(&mut self.login, act, &mut self.fault);
        self.told.push(told.text().to_owned());
        self.check();
        told
    }

    fn begin(&mut self) -> Option<(Redirect, Act)> {
        match self.call(&Act::Begin) {
            Told::Redirect(redirect) => {
                let query = self.login.authorize(&redirect);
                Some((redirect, Act::Query(query)))
            }
            _ => None,
        }
    }

    /// No second exchange of a code; variables are whole, and of the outcome that counts.
    fn check(&self) {
        let mut exchanged = self.login.provider.borrow().exchanged.clone();
        exchanged.sort_unstable();
        assert!(exchanged.windows(2).all(|pair| pair[0] != pair[1]), "a code was sent twice");
        if self.told.last().is_some_and(|told| told == "too late") {
            return;
        }
        let (output, error) = (self.login.output(), self.login.error());
        match self.visit.settled.as_deref() {
            None => assert!(output.is_none() && error.is_none(), "{:?}", self.told),
            Some("authenticated") => {
                assert_eq!(output.unwrap().as_object().unwrap().len(), 7, "{:?}", self.told);
                assert_eq!(error.unwrap()["code"], json!(""));
            }
            Some(failed) => {
                assert!(output.is_none(), "{:?}", self.told);
                // Where no variable can be written, the outcome alone has the code.
                let is_told = error
                    .is_none_or(|error| error["code"].as_str().map(|code| format!("failed: {code}")).as_deref() == Some(failed));
                assert!(is_told || self.fault.persists_in(Function::SetVariable), "{:?}", self.told);
            }
        }
        let moves =
            self.told.iter().filter(|told| matches!(told.as_str(), "authenticated") || told.starts_with("failed")).count();
        // A call that died or failed without being applied is told in the same words: the settlement is what counts.
        assert!(moves <= 2, "{:?}", self.told);
    }

    fn quiet(&mut self) {
        self.fault =
            FaultAt::new(FaultyCall { function: Function::Apply, nth: usize::MAX, persists: false, happens: false, dies: false });
    }
}

#[test]
fn whatever_fails_one_response_or_one_abandonment_ends_the_visit_later() {
    for by_response in [true, false] {
        walk(|fault| {
            let mut play = Play::new(fault);
            let Some((redirect, response)) = play.begin() else {
                assert!(play.fault.has_fired(), "{:?}", play.told);
                return true;
            };
            play.call(&response);
            let fired = play.fault.has_fired();
            play.quiet();
            play.login.advance(91);
            let last = match by_response {
                true => response,
                false => Act::Abandon(redirect.state.expose().to_owned(), AbandonmentReason::TimedOut),
            };
            let before = play.visit.settled.clone();
            play.call(&last);
            assert!(play.visit.settled.is_some(), "{fault:?}: {:?}", play.told);
            if let Some(before) = before {
                assert_eq!(play.visit.settled, Some(before), "{fault:?}: settled once");
            }
            play.call(&last);
            assert_eq!(play.told.last().unwrap(), "too late", "{fault:?}");
            fired
        });
    }
}

/// As a user does who waits no 91 s: the same response again, at once.
#[test]
fn the_same_response_at_once_exchanges_nothing_more() {
    walk(|fault| {
        let mut play = Play::new(fault);
        let Some((_, response)) = play.begin() else { return true };
        for _ in 0..3 {
            play.call(&response);
        }
        play.fault.has_fired()
    });
}

#[test]
fn an_older_tab_that_was_lost_does_not_cost_the_newer_one_its_login() {
    walk(|fault| {
        let mut play = Play::new(fault);
        let Some((_, older)) = play.begin() else { return true };
        play.call(&older);
        let fired = play.fault.has_fired();
        play.quiet();
        if play.visit.settled.is_some() {
            return fired;
        }
        let (_, newer) = play.begin().expect("a second tab");
        for seconds in [0, 91] {
            play.login.advance(seconds);
            play.call(&older);
            // The older one may still succeed itself: its code was never sent.
            if play.visit.settled.is_some() {
                assert_eq!(play.visit.settled.as_deref(), Some("authenticated"), "{fault:?}: {:?}", play.told);
                return fired;
            }
        }
        play.call(&newer);
        assert_eq!(play.visit.settled.as_deref(), Some("authenticated"), "{fault:?}: {:?}", play.told);
        fired
    });
}

#[test]
fn a_second_tab_that_cannot_begin_leaves_the_first_one_its_login() {
    walk(|fault| {
        let mut play = Play::new(FaultyCall { nth: usize::MAX, ..fault });
        let (_, first) = play.begin().expect("a first tab");
        play.fault = FaultAt::new(fault);
        let second = play.begin();
        let fired = play.fault.has_fired();
        play.quiet();
        assert!(play.visit.settled.is_none(), "{fault:?}: {:?}", play.told);
        play.call(&first);
        assert_eq!(play.visit.settled.as_deref(), Some("authenticated"), "{fault:?}: {:?}", play.told);
        // What only a response reaches is proved elsewhere.
        let only_later = matches!(
            fault.function,
            Function::Fetch | Function::Attempt | Function::ReplaceAttempt | Function::Cached | Function::PutCached
        );
        fired || only_later && fault.nth == 1 && second.is_some() && !fault.persists && !fault.happens && !fault.dies
    });
}

/// What the operator and the author read of each single failure.
#[test]
fn each_fault_has_its_outcome() {
    walk(|fault| {
        let mut play = Play::new(fault);
        if let Some((_, response)) = play.begin() {
            play.call(&response);
        }
        let FaultyCall { function, nth, persists, happens, dies } = fault;
        if !play.fault.has_fired() {
            return false;
        }
        let told = play.told.last().unwrap().as_str();
        let is_begin = play.told.len() == 1;
        let expected = match (function, nth) {
            (Function::Apply, _) if dies => "the host died",
            (Function::Apply, _) => "unknown",
            (_, _) if dies && is_begin => "failed: step_trapped",
            // Ended before the component was told that the attempt is its own, or after.
            (_, _) if dies => "failed: step_trapped",
            (Function::SetVariable, 1 | 2) | (Function::PutAttempt, _) => "failed: storage_failed",
            (Function::FillRandom, 1) => "failed: internal",
            (Function::FillRandom, _) => "ignored: internal",
            // The response itself was judged by then.
            (Function::SetVariable, _) => "failed: storage_failed",
            (Function::Attempt, 1) => "ignored: storage_failed",
            // The store is asked again, and its entry shows whose the attempt is.
            (Function::ReplaceAttempt, 1) if persists && !happens => "ignored: storage_failed",
            (Function::ReplaceAttempt, 1) => "authenticated",
            (Function::Fetch, 1) => "failed: token_unavailable",
            (Function::Fetch, 2) => "failed: keys_unavailable",
            (Function::Fetch, 3) => "failed: userinfo_unavailable",
            // The cache and the revocation: best effort.
            (Function::Cached | Function::PutCached | Function::Fetch, _) => "authenticated",
            other => panic!("{other:?} {happens}"),
        };
        assert_eq!(told, expected, "{fault:?}");
        true
    });
}
