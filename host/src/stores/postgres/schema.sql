-- The tables of journey-host's stores. PostgreSQL 13 or later, a database in UTF8.
--
-- Run it as the owner of the schema that the tables shall lie in, once for each release that says so; running it again changes nothing.
-- Hosts need SELECT, INSERT, UPDATE and DELETE on these tables, and no more.
--
-- Values are sealed by the host before they come here, all but what an operator may want to count by.

CREATE TABLE IF NOT EXISTS journey_schema (
    version integer NOT NULL
);

-- A journey: what is locked by whoever changes anything of it.
CREATE TABLE IF NOT EXISTS journey_state (
    tenant text COLLATE "C" NOT NULL,
    journey text COLLATE "C" NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, journey)
);
CREATE INDEX IF NOT EXISTS journey_state_expires_at ON journey_state (expires_at);

-- A visit of a step: until when an attempt is pending, how it ended, and by which change.
CREATE TABLE IF NOT EXISTS journey_visit (
    tenant text COLLATE "C" NOT NULL,
    journey text COLLATE "C" NOT NULL,
    step text COLLATE "C" NOT NULL,
    round bigint NOT NULL,
    pending_until timestamptz,
    change_id bytea,
    settlement text,
    PRIMARY KEY (tenant, journey, step, round),
    FOREIGN KEY (tenant, journey) REFERENCES journey_state ON DELETE CASCADE,
    CHECK ((change_id IS NULL) = (settlement IS NULL))
);

-- A variable; without value where it was removed.
CREATE TABLE IF NOT EXISTS journey_variable (
    tenant text COLLATE "C" NOT NULL,
    journey text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    value text,
    PRIMARY KEY (tenant, journey, name),
    FOREIGN KEY (tenant, journey) REFERENCES journey_state ON DELETE CASCADE
);

-- What a visit remembers between its two calls. It may be there before its journey is.
CREATE TABLE IF NOT EXISTS journey_attempt (
    tenant text COLLATE "C" NOT NULL,
    journey text COLLATE "C" NOT NULL,
    step text COLLATE "C" NOT NULL,
    round bigint NOT NULL,
    key text COLLATE "C" NOT NULL,
    revision text NOT NULL,
    value bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, journey, step, round, key)
);
CREATE INDEX IF NOT EXISTS journey_attempt_expires_at ON journey_attempt (expires_at);

-- What a component remembers for a tenant: keys and metadata of identity providers.
CREATE TABLE IF NOT EXISTS journey_cache (
    component text COLLATE "C" NOT NULL,
    tenant text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    value bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (component, tenant, key)
);
CREATE INDEX IF NOT EXISTS journey_cache_expires_at ON journey_cache (expires_at);

INSERT INTO journey_schema (version) SELECT 1 WHERE NOT EXISTS (SELECT FROM journey_schema);
