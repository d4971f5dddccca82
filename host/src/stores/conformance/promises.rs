//! Every promise, in the order in which they are judged.

use std::pin::Pin;

use super::ground::Ground;
use super::report::{Row, Unheld, Verdict};
use super::{attempts, cache, journeys, lifetimes, scopes, server, variables};

type Judged = Pin<Box<dyn Future<Output = Result<(), Unheld>>>>;

/// What is promised, and how it is judged.
pub(super) struct Promise {
    pub name: &'static str,
    pub says: &'static str,
    /// Whether it waits for lifetimes.
    pub waits: bool,
    pub judge: fn(Ground) -> Judged,
}

/// The only row where the store can't be reached.
pub(super) const CONNECT: Row = Row { name: "connect", promise: "the subject opens three connections", verdict: Verdict::Held };

macro_rules! promises {
    ($($name:literal $judge:path: $says:literal $(, $waits:ident)?;)*) => {
        /// Those that wait stand together; those that break the network come last.
        pub(super) const PROMISES: &[Promise] = &[$(Promise {
            name: $name,
            says: $says,
            waits: promises!(@waits $($waits)?),
            judge: |ground| Box::pin($judge(ground)),
        }),*];
    };
    (@waits waits) => { true };
    (@waits) => { false };
}

promises! {
    "attempts.none" attempts::nothing_is_there_unless_it_was_put: "nothing is there unless it was put, and nothing is replaced";
    "attempts.seen" attempts::what_has_returned_is_seen_on_every_connection:
        "a get sees every put and replace that has returned, on any connection";
    "attempts.revision" attempts::a_revision_never_comes_twice:
        "each put and replace makes a revision that never was before, for the same value too";
    "attempts.replace" attempts::an_entry_is_replaced_in_the_state_that_was_read_alone:
        "an entry is replaced in the state that was read, and in no other";
    "attempts.replace.race" attempts::of_many_who_replace_one_succeeds:
        "of many that replace one revision at once one succeeds, and the entry is its own";
    "attempts.replace.put" attempts::a_put_is_not_lost_to_a_replace: "a put at the same time as a replace stands in the end";
    "attempts.replace.again" attempts::a_replace_that_is_repeated_finds_its_own_value:
        "a replace that is repeated says false, changes nothing, and finds its own value";
    "attempts.dropped" attempts::a_call_that_is_dropped_happens_or_not:
        "a replace that its caller drops happens or not, and the connection goes on";
    "attempts.leave" attempts::a_visit_that_is_left_holds_nothing: "leave drops all entries of the visit, and of no other";
    "attempts.keys" attempts::every_key_is_a_key_of_its_own: "every key of the contract is a key of its own";
    "attempts.values" attempts::values_come_back_as_they_were_put: "values of any kind come back as they were put";
    "attempts.size" attempts::a_long_value_is_taken_whole_or_too_large: "512 KiB are taken; what is too large changes nothing";
    "attempts.entries" attempts::a_visit_holds_many_entries_and_not_any_number:
        "a visit holds 128 entries and not any number; what is refused changes nothing";
    "attempts.scope" scopes::an_attempt_is_of_one_visit: "an entry is one visit's: of tenant, journey, step and round";
    "attempts.scope.joined" scopes::no_two_visits_of_attempts_are_mistaken:
        "no two visits are mistaken for one another, however they are named";
    "journeys.read" journeys::what_was_applied_is_read_on_every_connection:
        "what was applied is read on every connection, the last of several writes";
    "journeys.settle" journeys::a_visit_is_settled_once: "after a settlement no other change of the visit is applied";
    "journeys.settle.race" journeys::of_many_who_settle_one_succeeds:
        "of many that settle one visit at once one succeeds, and everything is its own";
    "journeys.settle.wait" journeys::a_begin_clears_nothing_of_a_settlement:
        "a begin at the same time as a settlement clears nothing of it";
    "journeys.pending" journeys::a_pending_attempt_keeps_a_visit_open:
        "SettleUnlessPending settles nothing while an attempt is pending";
    "journeys.pending.race" journeys::an_attempt_and_a_failure_do_not_both_win:
        "of Wait and SettleUnlessPending at once one comes first, and the other is told so";
    "journeys.whole" journeys::a_reader_sees_all_of_a_change_or_nothing: "a reader sees all of a change or nothing";
    "journeys.again" journeys::a_change_that_is_repeated_is_known_again:
        "the change that settled the visit is known again by its id, and writes nothing";
    "journeys.again.wait" journeys::a_wait_that_is_repeated_waits_on:
        "a wait that is repeated waits on, and clears nothing of a settlement";
    "journeys.again.race" journeys::the_same_change_at_once_is_applied_once:
        "one change, sent several times at once, is told to be applied each time";
    "journeys.dropped" journeys::a_change_that_is_dropped_happens_whole_or_not:
        "a change that its caller drops happens whole or not, and holds nobody up";
    "journeys.settlement" journeys::settlements_come_back_as_they_were: "settlements of every form come back as they were";
    "journeys.forget" journeys::a_journey_that_is_over_is_forgotten_and_no_other:
        "forget drops variables and settlements of the journey, and of no other";
    "journeys.scope" scopes::a_settlement_is_of_one_visit: "a settlement is one visit's, a variable one journey's";
    "journeys.scope.joined" scopes::no_two_journeys_are_mistaken:
        "no two visits or journeys are mistaken for one another, however they are named";
    "journeys.names" variables::every_name_is_a_variable_of_its_own: "every name is a variable of its own";
    "journeys.names.apart" variables::no_variable_is_taken_for_a_settlement:
        "no variable is taken for a settlement, however it is named";
    "journeys.json" variables::json_comes_back_as_it_was_written: "JSON comes back letter by letter";
    "journeys.size" variables::a_long_variable_is_taken_whole_or_nothing_of_its_change:
        "512 KiB are taken; of a change that is too large nothing is applied";
    "names" scopes::names_of_any_kind_are_names: "tenants, journeys and steps have names of any kind";
    "cache.read" cache::what_was_put_last_is_read_or_nothing: "what was put last is read, or nothing";
    "cache.scope" cache::a_cache_is_one_components_of_one_tenant: "an entry is one component's for one tenant";
    "cache.scope.joined" scopes::no_two_caches_are_mistaken: "no two caches are mistaken for one another, however they are named";
    "cache.values" cache::keys_and_values_of_any_kind: "keys and values of any kind come back as they were put";
    "cache.size" cache::a_long_entry_is_kept_whole_or_too_large: "512 KiB are taken; what is too large changes nothing";
    "lifetimes" lifetimes::lifetimes_of_any_length: "a lifetime of any number of seconds is taken or refused";
    "attempts.lifetime" lifetimes::an_attempt_is_kept_as_long_as_it_was_put_for:
        "an entry is kept for its lifetime at least", waits;
    "attempts.lifetime.later" lifetimes::a_later_lifetime_counts: "the lifetime of the last put or replace counts", waits;
    "attempts.lifetime.over" lifetimes::what_has_expired_does_not_come_back:
        "the revision of an entry that has expired doesn't come back", waits;
    "cache.lifetime" lifetimes::a_cached_entry_is_dropped_in_time:
        "a cached entry is dropped after its lifetime at the latest", waits;
    "journeys.lifetime" lifetimes::a_settlement_outlives_every_attempt: "a settlement outlives every attempt of its visit", waits;
    "journeys.pending.lifetime" lifetimes::a_visit_waits_as_long_as_its_longest_attempt:
        "a visit waits as long as its longest attempt, and no longer", waits;
    "server.restart" server::what_was_acknowledged_survives_a_restart:
        "what was acknowledged survives a restart, and connections recover by themselves";
    "server.gone" server::a_server_that_is_gone_is_told_in_time:
        "a server that is gone is told in time, without any value, and connections recover";
    "server.silent" server::a_server_that_is_silent_is_told_in_time:
        "a server that is silent is told in time, without any value, and connections recover";
    "server.lost.replace" server::a_replace_whose_answer_is_lost: "a replace whose answer is lost happened or not, once";
    "server.lost.put" server::a_put_whose_answer_is_lost: "a put whose answer is lost happened or not";
    "server.lost.apply" server::a_change_whose_answer_is_lost:
        "a change whose answer is lost happened whole or not, and is known again";
}
