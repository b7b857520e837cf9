//! What servers and their tools write beside plain entries.

use super::*;

/// The groups of the users `a`, `b`, … in their order, in a vault that has these groups.
fn groups(file: &str, options: Options, known: &[&str]) -> Vec<String> {
    let options = Options {
        groups: known.iter().map(|&name| name.to_owned()).collect(),
        ..options
    };
    let (said, _) = said(file, options);
    let mut groups: Vec<_> = said
        .iter()
        .filter_map(|line| line.split_once(" user ")?.1.rsplit_once('/'))
        .collect();
    groups.sort_by_key(|(_, userid)| *userid);
    groups
        .into_iter()
        .map(|(group, _)| group.to_owned())
        .collect()
}

const BERLIN: &str = "dn: cn=a,OU=Users,OU=Berlin,DC=e\nuid: a\n\n";
const PARIS: &str = "dn: cn=b,OU=Users,OU=Paris,DC=e\nuid: b\n\n";
const CONTAINER: &str = "dn: cn=c,CN=Users,DC=e\nuid: c\n\n";
const ELSEWHERE: &str = "dn: cn=d,OU=Users,OU=Berlin,DC=other,DC=e\nuid: d\n\n";

#[test]
fn same_named_places_are_never_one_group() {
    let all = [BERLIN, PARIS, CONTAINER, ELSEWHERE].concat();
    let by_ou = ["Users", "Paris.Users", "e.Users", "other.e.Berlin.Users"];
    assert_eq!(groups(&all, Options::default(), &[]), by_ou);
    assert_eq!(said(&all, Options::default()).1.by_path, 3);
    assert_eq!(
        groups(&all, by_path(), &[]),
        [
            "Berlin.Users",
            "Paris.Users",
            "Users",
            "other.e.Berlin.Users"
        ]
    );
    // One unit in several spellings, and two that differ in letter case.
    let file = [
        BERLIN,
        "dn: cn=b,2.5.4.11=Users , ou = berlin,dc=E \nuid: b\n\n",
        "dn: cn=c,ou=users,OU=Paris,DC=e\nuid: c\n",
    ]
    .concat();
    assert_eq!(
        groups(&file, Options::default(), &[]),
        ["Users", "Users", "users"]
    );

    for (one, other, options, expected) in [
        (
            "ou=x,dc=a",
            "CN=x,dc=a",
            Options::default(),
            ["x", "a.cn=x"],
        ),
        (
            "ou=x,ou=y,dc=a",
            "ou=x,o=y,dc=a",
            by_path(),
            ["y.x", "a.o=y.ou=x"],
        ),
        (
            "ou=x,dc=a,dc=e",
            "ou=x,dc=b,dc=e",
            Options::default(),
            ["x", "b.e.x"],
        ),
        (
            "ou=x,ou=y/z,dc=a",
            "ou=x,ou=y/z,dc=b",
            Options::default(),
            ["x", "b.y-z.x"],
        ),
        ("ou=x,o=a", "ou=x,o=b", Options::default(), ["x", "b.x"]),
        (
            "ou=y.x,dc=a",
            "ou=x,ou=y,dc=a",
            by_path(),
            ["y.x", "a.ou=y.ou=x"],
        ),
        ("dc=a", "ou=a,dc=b", Options::default(), ["a", "b.a"]),
        (
            "memberOf: cn=x,ou=1",
            "memberOf: cn=x,ou=2",
            by("memberOf"),
            ["x", "2.x"],
        ),
    ] {
        let entry = |id: &str, place: &str| match place.contains(':') {
            true => format!("dn: cn={id},dc=a\nuid: {id}\n{place}\n\n"),
            false => format!("dn: cn={id},{place}\nuid: {id}\n\n"),
        };
        let file = entry("a", one) + &entry("b", other);
        assert_eq!(groups(&file, options, &[]), expected, "{one}");
    }
}

#[test]
fn a_place_keeps_its_group_when_a_part_of_the_directory_comes_in_another_order() {
    let entries = [BERLIN, PARIS, CONTAINER, ELSEWHERE];
    for first in 0..entries.len() {
        // Loaded for the first time in some order, then again in every other one and in parts.
        let mut file = entries;
        file.rotate_left(first);
        let known = groups(&file.concat(), Options::default(), &[]);
        let names: Vec<&str> = known.iter().map(String::as_str).collect();
        for second in 0..entries.len() {
            file.rotate_left(1);
            let again = groups(&file.concat(), Options::default(), &names);
            assert_eq!(again, known, "{first} {second}");
            file.reverse();
            let again = groups(&file.concat(), Options::default(), &names);
            assert_eq!(again, known, "{first} {second}");
            let part = groups(entries[second], Options::default(), &names);
            assert_eq!(part, [known[second].clone()], "{first} {second}");
        }
    }
}

#[test]
fn places_that_differ_only_in_their_types_keep_their_groups() {
    let entries = [
        "dn: cn=a,CN=Users,DC=e\nuid: a\n\n",
        "dn: cn=b,OU=Users,DC=e\nuid: b\n\n",
        "dn: cn=c,L=Users,DC=e\nuid: c\n\n",
        "dn: cn=d,OU=Users,OU=Berlin,DC=e\nuid: d\n\n",
    ];
    for first in 0..entries.len() {
        let mut file = entries;
        file.rotate_left(first);
        let known = groups(&file.concat(), Options::default(), &[]);
        let names: Vec<&str> = known.iter().map(String::as_str).collect();
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), 4, "{known:?}");
        for _ in 0..entries.len() {
            file.rotate_left(1);
            let again = groups(&file.concat(), Options::default(), &names);
            assert_eq!(again, known, "{file:?}");
            file.reverse();
            let again = groups(&file.concat(), Options::default(), &names);
            assert_eq!(again, known, "{file:?}");
        }
    }
}

#[test]
fn units_that_differ_only_in_what_no_group_can_have_are_refused() {
    for (one, other) in [
        ("ou=x/y,dc=a", "ou=x-y,dc=a"),
        ("ou=x\\20,dc=a", "ou=x,dc=a"),
    ] {
        let file = format!("dn: cn=a,{one}\nuid: a\n\ndn: cn=b,{other}\nuid: b\n");
        let (said, _) = said(&file, Options::default());
        assert!(said[2].contains("would be one group"), "{said:?}");
    }
}

#[test]
fn places_that_do_not_differ_are_refused() {
    let file =
        "dn: cn=a\nuid: a\nou: x/y\n\ndn: cn=b\nuid: b\nou: x-y\n\ndn: cn=c\nuid: c\nou: x-y";
    let twice = "field 'ou': 'x/y' (line 3) and 'x-y' would be one group 'x-y'";
    assert_eq!(
        said(file, by("ou")).0,
        [
            "1 group x-y false".to_owned(),
            "1 user x-y/a".to_owned(),
            format!("line 7, {twice}"),
            format!("line 11, {twice}"),
        ]
    );
    let error = Reader::new(file.as_bytes(), by("ou")).find_map(Result::err);
    assert!(error.unwrap().hint.contains("group="));
}

#[test]
fn what_is_left_out_or_changed_is_counted() {
    let file = "dn: cn=a,cn=Users,dc=e\nuid: a \njpegPhoto:< file:///tmp/x\nmail: \ndisplayName:\ncn: A B\n\n\
        dn: cn=b,ou=R/D,dc=e\nuid:: YgoK\nsn:< http://x\n\n\
        dn: cn=c,ou=R/D,dc=e\nuid:\nsAMAccountName: c\nshadowExpire: 1\n\n\
        dn: cn=d,ou=R/D,dc=e\nobjectClass: user\nsAMAccountName: PARTNER$\n\n\
        # refldap://x/DC=x\n\nref: ldap://y/DC=y\n\nsearch: 2\nresult: 0 Success\ncontrol: 1.2 true\n\
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
    // As plain LDIF has it, with a long cookie folded.
    let in_comments = [entry, "# pagedresultscookie=AAA\n AAA\n"].concat();
    for (file, line) in [(cut, 6), (in_comments, 4)] {
        let (said, _) = said(&file, fixed());
        let expected =
            format!("line {line}, field 'pagedresults': the search has more pages than the file");
        assert_eq!(said[2], expected);
        assert_eq!(said.len(), 3);
    }
    let last_in_comment = [&page("AAA"), entry, "# pagedresultscookie=\n"].concat();
    assert_eq!(said(&last_in_comment, fixed()).0.len(), 2);
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
