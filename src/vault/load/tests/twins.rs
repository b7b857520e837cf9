//! Tokens that are one although their keys differ, and those that only look so.

use super::items::load_new;
use super::*;
use crate::model::Token;

/// A token of vendor V with an issue number, a key id and a seed, each of which may be absent or another.
fn of(serial: &str, issue_no: Option<&str>, key_id: Option<&str>, seed: &str) -> Token {
    token("V", serial).but(|it| {
        it.facts.issue_no = issue_no.map(Into::into);
        it.facts.key_id = key_id.map(Into::into);
        it.seed = secret(seed);
    })
}

fn anna(tokens: Vec<Token>) -> SourceRecord {
    record(bare("g", "anna").but(|it| it.tokens = tokens))
}

/// A vault with a group, in which Anna has these tokens.
fn of_anna(tokens: Vec<Token>) -> Bench {
    Bench::holding(vec![group("g"), anna(tokens)])
}

fn new(bench: &mut Bench, tokens: Vec<Token>) -> Result<LoadReport> {
    load_new(bench, Some("g"), tokens)
}

fn held(bench: &Bench) -> Vec<String> {
    let sql = "SELECT serial || iif(id < 0, ' of none', ' of a user') || coalesce(' ' || key_id, '') FROM tokens ORDER BY serial, id DESC";
    bench.texts(sql)
}

#[test]
fn a5_a_seed_file_does_not_bring_an_assigned_token_again() {
    for (theirs, files) in [
        ((None, None), (None, Some("K7"))),
        ((None, None), (Some("2"), Some("K7"))),
        ((None, Some("K7")), (None, None)),
        ((None, Some("K7")), (Some("2"), Some("K7"))),
        ((Some("2"), None), (None, Some("K7"))),
        ((Some("2"), Some("K7")), (None, Some("K7"))),
    ] {
        let mut bench = of_anna(vec![of("77", theirs.0, theirs.1, "one")]);
        let file = || vec![of("77", files.0, files.1, "one")];
        let said = refused(new(&mut bench, file()));
        let expected = "line 1: token V 77 is there already, assigned to g/anna";
        assert_eq!(said, expected, "{theirs:?} {files:?}");
        bench.options.skip_bad = true;
        let report = new(&mut bench, file()).unwrap();
        assert_eq!(
            (report.tokens.new, report.skipped, report.alike.count),
            (0, 1, 0)
        );
        assert_eq!(bench.user("anna").tokens.len(), 1);
    }
}

#[test]
fn a5_an_unassigned_token_is_not_stored_again_either() {
    let mut bench = of_anna(Vec::new());
    new(&mut bench, vec![of("8", None, None, "one")]).unwrap();
    let said = refused(new(&mut bench, vec![of("8", None, Some("K"), "one")]));
    assert_eq!(
        said,
        "line 1: token V 8 is there already, unassigned in group g"
    );
}

#[test]
fn a5_another_seed_or_another_id_is_another_token_and_reported_where_it_may_be_a_slip() {
    let theirs = || vec![of("5", None, None, "one"), of("6", None, Some("A"), "two")];
    for (token, remark) in [
        (
            of("5", None, Some("K"), "other"),
            Some("V 5 is also there with another seed, assigned to g/anna"),
        ),
        (
            of("6", None, Some("B"), "two"),
            Some("V 6 is also there under another id with the same seed, assigned to g/anna"),
        ),
        (of("6", None, Some("B"), "other"), None),
        (of("7", None, Some("A"), "two"), None),
    ] {
        let mut bench = of_anna(theirs());
        let report = new(&mut bench, vec![token]).unwrap();
        assert_eq!(report.tokens.new, 1);
        assert_eq!(report.alike.first, Vec::from_iter(remark));
        assert_eq!(report.alike.count, u64::from(remark.is_some()));
    }
}

#[test]
fn a5_a_source_record_takes_the_place_of_the_makers_copy_of_its_token() {
    both(|mut bench| {
        bench.load(vec![group("g")]).unwrap();
        new(
            &mut bench,
            vec![
                of("1", None, Some("K"), "one"),
                of("2", None, Some("K"), "two"),
            ],
        )
        .unwrap();
        // An older version has stored both copies of it.
        let report = bench
            .load(vec![anna(vec![of("1", None, None, "one")])])
            .unwrap();
        assert_eq!((report.reassigned, report.assigned_tokens), (1, 1));
        assert_eq!(held(&bench), ["1 of a user", "2 of none K"]);
        let report = bench
            .load(vec![anna(vec![
                of("1", None, None, "one"),
                of("2", None, None, "new"),
            ])])
            .unwrap();
        assert_eq!(
            report.alike.first,
            ["V 2 is also there with another seed, unassigned in group g"]
        );
        assert_eq!(held(&bench), ["1 of a user", "2 of a user", "2 of none K"]);
    });
}

#[test]
fn a5_doubles_of_an_older_version_are_one_again_after_a_load() {
    let mut bench = of_anna(vec![of("1", None, None, "one")]);
    new(&mut bench, vec![of("1", None, Some("K"), "other")]).unwrap();
    let copy = of("1", None, Some("K"), "one");
    let sealed = crate::model::UnassignedToken {
        group: "g".into(),
        token: copy,
    }
    .seal(&bench.keys);
    let sql = "UPDATE tokens SET seed = ? WHERE id < 0";
    bench.db.execute(sql, [sealed.token.seed]).unwrap();
    bench
        .load(vec![anna(vec![of("1", None, None, "one")])])
        .unwrap();
    assert_eq!(held(&bench), ["1 of a user"]);
}

#[test]
fn a5_the_same_token_twice_in_a_file_is_refused() {
    both(|mut bench| {
        let file = || {
            vec![
                group("g"),
                anna(vec![of("1", None, None, "one")]),
                unassigned_token("g", of("2", None, Some("K"), "two")),
                unassigned_token("g", of("1", None, Some("K"), "one")),
            ]
        };
        assert_eq!(
            refused(bench.load(file())),
            "line 4: token V 1 is already in line 2"
        );
        bench.options.skip_bad = true;
        let report = bench.load(file()).unwrap();
        assert_eq!(
            (report.skipped, report.tokens.new, report.assigned_tokens),
            (1, 1, 1)
        );
        assert_eq!(bench.bad[0].what, "line 4: token V 1 is already in line 2");
        assert_eq!(held(&bench), ["1 of a user", "2 of none K"]);
        // Once more, into a vault that has tokens: what was there is replaced, and the double is reported again.
        let report = bench.load(file()).unwrap();
        assert_eq!((report.skipped, report.tokens.replaced), (1, 1));
        assert_eq!(held(&bench), ["1 of a user", "2 of none K"]);
    });
    for mut bench in [
        Bench::new(u64::MAX),
        Bench::new(0),
        of_anna(vec![of("7", None, None, "")]),
    ] {
        let both = vec![of("1", None, None, "one"), of("1", Some("2"), None, "one")];
        let said = refused(bench.load(vec![group("g"), anna(both)]));
        assert_eq!(said, "line 2: token V 1 is there twice");
    }
    let mut bench = of_anna(Vec::new());
    let file = vec![of("9", None, Some("K"), "one"), of("9", None, None, "one")];
    assert_eq!(
        refused(new(&mut bench, file)),
        "line 2: token V 9 is already in line 1"
    );
}

#[test]
fn a5_look_alikes_are_reported_with_both_names() {
    let named = |vendor: &str, serial: &str| {
        of(serial, None, Some("K"), serial).but(|it| it.facts.vendor = vendor.into())
    };
    let mut bench = of_anna(vec![named("Acme", "0042"), named("Acme", "43")]);
    let report = new(
        &mut bench,
        vec![
            named("ACME", "0042"),
            named("Acme", "043"),
            named("Other", "1"),
        ],
    )
    .unwrap();
    assert_eq!(report.alike.count, 2);
    let mut found = report.alike.first;
    found.sort();
    assert_eq!(
        found,
        [
            "ACME 0042 looks like Acme 0042, assigned to g/anna",
            "Acme 043 looks like Acme 43, assigned to g/anna",
        ]
    );
    // Inside one file too, whether or not the vault holds any token.
    for mut bench in [of_anna(Vec::new()), bench] {
        let file = vec![named("Y", "00a-1"), named("Z", "5"), named("y ", "A1")];
        let report = new(&mut bench, file).unwrap();
        assert_eq!(report.alike.count, 2);
        assert!(
            report
                .alike
                .first
                .iter()
                .any(|it| it == "y  A1 looks like Y 00a-1, unassigned in group g"),
            "{report:?}"
        );
    }
}

#[test]
fn a5_a_long_list_of_look_alikes_is_counted_and_the_first_are_named() {
    let mut bench = of_anna(Vec::new());
    let file = |vendor: &str| {
        (1..=9)
            .map(|n| {
                of(&n.to_string(), None, None, "seed").but(|it| it.facts.vendor = vendor.into())
            })
            .collect()
    };
    new(&mut bench, file("Acme")).unwrap();
    let report = new(&mut bench, file("acme")).unwrap();
    assert_eq!((report.alike.count, report.alike.first.len()), (9, 3));
}

#[test]
fn a5_a_crowd_under_one_serial_number_is_still_known_by_its_keys() {
    let mut bench = of_anna(Vec::new());
    let crowd = || (0..40).map(|n| of("N/A", None, Some(&format!("k{n:02}")), "seed"));
    new(
        &mut bench,
        crowd()
            .map(|it| it.but(|it| it.seed = secret(it.facts.distinction())))
            .collect(),
    )
    .unwrap();
    let said = refused(new(&mut bench, crowd().skip(39).collect()));
    assert_eq!(
        said,
        "line 1: token V N/A is there already, unassigned in group g"
    );
}

#[test]
fn b4_seeds_that_are_encoded_text_are_counted_and_the_first_are_named() {
    let mut bench = of_anna(Vec::new());
    let hex = "00112233445566778899aabbccddeeff";
    let report = bench
        .load(vec![
            anna(vec![
                of("1", None, None, hex),
                of("2", None, None, "plain seed"),
            ]),
            unassigned_token("g", of("3", None, None, "JBSWY3DPEHPK3PXP")),
            unassigned_token("g", of("4", None, None, "QUJDREVGR0hJSktMTU5PUFFSU1Q=")),
            unassigned_token("g", of("5", None, None, hex)),
        ])
        .unwrap();
    assert_eq!(report.encoded.count, 4);
    assert_eq!(
        report.encoded.first,
        ["V 1 (hexadecimal)", "V 3 (base32)", "V 4 (base64)"]
    );
}
