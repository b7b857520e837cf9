//! Users who are in a bundle: how a load notes what has changed since.

use super::*;
use crate::model::Changes;
use crate::vault::digest::Digest;
use crate::vault::ledger::{self, Member};

impl Bench {
    /// Puts all users who are not gone into the bundle of this number, as an export does.
    fn export(&self, bundle: u64, digests: bool) {
        self.db
            .execute(
                "INSERT INTO bundles (number, id, state, path, overwrite, master, selection, password_generation, opened, \
                 users) SELECT ?1, ?1, 'sealed', '/x', 0, 'Master1', '', 1, 0, count(*) FROM users WHERE gone = 0",
                [bundle],
            )
            .unwrap();
        let ids = self.texts("SELECT id || '' FROM users WHERE gone = 0");
        let members: Vec<Member> = ids
            .into_iter()
            .map(|id| {
                let id: i64 = id.parse().unwrap();
                let user = one_user(&self.db, id).unwrap().sealed;
                let kept = Digest::of(&user.open(&self.keys).unwrap()).kept();
                Member {
                    user: id,
                    target: None,
                    digest: digests.then(|| kept.seal(id, bundle, &self.keys)),
                }
            })
            .collect();
        ledger::add_members(&self.db, bundle, &members).unwrap();
        ledger::finish(&self.db, bundle, at("2026-11-22T00:00:00Z"), false).unwrap();
    }

    fn changed(&self, userid: &str) -> Changes {
        let user = self.id(userid);
        let changed = self.number(&format!("SELECT changed FROM progress WHERE user = {user}"));
        Changes(u8::try_from(changed).unwrap())
    }
}

/// The user, seen with an edit.
fn edited(name: &str, edit: impl FnOnce(&mut User)) -> SourceRecord {
    let mut user = user("g", name);
    edit(&mut user);
    record(user)
}

fn new_token(user: &mut User) {
    user.tokens.push(token("V", "new"));
}

fn suspended(user: &mut User) {
    user.facts.state = crate::model::UserState::Suspended;
}

#[test]
fn a_load_notes_what_has_changed_since_the_last_bundle() {
    both(|mut bench| {
        let three = || ["a", "b", "c"].map(|name| record(user("g", name)));
        let mut records = vec![group("g")];
        records.extend(three());
        let report = bench.load(records).unwrap();
        assert_eq!(report.drift, Drift::default());
        bench.export(1, true);
        assert_eq!(bench.load(three().into()).unwrap().drift.users, 0);
        let report = bench
            .load(vec![
                edited("a", new_token),
                edited("b", suspended),
                record(user("g", "newcomer")),
            ])
            .unwrap();
        assert_eq!(report.drift.users, 2);
        assert_eq!(
            report.drift.named().collect::<Vec<_>>(),
            [("new-authenticator", 1), ("state", 1)]
        );
        assert_eq!(bench.changed("a"), Changes::NEW_AUTHENTICATOR);
        assert_eq!(bench.changed("b"), Changes::STATE);
        assert_eq!(bench.changed("c"), Changes::NONE);
        // Back again is no change.
        let report = bench.load(three().into()).unwrap();
        assert_eq!(report.drift.users, 0);
        assert_eq!(bench.changed("a"), Changes::NONE);
        assert_eq!(bench.changed("b"), Changes::NONE);
    });
}

#[test]
fn the_last_bundle_counts_and_begins_anew() {
    both(|mut bench| {
        bench
            .load(vec![group("g"), record(user("g", "a"))])
            .unwrap();
        bench.export(1, true);
        bench.load(vec![edited("a", new_token)]).unwrap();
        bench
            .db
            .execute_batch("UPDATE progress SET wave = 'W1', import = 1")
            .unwrap();
        bench.export(2, true);
        assert_eq!(bench.changed("a"), Changes::NONE);
        assert_eq!(
            bench.texts("SELECT wave || import || bundle FROM progress"),
            ["W102"]
        );
        assert_eq!(
            bench
                .load(vec![edited("a", new_token)])
                .unwrap()
                .drift
                .users,
            0
        );
        // What the first bundle held does not count.
        bench.load(vec![record(user("g", "a"))]).unwrap();
        assert!(!bench.changed("a").contains(Changes::NEW_AUTHENTICATOR));
        assert!(bench.changed("a").contains(Changes::STATE));
    });
}

#[test]
fn a_bundle_that_kept_no_digest_counts_as_a_change() {
    both(|mut bench| {
        bench
            .load(vec![group("g"), record(user("g", "a"))])
            .unwrap();
        bench.export(1, false);
        let report = bench.load(vec![record(user("g", "a"))]).unwrap();
        assert_eq!(report.drift.users, 1);
        assert_eq!(bench.changed("a"), Changes::OTHER);
    });
}

#[test]
fn a_digest_that_was_moved_to_another_user_is_found() {
    let mut bench = Bench::new(u64::MAX);
    let two = || vec![record(user("g", "a")), record(user("g", "b"))];
    bench.load(vec![group("g")]).unwrap();
    bench.load(two()).unwrap();
    bench.export(1, true);
    bench
        .db
        .execute_batch("UPDATE members SET digest = (SELECT digest FROM members WHERE user = 1) WHERE user = 2")
        .unwrap();
    let error = bench.load(two()).unwrap_err().to_string();
    assert!(
        error.contains("the sealed digest of user 2 (by row id) in bundle 1"),
        "{error}"
    );
}

#[test]
fn a_record_that_is_refused_leaves_no_note() {
    let mut bench = Bench::new(u64::MAX);
    bench.options.skip_bad = true;
    let records = || vec![record(user("g", "a")), record(user("g", "b"))];
    bench.load(vec![group("g")]).unwrap();
    bench.load(records()).unwrap();
    bench.export(1, true);
    let doubled = edited("b", |b| {
        suspended(b);
        b.cards.push(card(user("g", "a").cards[0].facts.serial));
    });
    let report = bench.load(vec![record(user("g", "a")), doubled]).unwrap();
    assert_eq!((report.skipped, report.drift.users), (1, 0));
    assert_eq!(bench.changed("b"), Changes::NONE);
}

#[test]
fn addresses_that_masters_have_given_survive_a_load() {
    both(|mut bench| {
        let records = || vec![record(user("g", "a")), record(user("g", "b"))];
        bench.load(vec![group("g")]).unwrap();
        bench.load(records()).unwrap();
        let serial = user("g", "a").tokens[0].facts.serial.clone();
        bench
            .db
            .execute_batch(&format!(
                "INSERT INTO idp_urls (serial, vendor, distinction, url) \
                 VALUES ('{serial}', 'Entrust', '1', 'https://tenant.example'); \
                 UPDATE tokens SET idp_url = 'https://tenant.example' WHERE serial = '{serial}'"
            ))
            .unwrap();
        bench.export(1, true);
        let report = bench.load(records()).unwrap();
        assert_eq!(report.drift.users, 0, "it was exported with that address");
        assert_eq!(
            bench.texts("SELECT idp_url FROM tokens ORDER BY id"),
            ["https://tenant.example", "https://host:8445/igst"]
        );
        assert_eq!(
            bench.texts("SELECT url || ' ' || source FROM idp_urls"),
            ["https://tenant.example https://host:8445/igst"]
        );
        // Gone with its user, and back with another one.
        bench.load(vec![record(bare("g", "a"))]).unwrap();
        let theirs = edited("b", |b| b.tokens = user("g", "a").tokens);
        bench.load(vec![theirs]).unwrap();
        assert_eq!(
            bench.texts("SELECT idp_url FROM tokens ORDER BY id"),
            ["https://tenant.example"]
        );
    });
}

#[test]
fn the_workflow_aliases_of_a_source_are_kept_apart() {
    both(|mut bench| {
        let aliased = |aliases: &[&str]| {
            let mut user = bare("g", "a");
            user.facts.aliases = aliases.iter().map(|&alias| alias.to_owned()).collect();
            record(user)
        };
        let kept = |bench: &Bench| {
            bench.texts(
                "SELECT format('%d %d %s', id >> 16, id & 65535, alias) FROM workflow ORDER BY id",
            )
        };
        bench
            .load(vec![
                group("g"),
                record(bare("g", "z")),
                aliased(&["EXPORT_a", "real", "EXPORTED_a"]),
            ])
            .unwrap();
        assert_eq!(kept(&bench), ["2 0 EXPORT_a", "2 1 EXPORTED_a"]);
        assert_eq!(bench.texts("SELECT alias FROM aliases"), ["real"]);
        bench.load(vec![aliased(&["EXPORTED_a"])]).unwrap();
        assert_eq!(kept(&bench), ["2 0 EXPORTED_a"]);
        bench.load(vec![aliased(&["real"])]).unwrap();
        assert_eq!(kept(&bench), Vec::<String>::new());
    });
}
