//! What can be wrong with a store, and which rows say so: those, and no others.

macro_rules! flaws {
    ($($(#[doc = $doc:literal])* $flaw:ident: [$($row:literal),+];)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Flaw { $($(#[doc = $doc])* $flaw),* }

        pub(super) const FLAWS: &[(Flaw, &[&str])] = &[$((Flaw::$flaw, &[$($row),+])),*];
    };
}

flaws! {
    /// `replace` where there is nothing creates an entry.
    ReplacesNothing: ["attempts.none", "attempts.leave", "attempts.scope"];
    /// A read is answered from what this connection has read before.
    RemembersReads: [
        "attempts.seen", "attempts.replace.race", "attempts.replace.put", "attempts.leave", "attempts.size",
        "server.restart", "server.lost.put", "server.lost.replace"
    ];
    /// A revision is a hash of the value.
    HashesRevisions: ["attempts.revision", "attempts.lifetime.over", "server.restart"];
    /// Revisions are counted in each visit, and begin anew once it is left.
    CountsByVisit: ["attempts.revision"];
    /// Revisions are longer than a host passes on.
    LongRevisions: ["attempts.revision"];
    /// An empty revision stands for any.
    TakesNoRevisionForAny: ["attempts.replace"];
    /// Compares, then writes, by two commands.
    ReplacesInTwoCommands: ["attempts.replace.race", "attempts.replace.put"];
    /// A `replace` that finds its own value says that it has replaced it.
    RepeatsReplaces: ["attempts.replace.again"];
    /// Compares and removes, then puts, by two commands.
    RemovesBeforeItReplaces: ["attempts.replace.put", "attempts.dropped"];
    /// `leave` drops the next round's entries.
    LeavesEveryRound: ["attempts.leave"];
    /// Keys are compared without case.
    LowersKeys: ["attempts.keys"];
    /// Spaces around a value are lost.
    TrimsValues: ["attempts.values"];
    /// What is too large removes what was there.
    RemovesWhatIsTooLarge: ["attempts.size"];
    /// A visit holds any number of entries.
    TakesAnyNumber: ["attempts.entries"];
    /// Rounds are one visit.
    KnowsNoRounds: ["attempts.scope", "attempts.scope.joined", "attempts.leave", "attempts.entries"];
    /// Tenant, journey, step and round are joined by a colon.
    JoinsAttempts: ["attempts.scope.joined"];
    /// Of several writes to one name the first counts.
    FirstWriteCounts: ["journeys.read"];
    /// A `begin` clears its variables, then looks whether the visit is settled.
    LetsLateBeginsClear: ["journeys.settle", "journeys.settle.wait", "journeys.again.wait"];
    /// Looks whether the visit is settled, then settles it, by two commands.
    SettlesInTwoCommands: ["journeys.settle.race"];
    /// Looks whether the visit is settled, then waits and clears, by two commands.
    WaitsInTwoCommands: ["journeys.settle.wait", "journeys.pending.race"];
    /// Settles though an attempt is pending.
    KnowsNothingPending: [
        "journeys.pending.race", "journeys.pending", "journeys.again.wait", "journeys.pending.lifetime", "lifetimes",
        "server.restart"
    ];
    /// Looks whether an attempt is pending, then settles, by two commands.
    LooksForPendingFirst: ["journeys.pending.race"];
    /// Settles, then writes each variable by a command of its own.
    WritesOneByOne: ["journeys.whole", "journeys.dropped"];
    /// Doesn't know a change again.
    KnowsNoIds: [
        "journeys.again", "journeys.again.race", "journeys.dropped", "journeys.lifetime", "journeys.names.apart",
        "server.lost.apply", "server.restart"
    ];
    /// Writes again what a `begin` repeats, whatever has come between.
    RepeatsWaits: ["journeys.again.wait"];
    /// While one change is at work, the visit is said to be settled.
    SaysSettledWhileBusy: ["journeys.again.race", "journeys.dropped", "journeys.pending.race", "journeys.settle.wait"];
    /// The provider's status is lost.
    DropsStatus: ["journeys.settlement"];
    /// `forget` takes the journey's name for a prefix.
    ForgetsByPrefix: ["journeys.forget", "journeys.scope.joined"];
    /// Settlements are of journeys, not of visits.
    SettlesEveryStep: [
        "journeys.scope", "journeys.scope.joined", "journeys.again", "journeys.forget", "journeys.names.apart",
        "journeys.pending", "journeys.read", "names"
    ];
    /// Tenant, journey, step and round are joined by a colon.
    JoinsJourneys: ["journeys.scope.joined"];
    /// Spaces around a variable's name are lost.
    TrimsVariables: ["journeys.names"];
    /// A variable may be named as a settlement is.
    KeepsSettlementsAsVariables: ["journeys.names.apart"];
    /// JSON is read, and written anew.
    RewritesJson: ["journeys.json"];
    /// Writes until a value is too large.
    WritesUntilTooLarge: ["journeys.size"];
    /// Names of tenants, journeys and steps are compared without case.
    LowersNames: ["names", "attempts.scope", "journeys.scope"];
    /// A cached read is answered from what this connection has read before.
    RemembersCacheReads: ["cache.read"];
    /// A component's cache is all tenants'.
    CachesWithoutTenant: ["cache.scope"];
    /// Component, tenant and key are joined by a colon.
    JoinsCaches: ["cache.scope.joined"];
    /// Cached values lose their case.
    CachesLowerCase: ["cache.values"];
    /// A long cached value is cut.
    CutsCachedValues: ["cache.size"];
    /// A lifetime that fits no signed number is none.
    CountsInSigned: ["lifetimes"];
    /// A wait that fits no signed number is none.
    WaitsInSigned: ["lifetimes"];
    /// Entries live half as long.
    ExpiresEarly: ["attempts.lifetime"];
    /// `replace` leaves the first lifetime as it is.
    KeepsTheFirstLifetime: ["attempts.lifetime.later"];
    /// Cached entries stay.
    CachesForEver: ["cache.lifetime", "lifetimes"];
    /// A settlement expires with the last attempt.
    SettlesForAWhile: ["journeys.lifetime"];
    /// A visit waits for the attempt that was begun last, not for the longest.
    WaitsForTheLastAlone: ["journeys.pending.lifetime"];
    /// Settlements are gone after a restart.
    ForgetsAtRestart: ["server.restart"];
    /// A server that can't be reached holds nothing.
    SaysNothingIsThere: ["server.gone", "server.silent"];
    /// An error shows the value.
    ShowsValues: ["server.gone", "server.silent"];
    /// Nobody looks at a clock while the server is silent.
    WaitsForEver: ["server.silent"];
    /// A `replace` that wasn't answered is told as done by another.
    DropsReplacesThatLost: ["server.lost.replace"];
    /// A `put` that wasn't answered is told as done.
    DropsPutsThatLost: ["server.lost.put"];
    /// A change that wasn't answered is told as too late.
    DropsChangesThatLost: ["server.lost.apply"];
}
