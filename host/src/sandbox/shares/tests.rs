use std::collections::HashMap;

use proptest::prelude::*;

use super::places::less_kept;
use super::*;
use crate::table::testing::{AMONG, assert_constant, assert_logarithmic, steps};

/// As many calls of a tenant as it can get at once.
fn take_all(shares: &mut Shares, tenant: &str, phase: Phase) -> usize {
    let mut granted = 0;
    while shares.ask(tenant, phase) == Admission::Granted {
        granted += 1;
    }
    granted
}

#[test]
fn a_tenant_holds_a_quarter_and_begins_with_three_quarters_of_that() {
    let mut shares = Shares::new(Capacity::default());
    assert_eq!(take_all(&mut shares, "a", Phase::Begin), 12);
    assert_eq!(take_all(&mut shares, "a", Phase::Complete), 4);
    let mut shares = Shares::new(Capacity::default());
    assert_eq!(take_all(&mut shares, "a", Phase::Complete), 16);
    assert_eq!(take_all(&mut shares, "a", Phase::Begin), 0);
}

#[test]
fn however_many_tenants_take_what_they_can_get_something_stays_free() {
    for greedy in 1..=40 {
        for phase in [Phase::Begin, Phase::Complete] {
            let mut shares = Shares::new(Capacity::default());
            // In turns, ten times each share.
            for turn in 0..160 * greedy {
                shares.ask(&format!("greedy {}", turn % greedy), phase);
            }
            for phase in [Phase::Begin, Phase::Complete] {
                assert_eq!(shares.ask("modest", phase), Admission::Granted, "{greedy} tenants, {phase:?}");
                shares.give_back("modest", phase);
            }
        }
    }
}

#[test]
fn however_many_tenants_wait_another_one_may_wait_too() {
    let mut shares = Shares::new(Capacity { sandboxes: 1, per_tenant: 1, ..Capacity::default() });
    assert_eq!(shares.ask("greedy 0", Phase::Complete), Admission::Granted);
    for turn in 0..16_000 {
        shares.ask(&format!("greedy {}", turn % 40), Phase::Begin);
    }
    assert!(matches!(shares.ask("modest", Phase::Begin), Admission::Waits(_)));
    assert!(matches!(shares.ask("modest", Phase::Complete), Admission::Waits(_)));
}

#[test]
fn where_begins_fill_what_they_may_complete_still_gets_a_sandbox_and_a_place_to_wait() {
    let mut shares = Shares::new(Capacity::default());
    // One each, so that only the rule for all of them together holds them back.
    for tenant in 0..1000 {
        shares.ask(&tenant.to_string(), Phase::Begin);
    }
    assert_eq!((shares.running.all.begins, shares.waiting.all.begins), (48, 192));
    assert_eq!(shares.ask("another", Phase::Begin), Admission::Busy);
    for tenant in 0..16 {
        assert_eq!(shares.ask(&format!("back {tenant}"), Phase::Complete), Admission::Granted);
    }
    assert!(matches!(shares.ask("last", Phase::Complete), Admission::Waits(_)));
}

#[test]
fn a_free_sandbox_goes_to_the_tenant_that_holds_fewest_and_then_to_who_waited_longest() {
    let mut shares = Shares::new(Capacity { sandboxes: 4, per_tenant: 4, waiting: 16, waiting_per_tenant: 8 });
    for tenant in ["a", "a", "b", "c"] {
        assert_eq!(shares.ask(tenant, Phase::Complete), Admission::Granted);
    }
    let waits = |shares: &mut Shares, tenant: &str| match shares.ask(tenant, Phase::Complete) {
        Admission::Waits(ticket) => ticket,
        other => panic!("{other:?}"),
    };
    let (a, d, e) = (waits(&mut shares, "a"), waits(&mut shares, "d"), waits(&mut shares, "e"));
    assert_eq!(shares.give_back("b", Phase::Complete), [d]);
    assert_eq!(shares.give_back("c", Phase::Complete), [e]);
    assert_eq!(shares.give_back("d", Phase::Complete), [], "one is free, and its tenant holds two");
    assert_eq!(shares.give_back("a", Phase::Complete), [a]);
}

#[test]
fn who_withdraws_leaves_its_place_to_another() {
    let mut shares = Shares::new(Capacity { sandboxes: 1, per_tenant: 1, waiting: 1, waiting_per_tenant: 1 });
    assert_eq!(shares.ask("a", Phase::Complete), Admission::Granted);
    let Admission::Waits(first) = shares.ask("b", Phase::Complete) else { panic!("b waits") };
    assert_eq!(shares.ask("c", Phase::Complete), Admission::Busy);
    shares.withdraw("b", Phase::Complete, first);
    shares.withdraw("b", Phase::Complete, first);
    let Admission::Waits(second) = shares.ask("c", Phase::Complete) else { panic!("c waits") };
    assert_eq!(shares.give_back("a", Phase::Complete), [second]);
    assert_eq!(shares.give_back("c", Phase::Complete), []);
    assert!(shares.tenants.is_empty(), "nothing is kept of tenants that have nothing");
    assert_eq!((shares.running.all, shares.waiting.all), (Count::default(), Count::default()));
}

#[test]
fn who_withdraws_what_no_longer_waits_takes_nothing_from_others() {
    let mut shares = Shares::new(Capacity { sandboxes: 1, per_tenant: 1, waiting: 4, waiting_per_tenant: 4 });
    assert_eq!(shares.ask("a", Phase::Complete), Admission::Granted);
    let Admission::Waits(first) = shares.ask("b", Phase::Complete) else { panic!("b waits") };
    let Admission::Waits(second) = shares.ask("b", Phase::Complete) else { panic!("b waits") };
    shares.withdraw("b", Phase::Complete, first);
    shares.withdraw("b", Phase::Complete, first);
    assert_eq!(shares.waiting.all.total(), 1);
    assert_eq!(shares.give_back("a", Phase::Complete), [second]);
}

/// Room for as many as the steps are counted among, though a tenant never gets more than it leaves.
const ROOMY: Capacity = Capacity { sandboxes: 40_000, per_tenant: 40_000, waiting: 40_000, waiting_per_tenant: 40_000 };

#[test]
fn a_call_that_ends_gives_its_sandbox_back_in_as_many_steps_however_many_tenants_run_others() {
    assert_constant(AMONG.map(|others| {
        let mut shares = Shares::new(ROOMY);
        for tenant in 0..=others {
            assert_eq!(shares.ask(&tenant.to_string(), Phase::Complete), Admission::Granted);
        }
        steps(|| assert_eq!(shares.give_back("5", Phase::Complete), []))
    }));
}

#[test]
fn whose_call_is_next_takes_steps_that_hardly_grow_with_the_number_of_tenants_that_wait() {
    for phase in [Phase::Begin, Phase::Complete] {
        assert_logarithmic(AMONG.map(|others| {
            let mut shares = Shares::new(Capacity { sandboxes: 1, per_tenant: 1, ..ROOMY });
            assert_eq!(shares.ask("first", phase), Admission::Granted);
            let waits = |tenant: u32| assert!(matches!(shares.ask(&tenant.to_string(), phase), Admission::Waits(_)));
            (0..others).for_each(waits);
            steps(|| assert_eq!(shares.give_back("first", phase).len(), 1))
        }));
    }
}

#[test]
fn a_call_that_waits_no_longer_takes_steps_that_hardly_grow_with_the_number_of_those_of_its_tenant() {
    assert_logarithmic(AMONG.map(|others| {
        let mut shares = Shares::new(Capacity { sandboxes: 1, per_tenant: 1, ..ROOMY });
        assert_eq!(shares.ask("another", Phase::Complete), Admission::Granted);
        let tickets = (0..=others).map(|_| shares.ask("a", Phase::Complete)).collect::<Vec<_>>();
        let Admission::Waits(ticket) = tickets[5] else { panic!("it waits") };
        let taken = steps(|| shares.withdraw("a", Phase::Complete, ticket));
        assert_eq!(shares.waiting.all.total(), others as usize);
        taken
    }));
}

#[test]
fn by_default_a_tenant_has_a_quarter_of_the_sandboxes_and_of_the_places_to_wait() {
    let expected = Capacity { sandboxes: 64, per_tenant: 16, waiting: 256, waiting_per_tenant: 64 };
    assert_eq!(Capacity::default(), expected);
    assert_eq!(Capacity::of(3), Capacity { sandboxes: 3, per_tenant: 1, waiting: 12, waiting_per_tenant: 3 });
}

#[test]
fn the_smallest_host_runs_one_call_at_a_time() {
    let mut shares = Shares::new(Capacity::of(0));
    assert_eq!(take_all(&mut shares, "a", Phase::Begin), 1);
}

#[test]
fn a_begin_waits_for_the_logins_of_its_own_tenant_that_come_back_and_no_longer() {
    let capacity = Capacity { sandboxes: 4, per_tenant: 2, waiting: 4, waiting_per_tenant: 2 };
    let mut played = Played::new(capacity);
    for (tenant, phase) in [(0, Phase::Begin), (0, Phase::Begin), (0, Phase::Complete), (1, Phase::Begin), (0, Phase::Begin)] {
        played.ask(tenant, phase);
    }
    let begin = played.waiting[1];
    assert_eq!((begin.1, begin.2), (0, Phase::Begin));
    let others = [(4, Phase::Begin), (1, Phase::Begin), (2, Phase::Begin)];
    played.go_on(capacity, &[&others[..], &[(0, Phase::Complete)]].concat());
    assert!(played.waiting.contains(&begin));
    played.go_on(capacity, &others);
    assert!(!played.waiting.contains(&begin));
}

/// Shares beside a list of who runs and who waits.
struct Played {
    capacity: Capacity,
    shares: Shares,
    running: Vec<(usize, Phase)>,
    waiting: Vec<(Ticket, usize, Phase)>,
}

impl Played {
    fn new(capacity: Capacity) -> Self {
        Self { capacity, shares: Shares::new(capacity), running: Vec::new(), waiting: Vec::new() }
    }

    fn ask(&mut self, tenant: usize, phase: Phase) {
        match self.shares.ask(&tenant.to_string(), phase) {
            Admission::Granted => self.running.push((tenant, phase)),
            Admission::Waits(ticket) => self.waiting.push((ticket, tenant, phase)),
            Admission::Busy => {}
        }
    }

    fn give_back(&mut self, index: usize) {
        let (tenant, phase) = self.running.remove(index);
        let granted = self.shares.give_back(&tenant.to_string(), phase);
        assert_eq!(granted, self.granted_by_a_walk());
        for ticket in granted {
            let position = self.waiting.iter().position(|(other, ..)| *other == ticket).expect("only who waits is granted");
            let (_, tenant, phase) = self.waiting.remove(position);
            self.running.push((tenant, phase));
        }
    }

    /// Who gets a sandbox by the rules, with a look at each call.
    fn granted_by_a_walk(&self) -> Vec<Ticket> {
        let mut places = Places::new(self.capacity.sandboxes, self.capacity.per_tenant);
        let (mut running, mut waiting, mut granted) = (self.running.clone(), self.waiting.clone(), Vec::new());
        running.iter().for_each(|(_, phase)| places.all.add(*phase));
        loop {
            let held = |tenant: usize| {
                let mut count = Count::default();
                running.iter().filter(|(other, _)| *other == tenant).for_each(|(_, phase)| count.add(*phase));
                count
            };
            let admitted = waiting.iter().filter(|(_, tenant, phase)| places.admits(held(*tenant), *phase));
            let next = admitted.min_by_key(|(ticket, tenant, _)| (held(*tenant).total(), *ticket)).copied();
            let Some((ticket, tenant, phase)) = next else { return granted };
            waiting.retain(|(other, ..)| *other != ticket);
            running.push((tenant, phase));
            places.all.add(phase);
            granted.push(ticket);
        }
    }

    fn withdraw(&mut self, index: usize) {
        let (ticket, tenant, phase) = self.waiting.remove(index);
        self.shares.withdraw(&tenant.to_string(), phase, ticket);
    }

    /// Calls end one after the other, the oldest first, and with each of them a call of `arrivals` asks, in turns: long enough
    /// for the last of a tenant's queue, before which go all that run and all that wait, for each place in the queue.
    fn go_on(&mut self, capacity: Capacity, arrivals: &[(usize, Phase)]) {
        let mut arrivals = arrivals.iter().cycle();
        for _ in 0..(capacity.sandboxes + capacity.waiting) * (capacity.waiting + 1) {
            if self.running.is_empty() {
                return;
            }
            self.give_back(0);
            if let Some((tenant, phase)) = arrivals.next() {
                self.ask(*tenant, *phase);
            }
        }
    }

    fn check(&self, capacity: Capacity) {
        let counted = |calls: &mut dyn Iterator<Item = (usize, Phase)>| {
            let mut by_tenant: HashMap<usize, Count> = HashMap::new();
            for (tenant, phase) in calls {
                by_tenant.entry(tenant).or_default().add(phase);
            }
            by_tenant
        };
        let kinds = [
            (counted(&mut self.running.iter().copied()), capacity.sandboxes, capacity.per_tenant),
            (
                counted(&mut self.waiting.iter().map(|(_, tenant, phase)| (*tenant, *phase))),
                capacity.waiting,
                capacity.waiting_per_tenant,
            ),
        ];
        for (by_tenant, size, per_tenant) in kinds {
            assert!(by_tenant.values().all(|count| count.total() <= per_tenant && count.begins <= less_kept(per_tenant)));
            assert!(by_tenant.values().map(|count| count.total()).sum::<usize>() <= size);
            assert!(by_tenant.values().map(|count| count.begins).sum::<usize>() <= less_kept(size));
        }
        assert_eq!(self.granted_by_a_walk(), [], "nobody waits who may have a sandbox");
        let known =
            self.shares.tenants.iter().map(|(_, tenant)| tenant.running.total() + tenant.waiting().total()).sum::<usize>();
        assert_eq!(known, self.running.len() + self.waiting.len());
    }
}

fn capacities() -> impl Strategy<Value = Capacity> {
    (1..9_usize, 1..9_usize, 0..12_usize, 0..12_usize).prop_map(|(sandboxes, per_tenant, waiting, waiting_per_tenant)| Capacity {
        sandboxes,
        per_tenant,
        waiting,
        waiting_per_tenant,
    })
}

fn phases() -> impl Strategy<Value = Phase> {
    prop_oneof![Just(Phase::Begin), Just(Phase::Complete)]
}

proptest! {
    #[test]
    fn shares_and_queues_are_never_exceeded_and_no_sandbox_lies_idle(
        capacity in capacities(),
        acts in prop::collection::vec((0..4_usize, 0..5_usize, phases(), any::<prop::sample::Index>()), 0..200),
    ) {
        let mut played = Played::new(capacity);
        for (act, tenant, phase, index) in acts {
            match act {
                0 if !played.running.is_empty() => played.give_back(index.index(played.running.len())),
                1 if !played.waiting.is_empty() => played.withdraw(index.index(played.waiting.len())),
                _ => played.ask(tenant, phase),
            }
            played.check(capacity);
        }
    }

    #[test]
    fn whoever_waits_is_granted_a_sandbox_in_the_end(
        capacity in capacities(),
        before in prop::collection::vec((0..5_usize, phases()), 0..60),
        meanwhile in prop::collection::vec((0..5_usize, phases()), 1..20),
    ) {
        let mut played = Played::new(capacity);
        for (tenant, phase) in before {
            played.ask(tenant, phase);
        }
        let patient = played.waiting.clone();
        // A tenant's own logins that come back may go before those that it begins.
        let begins = |tenant: usize| patient.iter().any(|(_, other, phase)| (*other, *phase) == (tenant, Phase::Begin));
        let arrivals: Vec<_> = meanwhile.into_iter().filter(|(tenant, phase)| *phase == Phase::Begin || !begins(*tenant)).collect();
        played.go_on(capacity, &arrivals);
        let left: Vec<_> = patient.iter().filter(|call| played.waiting.contains(call)).collect();
        prop_assert!(left.is_empty(), "{left:?} never got a sandbox");
    }
}
