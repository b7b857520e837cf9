//! What servers and their tools write beside plain entries.

use super::*;

#[test]
fn same_named_places_are_never_one_group() {
    let file = "dn: cn=a,OU=Users,OU=Berlin,DC=e\nuid: a\n\n\
        dn: cn=b,ou=Users, ou=berlin ,dc=E \nuid: b\n\n\
        dn: cn=c,OU=Users,OU=Paris,DC=e\nuid: c\n\n\
        dn: cn=d,CN=Users,DC=e\nuid: d\n\n\
        dn: cn=e,OU=users,OU=Paris,DC=e\nuid: e\n";
    let twice = |line: u32, place: &str| {
        format!(
            "line {line}, field 'dn': two places would be one group 'Users': 'OU=Users,OU=Berlin,DC=e' (line 1) and '{place}'"
        )
    };
    assert_eq!(
        said(file, Options::default()).0,
        [
            "1 group Users false".to_owned(),
            "1 user Users/a".to_owned(),
            "4 user Users/b".to_owned(),
            twice(7, "OU=Users,OU=Paris,DC=e"),
            twice(10, "CN=Users,DC=e"),
            "13 group users false".to_owned(),
            "13 user users/e".to_owned(),
        ]
    );
    let hint = |file: &str, options| {
        let errors = Reader::new(file.as_bytes(), options).filter_map(Result::err);
        errors.map(|error| error.hint).next().unwrap()
    };
    assert_eq!(
        hint(file, Options::default()),
        "group-from=path calls them 'Berlin.Users' and 'Paris.Users'; or see group-attr= and group="
    );
    assert_eq!(
        said(file, by_path()).0,
        [
            "1 group Berlin.Users false",
            "1 user Berlin.Users/a",
            "4 group berlin.Users false",
            "4 user berlin.Users/b",
            "7 group Paris.Users false",
            "7 user Paris.Users/c",
            "10 group Users false",
            "10 user Users/d",
            "13 group Paris.users false",
            "13 user Paris.users/e",
        ]
    );
    for (file, options) in [
        // Two domains, a unit with the other name of a slash, two entries of groups with one name.
        (
            "dn: cn=a,ou=x,dc=a\nuid: a\n\ndn: cn=b,ou=x,dc=b\nuid: b",
            by_path(),
        ),
        (
            "dn: cn=a,ou=x/y,dc=a\nuid: a\n\ndn: cn=b,ou=x-y,dc=a\nuid: b",
            Options::default(),
        ),
        (
            "dn: cn=a,ou=x\\20,dc=a\nuid: a\n\ndn: cn=b,ou=x,dc=a\nuid: b",
            Options::default(),
        ),
        (
            "dn: cn=a\nuid: a\nmemberOf: cn=x,ou=1\n\ndn: cn=b\nuid: b\nmemberOf: cn=x,ou=2",
            by("memberOf"),
        ),
        (
            "dn: cn=a\nuid: a\nou: x/y\n\ndn: cn=b\nuid: b\nou: x-y",
            by("ou"),
        ),
    ] {
        let (said, counts) = said(file, options.clone());
        assert!(
            said[2].contains("two places would be one group 'x"),
            "{said:?}"
        );
        assert_eq!((said.len(), counts.people), (3, 1));
        assert!(hint(file, options).contains("group="));
    }
}

#[test]
fn what_is_left_out_or_changed_is_counted() {
    let file = "dn: cn=a,cn=Users,dc=e\nuid: a \njpegPhoto:< file:///tmp/x\nmail: \ndisplayName:\ncn: A B\n\n\
        dn: cn=b,ou=R/D,dc=e\nuid:: YgoK\nsn:< http://x\n\n\
        dn: cn=c,ou=R/D,dc=e\nuid:\nsAMAccountName: c\nshadowExpire: 1\n\n\
        dn: cn=d,ou=R/D,dc=e\nobjectClass: user\nsAMAccountName: PARTNER$\n\n\
        ref: ldap://x/DC=x\nref: ldap://y/DC=y\n\nsearch: 2\nresult: 0 Success\ncontrol: 1.2 true\n\
        pagedresults: cookie=\n\nversion: 1\n\n# numResponses: 3\n";
    let options = Options {
        now: Some("2026-01-01T00:00:00Z".parse().unwrap()),
        ..Options::default()
    };
    let (said, counts) = said(file, options);
    assert_eq!(
        said,
        [
            "1 group Users false",
            "1 user Users/a",
            "8 group R-D false",
            "8 user R-D/b",
            "12 user R-D/c"
        ]
    );
    assert_eq!(
        counts,
        Counts {
            people: 3,
            not_people: 1,
            references: 2,
            urls: 2,
            trimmed: 2,
            without_unit: 1,
            renamed_groups: 1,
            expired: 1,
            ..Counts::default()
        }
    );
    assert_eq!(
        user("displayName:\ncn: A B").facts.full_name.as_deref(),
        Some("A B")
    );
}

#[test]
fn a_search_with_pages_has_to_come_to_its_last_one() {
    let page = |cookie: &str| format!("pagedresults: cookie={cookie}\n\n");
    let entry = "dn: cn=a,ou=x\nuid: a\n\n";
    let whole = [&page("AAA"), entry, &page("")].concat();
    assert_eq!(said(&whole, fixed()).0.len(), 2);
    let cut = [&page(""), entry, &page("AAA")].concat();
    let (said, _) = said(&cut, fixed());
    assert_eq!(
        said[2],
        "line 6, field 'pagedresults': the search has more pages than the file"
    );
    assert_eq!(said.len(), 3);
}

#[test]
fn dead_entries_are_no_people() {
    let entry = |dn: &str, more: &str| {
        let file = format!("dn: {dn}\nobjectClass: inetOrgPerson\nuid: a\n{more}\n");
        let (_, counts) = said(&file, fixed());
        (counts.people, counts.deleted, counts.conflicts)
    };
    let (alive, deleted, conflict) = ((1, 0, 0), (0, 1, 0), (0, 0, 1));
    for (dn, more, what) in [
        ("uid=a,ou=x", "nsuniqueid: 1-2-3-4", alive),
        ("uid=a,ou=x", "isDeleted: FALSE\nisRecycled: FALSE", alive),
        (
            "cn=a+uid=b,ou=x",
            "entryUUID: 7c9e6679-7425-40de-944b-e07fc1f90ae7",
            alive,
        ),
        ("cn=Deleted Objects,ou=x", "", alive),
        ("uid=a,cn=deleted users,dc=e", "", alive),
        ("uid=a,ou=x", "objectClass: nsTombstone", deleted),
        ("uid=a,ou=x", "objectClass: NSTOMBSTONE", deleted),
        ("nsuniqueid=1-2-3-4,uid=a,ou=x", "", deleted),
        ("uid=a,ou=x", "isDeleted: TRUE", deleted),
        ("uid=a,ou=x", "isRecycled: true ", deleted),
        ("CN=a\\0ADEL:1fe3,CN=Deleted Objects,DC=e", "", deleted),
        ("CN=a\\0adel:1fe3,DC=e", "", alive),
        ("CN=a\\0aDEL:1fe3,DC=e", "", deleted),
        ("CN=a,OU=x\\0ADEL:1fe3,CN=LostAndFound,DC=e", "", deleted),
        ("CN=a,CN=deleted objects,DC=e", "", deleted),
        (
            "uid=a,cn=deleted users,cn=accounts,cn=provisioning,dc=e",
            "",
            deleted,
        ),
        ("CN=a\\0ACNF:1fe3,OU=x", "", conflict),
        ("CN=a,OU=x\\0ACNF:1fe3,DC=e", "", conflict),
        ("nsuniqueid=1-2-3-4+uid=a,ou=x", "", conflict),
        ("uid=a+nsUniqueId=1-2-3-4,ou=x", "", conflict),
        (
            "uid=a,ou=x",
            "nsds5ReplConflict: namingConflict uid=a,ou=x",
            conflict,
        ),
        ("entryuuid=1-2+uid=a,ou=x", "", conflict),
        ("uid=a,ou=x", "ds-sync-conflict: uid=a,ou=x", conflict),
        ("uid=a,ou=x", "objectClass: glue", conflict),
    ] {
        assert_eq!(entry(dn, more), what, "{dn}: {more}");
    }
}

#[test]
fn a_value_that_a_replica_keeps_as_deleted_is_none() {
    let user = user(
        "mail;vdcsn-5f;deleted: old@e\nmail;adcsn-5f;vucsn-5f: new@e\ncn;deletedattribute;deleted:\n\
         nsAccountLock;adcsn-5f;deletedattribute;deleted: TRUE\nmobile;deleted:< file:///x",
    );
    assert_eq!(user.facts.contacts.len(), 1);
    assert_eq!(user.facts.contacts[0].value, "new@e");
    assert_eq!(user.facts.full_name, None);
    assert_eq!(user.facts.state, UserState::Active);
}

#[test]
fn what_ends_in_several_crs_is_read() {
    let file = "dn: cn=a,ou=x\r\r\nuid: a\r\r\n\r\r\ndn: cn=b,ou=x\r\r\nuid: b\r\r\n";
    assert_eq!(said(file, Options::default()).1.people, 2);
}

#[test]
fn other_encodings_and_line_ends_are_named() {
    for (file, what) in [
        (
            &b"dn: cn=a,ou=K\xFCche\nuid: a\n"[..],
            "line 1, field 'dn': the text is not UTF-8; it looks like Windows-1252 (ANSI)",
        ),
        (
            b"dn: cn=a,ou=x\nuid: a\ncn: K\xFCche\n",
            "line 3, field 'cn': the text is not UTF-8; it looks like Windows-1252 (ANSI)",
        ),
        (
            b"dn: cn=a,ou=x\nuid: a\nd\0n\0:\0 \0u\0\n",
            "line 3: the text is UTF-16 from here on, not UTF-8",
        ),
        (
            b"# a\rdn: cn=a,ou=x\ruid: a\r",
            "line 1: the lines end with CR only, so the file is one line",
        ),
    ] {
        let first = Reader::new(file, Options::default()).next().unwrap();
        assert_eq!(first.unwrap_err().to_string(), what);
    }
    // What is not looked at may be anything.
    let file = b"dn: cn=a,ou=x\nuid: a\nstreet: K\xF6nigstr.\n";
    let items = Reader::new(&file[..], Options::default());
    assert_eq!(items.map(Result::unwrap).count(), 2);
}

#[test]
fn a_photo_of_any_size_is_passed_over_and_a_name_of_any_size_is_not() {
    use crate::exchange::MAX_LINE;
    let long = "A".repeat(MAX_LINE + 4);
    let folded = "\n AAAAAAAA".repeat(MAX_LINE / 8 + 1);
    for (name, value, people) in [
        ("jpegPhoto:", &long, 2),
        ("jpegPhoto:", &folded, 2),
        ("cn", &long, 1),
        ("cn", &folded, 1),
    ] {
        let file =
            format!("dn: cn=a,ou=x\nuid: a\n{name}: {value}\nmail: a@e\n\ndn: cn=b,ou=x\nuid: b\n");
        let (said, counts) = said(&file, fixed());
        assert_eq!(counts.people, people, "{name}");
        if people == 1 {
            assert_eq!(said[0], "line 3: the line has more than 16777216 bytes");
        }
    }
}
