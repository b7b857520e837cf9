//! What the reader makes of LDIF.

mod servers;

use super::*;
use crate::model::UserState;

fn said(file: &str, options: Options) -> (Vec<String>, Counts) {
    let mut reader = Reader::new(file.as_bytes(), options);
    let said = reader
        .by_ref()
        .map(|item| match item {
            Ok((line, SourceRecord::Group(group))) => {
                format!("{line} group {} {}", group.name, group.default)
            }
            Ok((line, SourceRecord::User(user))) => {
                format!("{line} user {}/{}", user.facts.group, user.facts.userid)
            }
            Ok((_, other)) => panic!("{other:?}"),
            Err(error) => {
                assert!(!error.hint.is_empty());
                error.to_string()
            }
        })
        .collect();
    (said, reader.counts())
}

fn fixed() -> Options {
    Options {
        group: GroupFrom::Fixed("all".to_owned()),
        ..Options::default()
    }
}

fn by(attribute: &str) -> Options {
    Options {
        group: GroupFrom::Attribute(attribute.to_owned()),
        ..Options::default()
    }
}

fn by_path() -> Options {
    Options {
        group: GroupFrom::Path,
        ..Options::default()
    }
}

/// The user of one entry with these lines.
fn user(lines: &str) -> User {
    let file = format!("dn: cn=x,dc=e\nobjectClass: person\nuid: x\n{lines}\n");
    let last = Reader::new(file.as_bytes(), fixed()).last().unwrap();
    let Ok((1, SourceRecord::User(user))) = last else {
        panic!("{last:?}")
    };
    *user
}

#[test]
fn a_file_is_read_entry_by_entry() {
    let file = "# a comment\n  that goes on\nversion: 1\n\n\
        dn: ou=Sales,dc=e\nobjectClass: organizationalUnit\nou: Sales\n\n\n\
        # between\ndn:cn=Anna Smith,ou=Sales,ou=Peo\n ple,dc=e\nchangetype: add\n# inside\n  and on\nobjectclass: top\n\
        OBJECTCLASS: inetOrgPerson\nUID: asm\n i\n th\nmail:a@e\n\r\n\
        dn:: Y249QsO2YixvdT1WZXJ0cmllYixkYz1l\nobjectClass:: cGVyc29u\nuid: bob\r\n\r\n\
        dn: cn=c,ou=Sales,ou=People,dc=e\nobjectClass: person\nsAMAccountName: c\n\n\
        dn: cn=Manager,dc=e\nobjectClass: person\ncn: Manager\n\n\
        dn: cn=PC,ou=Sales,dc=e\nobjectClass: person\nobjectClass: user\nobjectClass: computer\nsAMAccountName: PC$";
    let (said, counts) = said(file, Options::default());
    assert_eq!(
        said,
        [
            "11 group Sales false",
            "11 user Sales/asmith",
            "23 group Vertrieb false",
            "23 user Vertrieb/bob",
            "27 user Sales/c",
        ]
    );
    assert_eq!(
        counts,
        Counts {
            people: 3,
            without_userid: 1,
            not_people: 2,
            ..Counts::default()
        }
    );
}

#[test]
fn attributes_become_what_the_manual_says() {
    let user_of = |lines: &str| user(lines);
    let anna = user_of(
        "cn: Anna\ncn;lang-fr: Anne\ndisplayName;lang-fr: Mme Smith\nDisplayName: Anna Smith\nmobile: +2\nmail: a@e\nmail: b@e\n\
         homePhone: +3\ntelephoneNumber: +1\nuserAccountControl: 512\nentryUUID: 7c9e6679-7425-40de-944b-e07fc1f90ae7",
    );
    assert_eq!(anna.facts.full_name.as_deref(), Some("Anna Smith"));
    let contacts: Vec<_> = anna
        .facts
        .contacts
        .iter()
        .map(|it| (it.label.as_str(), it.value.as_str(), it.default))
        .collect();
    assert_eq!(
        contacts,
        [
            ("Email", "a@e", true),
            ("Email", "b@e", false),
            ("Phone", "+1", false),
            ("Mobile phone", "+2", false),
            ("Home phone", "+3", false)
        ]
    );
    assert_eq!(anna.facts.state, UserState::Active);
    assert_eq!(
        anna.facts.id.as_deref(),
        Some("7c9e6679-7425-40de-944b-e07fc1f90ae7")
    );

    assert_eq!(
        user_of("cn;lang-fr: Anne").facts.full_name.as_deref(),
        Some("Anne")
    );
    assert_eq!(
        user_of("cn: A\ncn: B").facts.full_name.as_deref(),
        Some("A")
    );
    assert!(!user_of("telephoneNumber: 1").facts.contacts[0].default);
    assert_eq!(
        user_of("userAccountControl: 514").facts.state,
        UserState::Suspended
    );
    assert_eq!(
        user_of("userAccountControl: 66050").facts.state,
        UserState::Suspended
    );
    assert_eq!(
        user_of("userAccountControl: 66048").facts.state,
        UserState::Active
    );
    assert_eq!(user_of("sAMAccountName: other").facts.userid, "x");
    // The bytes 00 01 02 … 0f, as Active Directory stores and shows them.
    let guid = Some("03020100-0504-0706-0809-0a0b0c0d0e0f".to_owned());
    assert_eq!(
        user_of("objectGUID:: AAECAwQFBgcICQoLDA0ODw==").facts.id,
        guid
    );
    assert_eq!(
        user_of("objectGUID: {03020100-0504-0706-0809-0A0B0C0D0E0F}")
            .facts
            .id,
        guid
    );
    assert_eq!(user_of("description: none").facts.id, None);
}

#[test]
fn the_user_id_comes_from_the_attribute_that_is_named() {
    let file = "dn: cn=a,dc=e\nobjectClass: user\nuid: a\nuserPrincipalName: a@e\n\n\
        dn: cn=b,dc=e\nobjectClass: user\nuid: b\n";
    let options = Options {
        userid_attribute: Some("UserPrincipalName".to_owned()),
        ..fixed()
    };
    let (said, counts) = said(file, options);
    assert_eq!(said, ["1 group all false", "1 user all/a@e"]);
    assert_eq!(counts.without_userid, 1);
}

#[test]
fn the_group_comes_from_where_group_from_says() {
    let entry = |dn: &str, more: &str| format!("dn: {dn}\nobjectClass: user\nuid: a\n{more}\n");
    for (dn, more, options, group) in [
        (
            "cn=a,ou=North,ou=Sales,dc=e",
            "",
            Options::default(),
            "North",
        ),
        (
            "ou=a,OU=Sales\\, North,dc=e",
            "",
            Options::default(),
            "Sales, North",
        ),
        ("cn=a,cn=Users,ou=Site,dc=e", "", Options::default(), "Site"),
        (
            "cn=a,cn=Users,dc=corp,dc=e",
            "",
            Options::default(),
            "Users",
        ),
        (
            "uid=a,cn=users,cn=accounts,dc=e",
            "",
            Options::default(),
            "users",
        ),
        ("cn=a,o=Acme", "", Options::default(), "Acme"),
        ("cn=a,l=Bonn+ou=Sales,o=e", "", Options::default(), "Sales"),
        ("cn=a,dc=corp,dc=e", "", Options::default(), "corp.e"),
        ("cn=a,ou=R/D \\2F x,dc=e", "", Options::default(), "R-D - x"),
        ("cn=a,ou=x\\20,dc=e", "", Options::default(), "x"),
        (
            "cn=a,ou=Users,ou=Berlin,o=Acme,dc=corp,dc=e",
            "",
            by_path(),
            "Acme.Berlin.Users",
        ),
        ("cn=a,cn=Users,dc=corp,dc=e", "", by_path(), "Users"),
        ("cn=a,dc=corp,dc=e", "", by_path(), "corp.e"),
        ("cn=a,dc=e", "department: R/D", by("department"), "R-D"),
        (
            "cn=a,dc=e",
            "department: R&D\ndepartment: HR",
            by("Department"),
            "R&D",
        ),
        (
            "cn=a,dc=e",
            "memberOf: CN=VPN Users,OU=Groups,DC=e",
            by("memberof"),
            "VPN Users",
        ),
        ("cn=a,dc=e", "department: a=b", by("department"), "a=b"),
        ("cn=a,ou=x,dc=e", "", fixed(), "all"),
    ] {
        let (said, _) = said(&entry(dn, more), options);
        assert_eq!(
            said,
            [
                format!("1 group {group} false"),
                format!("1 user {group}/a")
            ]
        );
    }
    for (dn, more, options, what) in [
        (
            "cn=a",
            "",
            Options::default(),
            "line 1, field 'dn': the entry stands below nothing to take its group from",
        ),
        (
            "nonsense",
            "",
            Options::default(),
            "line 1, field 'dn': this is no distinguished name",
        ),
        (
            "cn=a,ou=R\\07D,dc=e",
            "",
            Options::default(),
            "line 1, field 'dn': 'R\\u{7}D' cannot be a group: it is empty or holds a control character",
        ),
        (
            "cn=a,dc=e",
            "",
            by("department"),
            "line 1, field 'department': the entry has no such attribute to take its group from",
        ),
        (
            "cn=a,dc=e",
            "department:",
            by("department"),
            "line 4, field 'department': empty, or holds a control character",
        ),
    ] {
        assert_eq!(said(&entry(dn, more), options).0, [what]);
    }
}

#[test]
fn an_entry_without_classes_is_a_person_when_it_has_a_user_id() {
    let file = "dn: cn=a,dc=e\nuid: a\n\ndn: dc=e\ndc: e\n";
    let (said, counts) = said(file, fixed());
    assert_eq!(said, ["1 group all false", "1 user all/a"]);
    assert_eq!(
        counts,
        Counts {
            people: 1,
            not_people: 1,
            ..Counts::default()
        }
    );
}

#[test]
fn what_is_wrong_is_reported_with_its_line_and_the_next_entry_is_read() {
    let good = "\n\ndn: cn=z,dc=e\nuid: z\n";
    for (bad, what) in [
        (
            "dn: cn=a,dc=e\nuid:: YW*",
            "line 2, field 'uid': not base64 at character 3 of the value",
        ),
        (
            "dn: cn=a,dc=e\njpegPhoto:: YW\n E",
            "line 2, field 'jpegPhoto': not base64: length or padding is wrong",
        ),
        (
            "dn: cn=a,dc=e\nuid: a\nmail:< file:///etc/passwd",
            "line 3, field 'mail': the value stands in another file",
        ),
        (
            "dn: cn=a,dc=e\nchangetype: modify\nreplace: uid\nuid: b\n-",
            "line 2, field 'changetype': this change is not an addition",
        ),
        (
            "dn: cn=a,dc=e\nchangetype: delete",
            "line 2, field 'changetype': this change is not an addition",
        ),
        (
            "dn: cn=a,dc=e\nuid: a\ndn: cn=b,dc=e\nuid: b",
            "line 3, field 'dn': a second dn in one entry",
        ),
        (
            "uid: a\ndn: cn=a,dc=e",
            "line 1, field 'uid': an entry begins with its dn",
        ),
        (
            "dn: cn=a,dc=e\nno colon here",
            "line 2: not 'attribute: value'",
        ),
        ("dn: cn=a,dc=e\n: value", "line 2: not 'attribute: value'"),
        (
            " dn: cn=a,dc=e\nuid: a",
            "line 1: this line continues nothing",
        ),
        (
            "dn: cn=a,dc=e\nuid:: /w==",
            "line 2, field 'uid': the value is not UTF-8",
        ),
        (
            "dn: cn=a,dc=e\nuid: a\ncn: x\nresult: 4 Size limit exceeded\nno colon",
            "line 5: not 'attribute: value'",
        ),
        (
            "result: 4 Size limit exceeded\nref: ldap://x",
            "line 1: the search did not find everything: '4 Size limit exceeded'",
        ),
        (
            "dn: cn=a,dc=e\nuid:: YQFi",
            "line 2, field 'uid': empty, or holds a control character",
        ),
        (
            "dn: cn=a,dc=e\nuid: a\nuserAccountControl: x",
            "line 3, field 'userAccountControl': not a whole number",
        ),
        (
            "dn: cn=a,dc=e\nuid: a\nobjectGUID:: AAEC",
            "line 3, field 'objectGUID': not a GUID of 16 bytes",
        ),
    ] {
        let (said, counts) = said(&format!("{bad}{good}"), fixed());
        assert_eq!(said.len(), 3, "{bad}: {said:?}");
        assert_eq!(said[0], what, "{bad}");
        assert!(said[2].ends_with("user all/z"));
        assert_eq!(counts.people, 1);
    }
    let (said, _) = said(&format!("version: 2{good}"), fixed());
    assert_eq!(said, ["line 1, field 'version': unknown version of LDIF"]);
}

/// The source format does not take it either.
#[test]
fn a_value_with_the_character_nul_is_refused() {
    for (line, field) in [
        ("mobile: +1 514\0\0", "mobile"),
        ("displayName:: QQBu", "displayName"),
    ] {
        let file = format!("dn: cn=Anna,dc=e\nobjectClass: person\nuid: anna\n{line}\n");
        let (said, _) = said(&file, fixed());
        let error = format!("line 4, field '{field}': the value holds the character U+0000");
        assert_eq!(said, [error], "{line}");
    }
}

#[test]
fn a_long_folded_value_is_one_value() {
    let name = "n".repeat(100_000);
    let mut file = String::from("dn: cn=a,dc=e\nuid: a\ncn: ");
    for chunk in name.as_bytes().chunks(70) {
        file.push_str(std::str::from_utf8(chunk).unwrap());
        file.push_str("\r\n ");
    }
    let last = Reader::new(file.as_bytes(), fixed())
        .last()
        .unwrap()
        .unwrap()
        .1;
    let SourceRecord::User(user) = last else {
        panic!()
    };
    assert_eq!(user.facts.full_name, Some(name));
}
