//! Every table of the vault: a change by SQL is refused, or the manual lists it as not authenticated.

use std::collections::BTreeSet;

use super::*;

const SHOW: &str = "bundle password 1 into=x.password";
const LOOK: &str = "user count";

/// What comes of a change.
enum Outcome {
    /// The master is in, but may only look: the message holds this word.
    Restricted(&'static str),
    /// The login, or the command, is refused with these words.
    Refused(&'static [&'static str]),
    /// The command works: why it does.
    Works(&'static str),
}
use Outcome::{Refused, Restricted, Works};

/// Table, the change, a command that works for the attacker, and what comes of it.
type Case = (&'static str, &'static str, &'static str, Outcome);

const ANOTHER: &str = "(SELECT min(id) FROM users WHERE id NOT IN (SELECT user FROM mapped))";
const NO_DECISION: &str = "it decides nothing: it only tells of the past";
const IN_THE_MANUAL: &str = "the manual lists it: who can write the file can edit it";

/// Changes of the decisions, with the rows that they need.
fn decisions() -> Vec<(&'static str, String, &'static str, Outcome)> {
    let with = |sql: &str| sql.replace("ANOTHER", ANOTHER);
    vec![
        (
            "mapped",
            with("INSERT INTO mapped SELECT ANOTHER, 'intruder', 'intruder'"),
            EXPORT,
            Refused(&["mapped: 3 rows, 2 expected (one too many: ", "intruder"]),
        ),
        (
            "mapped",
            with("UPDATE mapped SET user = ANOTHER WHERE user = 44"),
            EXPORT,
            Refused(&["mapped: 2 rows, not the expected ones"]),
        ),
        (
            "excluded",
            with("INSERT INTO excluded SELECT ANOTHER + 1, 0, 'Master1', 'Eve'"),
            EXPORT,
            Refused(&["excluded: 6 rows, 5 expected (one too many: ", "Eve"]),
        ),
        (
            "taken",
            with("INSERT INTO taken SELECT 'eve', ANOTHER, 'eve'"),
            EXPORT,
            Refused(&["taken: 3 rows, 2 expected (one too many: ", "eve"]),
        ),
        (
            "moved",
            with("INSERT INTO moved SELECT ANOTHER, 'eve'"),
            EXPORT,
            Refused(&["moved: 3 rows, 2 expected (one too many: ", "eve"]),
        ),
    ]
}

const CASES: &[Case] = &[
    // Who goes where.
    (
        "mapped",
        "DELETE FROM mapped WHERE user = 44",
        EXPORT,
        Refused(&["mapped: 1 row, 2 expected"]),
    ),
    (
        "mapped",
        "UPDATE mapped SET target = 'x', fold = 'x' WHERE user = 44",
        EXPORT,
        Refused(&["mapped: 2 rows"]),
    ),
    (
        "mapped",
        "UPDATE mapped SET fold = 'x' WHERE user = 44",
        "migrate check",
        Refused(&["mapped: 2 rows"]),
    ),
    (
        "mapped",
        "UPDATE mapped SET target = 'x', fold = 'x' WHERE user = 44",
        "migrate map file=ids.csv",
        Refused(&["mapped: 2 rows"]),
    ),
    (
        "excluded",
        "DELETE FROM excluded WHERE user = 7",
        EXPORT,
        Refused(&["excluded: 4 rows, 5 expected"]),
    ),
    (
        "excluded",
        "UPDATE excluded SET reason = 'x' WHERE user = 7",
        "migrate rehearse",
        Refused(&["excluded: 5 rows"]),
    ),
    (
        "excluded",
        "DELETE FROM excluded WHERE user = 7",
        "migrate include userid=h*,j*",
        Refused(&["excluded: 4 rows, 5 expected"]),
    ),
    (
        "taken",
        "DELETE FROM taken WHERE user = 41",
        EXPORT,
        Refused(&["taken: 1 row, 2 expected"]),
    ),
    (
        "taken",
        "UPDATE taken SET fold = 'x' WHERE user = 41",
        EXPORT,
        Refused(&["taken: 2 rows"]),
    ),
    (
        "moved",
        "DELETE FROM moved WHERE user = 42",
        EXPORT,
        Refused(&["moved: 1 row, 2 expected"]),
    ),
    (
        "moved",
        "UPDATE moved SET group_name = 'x'",
        EXPORT,
        Refused(&["moved: 2 rows"]),
    ),
    (
        "idp_urls",
        "INSERT INTO idp_urls VALUES ('1', 'Entrust', '', 'https://evil.example.com/', NULL, NULL)",
        EXPORT,
        Refused(&["idp_urls: 7 rows, 6 expected (one too many: ", "evil"]),
    ),
    (
        "idp_urls",
        "DELETE FROM idp_urls",
        EXPORT,
        Refused(&["idp_urls: 0 rows, 6 expected"]),
    ),
    (
        "idp_urls",
        "UPDATE idp_urls SET url = 'https://evil.example.com/'",
        "idpurl set userid=celia -previous",
        Refused(&["idp_urls: 6 rows"]),
    ),
    // Users who change their rows take what was decided for them along.
    (
        "users",
        "UPDATE users SET id = 99999 WHERE id = 44; UPDATE users SET id = 44 WHERE id = 49; UPDATE users SET id = 49 WHERE id = 99999",
        EXPORT,
        Refused(&["mapped: 2 rows"]),
    ),
    (
        "groups",
        "UPDATE groups SET name = 'x' WHERE name = 'hr'",
        EXPORT,
        Refused(&["mapped: 2 rows", "excluded: 5 rows"]),
    ),
    // The ledger.
    (
        "bundles",
        "UPDATE bundles SET password = CASE number WHEN 1 THEN (SELECT password FROM bundles WHERE number = 2) ELSE (SELECT password FROM bundles WHERE number = 1) END",
        SHOW,
        Restricted("bundles: 2 rows"),
    ),
    (
        "bundles",
        "UPDATE bundles SET id = number; UPDATE bundles SET number = 3 WHERE number = 1; UPDATE bundles SET number = 1 WHERE number = 2",
        SHOW,
        Restricted("bundles: 2 rows"),
    ),
    (
        "bundles",
        "DELETE FROM bundles WHERE number = 2",
        LOOK,
        Restricted("bundles: 1 row, 2 expected"),
    ),
    (
        "bundles",
        "UPDATE bundles SET note = 'x', opened = 7, finished = 7, loaded = 7",
        LOOK,
        Works(NO_DECISION),
    ),
    // What the vault is set to.
    (
        "setting",
        "INSERT INTO setting VALUES ('migrate.max-source-age', '99d')",
        LOOK,
        Restricted("setting: 5 rows, 4 expected (one too many: migrate.max-source-age, 99d)"),
    ),
    (
        "setting",
        "UPDATE setting SET value = '1h' WHERE name = 'idle-timeout'",
        LOOK,
        Restricted("setting: 4 rows"),
    ),
    (
        "setting",
        "DELETE FROM setting WHERE name = 'idp.url'",
        EXPORT,
        Restricted("setting: 3 rows, 4 expected"),
    ),
    // Masters and keys.
    (
        "master",
        "UPDATE master SET holder = 'Eve' WHERE number = 1",
        LOOK,
        Refused(&["the login's own row"]),
    ),
    (
        "master",
        "UPDATE master SET holder = 'Eve' WHERE number = 2",
        LOOK,
        Restricted("master2: 1 row"),
    ),
    (
        "master",
        "UPDATE master SET kdf_memory = 65536, slot = zeroblob(104) WHERE number = 3",
        LOOK,
        Restricted("master3: 1 row"),
    ),
    (
        "master",
        "UPDATE master SET failures = 0, not_before = 0, last_login = 7",
        LOOK,
        Works("who can copy the file is slowed by the derivation alone"),
    ),
    (
        "epoch",
        "INSERT INTO epoch SELECT 2, wrapped, created FROM epoch",
        LOOK,
        Refused(&["data key 2 does not open"]),
    ),
    (
        "epoch",
        "UPDATE epoch SET created = 7",
        LOOK,
        Works(NO_DECISION),
    ),
    (
        "audit_key",
        "DELETE FROM audit_key WHERE master = 2",
        LOOK,
        Restricted("keys: 4 rows, 5 expected"),
    ),
    (
        "audit_key",
        "UPDATE audit_key SET wrapped = (SELECT wrapped FROM audit_key WHERE master = 2)",
        LOOK,
        Refused(&["does not open"]),
    ),
    (
        "state",
        "UPDATE state SET generation = 2",
        LOOK,
        Refused(&["the vault key does not open"]),
    ),
    (
        "state",
        "PRAGMA ignore_check_constraints = 1; UPDATE state SET generation = 0",
        LOOK,
        Refused(&["the vault key does not open"]),
    ),
    (
        "state",
        "UPDATE state SET created = 7",
        LOOK,
        Works(NO_DECISION),
    ),
    (
        "state",
        "DELETE FROM state",
        LOOK,
        Refused(&["its state row is missing"]),
    ),
    // Sealed fields belong to their owners, whatever table holds those.
    (
        "users",
        "UPDATE users SET userid = 'zz' WHERE userid = 'dchen1'",
        EXPORT,
        Refused(&["the sealed questions and answers of design/zz"]),
    ),
    (
        "qa",
        "UPDATE qa SET sealed = (SELECT sealed FROM qa ORDER BY user DESC LIMIT 1)",
        EXPORT,
        Refused(&["the sealed questions and answers of design/dchen1"]),
    ),
    (
        "passwords",
        "UPDATE passwords SET sealed = (SELECT sealed FROM passwords ORDER BY id DESC LIMIT 1)",
        EXPORT,
        Refused(&["the sealed password of design/dchen1"]),
    ),
    (
        "tokens",
        "UPDATE tokens SET seed = (SELECT seed FROM tokens ORDER BY id DESC LIMIT 1)",
        EXPORT,
        Refused(&["the sealed seed of token Entrust 9005444378 of design/dchen1"]),
    ),
    (
        "cards",
        "UPDATE cards SET cells = (SELECT cells FROM cards ORDER BY id DESC LIMIT 1)",
        EXPORT,
        Refused(&["the sealed cells of card "]),
    ),
    // What the manual lists.
    (
        "users",
        "UPDATE users SET state = 'active', gone = 0",
        EXPORT,
        Works(IN_THE_MANUAL),
    ),
    (
        "groups",
        "UPDATE groups SET is_default = 1 - is_default",
        EXPORT,
        Works(IN_THE_MANUAL),
    ),
    (
        "tokens",
        "UPDATE tokens SET state = 'current', counter = 7 WHERE state IS NOT NULL",
        EXPORT,
        Works(IN_THE_MANUAL),
    ),
    (
        "tokens",
        "UPDATE tokens SET idp_url = 'https://evil.example.com/' WHERE idp_url IS NOT NULL",
        EXPORT,
        Works(IN_THE_MANUAL),
    ),
    (
        "cards",
        "UPDATE cards SET state = 'current', comment = 'x'",
        EXPORT,
        Works(IN_THE_MANUAL),
    ),
    (
        "contacts",
        "UPDATE contacts SET value = 'eve@example.com'",
        EXPORT,
        Works(IN_THE_MANUAL),
    ),
    (
        "aliases",
        "UPDATE aliases SET alias = 'boss', fold = NULL WHERE id = (SELECT min(id) FROM aliases)",
        EXPORT,
        Works(IN_THE_MANUAL),
    ),
    (
        "progress",
        "UPDATE progress SET phase = 0, bundle = NULL",
        EXPORT,
        Works(IN_THE_MANUAL),
    ),
    (
        "members",
        "UPDATE members SET target = 'x'",
        EXPORT,
        Works(IN_THE_MANUAL),
    ),
    (
        "members",
        "DELETE FROM members",
        "migrate status",
        Works(IN_THE_MANUAL),
    ),
    (
        "locations",
        "UPDATE locations SET ip = '192.0.2.66'",
        EXPORT,
        Works("the target asks again where it is unsure"),
    ),
    (
        "expected",
        "UPDATE expected SET place = 'Utopia'",
        EXPORT,
        Works("the target asks again where it is unsure"),
    ),
    (
        "overrides",
        "UPDATE overrides SET check_ip = 0",
        EXPORT,
        Works("the target asks again where it is unsure"),
    ),
    (
        "passwords",
        "UPDATE passwords SET expires = NULL, must_change = NULL",
        EXPORT,
        Works(IN_THE_MANUAL),
    ),
    // What only reports.
    (
        "systems",
        "UPDATE systems SET name = 'other'",
        EXPORT,
        Works(NO_DECISION),
    ),
    (
        "loads",
        "UPDATE loads SET exported = exported + 60000000",
        EXPORT,
        Works("how old the source is stands in its own files"),
    ),
    (
        "vendors",
        "INSERT INTO vendors VALUES ('Eve')",
        "token list limit=1",
        Works(NO_DECISION),
    ),
    (
        "not_migrated",
        "DELETE FROM not_migrated",
        EXPORT,
        Works(NO_DECISION),
    ),
    (
        "not_taken",
        "DELETE FROM not_taken",
        "bundle get 1",
        Works(NO_DECISION),
    ),
    (
        "left_out",
        "DELETE FROM left_out",
        "bundle skipped 1",
        Works(NO_DECISION),
    ),
    (
        "workflow",
        "DELETE FROM workflow",
        "migrate aliases file=w.csv",
        Works(NO_DECISION),
    ),
    (
        "campaigns",
        "DELETE FROM campaigns",
        "migrate status",
        Works(NO_DECISION),
    ),
    (
        "answer_files",
        "DELETE FROM answer_files",
        "migrate status",
        Works(NO_DECISION),
    ),
    (
        "answers",
        "UPDATE answers SET outcome = 'error'",
        "migrate status",
        Works(NO_DECISION),
    ),
    (
        "stamp",
        "UPDATE stamp SET own = zeroblob(16)",
        LOOK,
        Works("it is against accidents, not against attackers"),
    ),
    // The audit has cases of its own.
    (
        "audit",
        "UPDATE audit SET body = replace(body, 'Master', 'Muster') WHERE seq = 20",
        "audit verify",
        Refused(&["#20 was edited"]),
    ),
];

#[track_caller]
fn run(sql: &str, command: &str, outcome: &Outcome) {
    let house = changed(sql);
    house.file("ids.csv", "userid,targetUserId\nmilo,Milo.Target\n");
    let ran = master(&house, 1, &[command]);
    match outcome {
        Restricted(word) => {
            let words = ["the session is restricted", word];
            refused(&house, ran, &words, sql);
        }
        Refused(words) => refused(&house, ran, words, sql),
        Works(why) => assert_eq!(ran.code, 0, "{sql}: {why}; {}\n{}", ran.out, ran.err),
    }
}

#[test]
fn the_commands_work_while_nothing_is_changed() {
    for command in [EXPORT, SHOW, LOOK, "migrate rehearse"] {
        run("", command, &Works("nothing was changed"));
    }
}

#[test]
fn every_change_is_refused_or_listed_as_not_authenticated() {
    for (_, sql, command, outcome) in CASES {
        run(sql, command, outcome);
    }
    for (_, sql, command, outcome) in decisions() {
        run(&sql, command, &outcome);
    }
}

#[test]
fn every_table_has_a_case() {
    let tables: String = ask(
        &changed(""),
        "SELECT group_concat(name, ' ') FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
    );
    let tables: BTreeSet<&str> = tables.split(' ').collect();
    let cases: BTreeSet<&str> = CASES.iter().map(|(table, ..)| *table).collect();
    assert_eq!(tables, cases);
}

#[test]
fn recovery_takes_nothing_from_a_row_that_was_changed() {
    let house = changed("");
    let victim = house.file(".victim.5ac5429b-dc64-4b75-bbdb-632933dae1fa.part", "mine");
    let path = house.at("victim").display().to_string();
    let sql = format!("UPDATE bundles SET state = 'open', path = '{path}' WHERE number = 1");
    change(&house, &sql);
    let ran = master(&house, 1, &[LOOK]);
    refused(&house, ran, &["restricted", "bundles: 2 rows"], &sql);
    assert!(victim.exists());
    assert_eq!(
        ask(&house, "SELECT state FROM bundles WHERE number = 1"),
        "open"
    );
    // Not even a master who takes it makes a file's name of an id that is none.
    change(
        &house,
        "UPDATE bundles SET id = '../.victim' WHERE number = 1",
    );
    master(&house, 1, &["system accept-state reason=test"]).ok();
    master(&house, 1, &[LOOK]).ok();
    assert!(victim.exists());
}
