//! People out of a directory: LDIF as servers and their tools write it.

use crate::common::House;

const LOAD: &str = "source load file=in.ldif format=ldif";

/// A house with this file in it.
fn with(ldif: impl AsRef<[u8]>) -> House {
    let house = House::with_vault();
    house.file("in.ldif", ldif);
    house
}

/// The users with group and state, one a line.
fn users(house: &House) -> Vec<String> {
    let list = house.ask("csv", "user list columns=group,userid,state");
    let mut users: Vec<String> = list.lines().skip(1).map(str::to_owned).collect();
    users.sort();
    users
}

fn notes(house: &House, command: &str) -> String {
    house.master(&[command]).ok().screen()
}

#[test]
fn b1_locked_accounts_of_every_family_are_suspended() {
    let locks = [
        "userAccountControl: 514",
        "userAccountControl: 0x202",
        "msDS-UserAccountDisabled: TRUE",
        "accountExpires: 132000000000000000",
        "nsAccountLock: true",
        "nsRoleDN: cn=nsManagedDisabledRole,dc=e",
        "accountUnlockTime: 19700101000000Z",
        "acctFlags: [UD         ]",
        "authAuthority: ;DisabledUser;;ShadowHash;",
        "inetUserStatus: inactive",
        "orclIsEnabled: DISABLED",
        "loginDisabled: TRUE",
        "lockedByIntruder: TRUE",
        "pwdAccountLockedTime: 000001010000Z",
        "ds-pwp-account-disabled: true",
        "ibm-pwdAccountLocked: true",
        "sambaAcctFlags: [UD         ]",
        "shadowExpire: 1",
        "krb5ValidEnd: 20200101000000Z",
        "orclActiveEndDate: 20200101000000Z",
        "accountStatus: disabled",
        "zimbraAccountStatus: locked",
    ];
    let open = [
        "userAccountControl: 66048",
        "nsAccountLock: FALSE",
        "accountExpires: 9223372036854775807",
        "accountExpires: 0",
        "sambaAcctFlags: [U          ]",
        "shadowExpire: -1",
        "accountUnlockTime: 20200101000000Z",
        "authAuthority: ;ShadowHash;",
        "krb5ValidEnd: 20990101000000Z",
        "inetUserStatus: active",
        "lockoutTime: 132000000000000000",
        "loginShell: /sbin/nologin",
    ];
    let entry = |kind: &str, at: usize, line: &str| {
        format!("dn: uid={kind}{at},ou=x\nobjectClass: person\nuid: {kind}{at}\n{line}\n\n")
    };
    let file: String = locks
        .iter()
        .enumerate()
        .map(|(at, line)| entry("locked", at, line))
        .chain(
            open.iter()
                .enumerate()
                .map(|(at, line)| entry("open", at, line)),
        )
        .collect();
    let house = with(file);
    let said = notes(&house, LOAD);
    insta::assert_snapshot!(said, @r#"
    exit 0
    -- err
    note: loaded 1 group, 34 users, 0 tokens and 0 cards
    note: 4 users suspended because the account has expired
    note: in.ldif is still there, in plain text
    hint: delete it when it is no longer needed
    "#);
    for user in users(&house) {
        let state = if user.contains("locked") {
            "suspended"
        } else {
            "active"
        };
        assert!(user.ends_with(state), "{user}");
    }
}

#[test]
fn b1_tombstones_deleted_and_conflict_objects_are_no_users() {
    let house = with(
        "dn: uid=live,ou=people,dc=e\nobjectClass: person\nuid: live\n\n\
         dn: nsuniqueid=66446001-1dd211b2,uid=gone1,ou=people,dc=e\nobjectClass: person\n\
         objectClass: nsTombstone\nuid: gone1\n\n\
         dn: CN=Lea\\0ADEL:1fe3,CN=Deleted Objects,DC=e\nobjectClass: user\nsAMAccountName: gone2\nisDeleted: TRUE\n\n\
         dn: CN=Lea\\0ACNF:1fe3,OU=people,DC=e\nobjectClass: user\nsAMAccountName: twin\n",
    );
    let said = notes(&house, LOAD);
    insta::assert_snapshot!(said, @r#"
    exit 0
    -- err
    note: loaded 1 group, 1 user, 0 tokens and 0 cards
    note: 2 entries passed over: deleted
    note: 1 entry passed over: conflicts between replicas
    note: in.ldif is still there, in plain text
    hint: delete it when it is no longer needed
    "#);
    assert_eq!(users(&house), ["people,live,active"]);
}

#[test]
fn b1_users_whom_freeipa_prepares_are_suspended() {
    let house = with(
        "dn: uid=live,cn=users,cn=accounts,dc=e\nuid: live\n\n\
         dn: uid=soon,cn=staged users,cn=accounts,cn=provisioning,dc=e\nuid: soon\n\n\
         dn: uid=left,cn=deleted users,cn=accounts,cn=provisioning,dc=e\nuid: left\n\n\
         dn: uid=other,cn=staged users,dc=e\nuid: other\n",
    );
    let said = notes(&house, &format!("{LOAD} group=all"));
    insta::assert_snapshot!(said, @r#"
    exit 0
    -- err
    note: loaded 1 group, 3 users, 0 tokens and 0 cards
    note: 1 entry passed over: deleted
    note: in.ldif is still there, in plain text
    hint: delete it when it is no longer needed
    "#);
    assert_eq!(
        users(&house),
        ["all,live,active", "all,other,active", "all,soon,suspended"]
    );
}

#[test]
fn b1_a_trailing_blank_does_not_stay_in_a_user_id() {
    let house = with("dn: uid=a,ou=x\nuid: live \n\ndn: uid=b,ou=x\nuid:: YmVhCg==\n");
    let said = notes(&house, LOAD);
    insta::assert_snapshot!(said, @r#"
    exit 0
    -- err
    note: loaded 1 group, 2 users, 0 tokens and 0 cards
    note: 2 values taken without blanks around
    note: in.ldif is still there, in plain text
    hint: delete it when it is no longer needed
    "#);
    assert_eq!(users(&house), ["x,bea,active", "x,live,active"]);

    let house = with("dn: uid=a,ou=x\nuid: live \n\ndn: uid=b,ou=x\nuid: live\n");
    insta::assert_snapshot!(house.master(&[LOAD]).screen(), @r#"
    exit 1
    -- err
    error[E0402]: in.ldif: line 4: user x/live is already in line 1; nothing was changed
    hint: a key stands once in a file; remove one of the records
    "#);
}

#[test]
fn c2_a_url_on_an_attribute_that_is_not_used_is_left_out() {
    let file = "dn: uid=a,ou=x\nuid: a\nthumbnailPhoto:< file:///tmp/photo\n";
    let house = with(file);
    let said = notes(&house, LOAD);
    insta::assert_snapshot!(said, @r#"
    exit 0
    -- err
    note: loaded 1 group, 1 user, 0 tokens and 0 cards
    note: 1 value left out: in another file (attribute:< URL)
    note: in.ldif is still there, in plain text
    hint: delete it when it is no longer needed
    "#);
    assert_eq!(users(&house), ["x,a,active"]);
    let house = with(file.replace("thumbnailPhoto", "mail"));
    insta::assert_snapshot!(house.master(&[LOAD]).screen(), @r#"
    exit 1
    -- err
    error[E0402]: in.ldif: line 3, field 'mail': the value stands in another file; nothing was changed
    hint: write the value itself into the file: values from a URL are not fetched
    "#);
}

#[test]
fn c2_people_without_an_ou_are_loaded() {
    let house = with(
        "dn: CN=Administrator,CN=Users,DC=corp,DC=example\nsAMAccountName: Administrator\n\n\
         dn: cn=root,dc=corp,dc=example\nuid: root\n\n\
         dn: cn=admin,o=Acme\nuid: admin\n\n\
         dn: cn=a,ou=Sales,dc=corp,dc=example\nuid: a\n\n\
         dn: CN=PC01,CN=Computers,DC=corp,DC=example\nobjectClass: user\nobjectClass: computer\nsAMAccountName: PC01$\n",
    );
    let said = notes(&house, LOAD);
    insta::assert_snapshot!(said, @r#"
    exit 0
    -- err
    note: loaded 4 groups, 4 users, 0 tokens and 0 cards
    note: 1 entry passed over: not people
    note: 3 users in no OU: the container, organization or domain is the group
    note: in.ldif is still there, in plain text
    hint: delete it when it is no longer needed
    "#);
    assert_eq!(
        users(&house),
        [
            "Acme,admin,active",
            "Sales,a,active",
            "Users,Administrator,active",
            "corp.example,root,active"
        ]
    );
}

const TWO_UNITS: &str = "dn: CN=a,OU=Users,OU=Berlin,DC=e\nsAMAccountName: a\n\n\
    dn: CN=b,OU=Users,OU=Paris,DC=e\nsAMAccountName: b\n\n\
    dn: CN=c,CN=Users,DC=e\nsAMAccountName: c\n";

#[test]
fn c2_same_named_units_do_not_merge() {
    let house = with(TWO_UNITS);
    let said = notes(&house, LOAD);
    insta::assert_snapshot!(said, @r#"
    exit 0
    -- err
    note: loaded 3 groups, 3 users, 0 tokens and 0 cards
    note: 1 user in no OU: the container, organization or domain is the group
    note: 2 groups named by the path, because another OU has the name (group-from=)
    note: in.ldif is still there, in plain text
    hint: delete it when it is no longer needed
    "#);
    let all = ["Paris.Users,b,active", "Users,a,active", "e.Users,c,active"];
    assert_eq!(users(&house), all);
    // Only one of them, and all in another order: all users stay.
    let mut entries: Vec<&str> = TWO_UNITS.split_inclusive("\n\n").collect();
    house.file("in.ldif", entries[1]);
    let said = notes(&house, LOAD);
    insta::assert_snapshot!(said, @r#"
    exit 0
    -- err
    note: loaded 1 group, 1 user, 0 tokens and 0 cards (1 of the users was there before)
    note: 1 group named by the path, because another OU has the name (group-from=)
    note: in.ldif is still there, in plain text
    hint: delete it when it is no longer needed
    "#);
    entries.reverse();
    house.file("in.ldif", entries.join("\n"));
    let said = notes(&house, LOAD);
    insta::assert_snapshot!(said, @r#"
    exit 0
    -- err
    note: loaded 3 groups, 3 users, 0 tokens and 0 cards (3 of the users were there before)
    note: 1 user in no OU: the container, organization or domain is the group
    note: 2 groups named by the path, because another OU has the name (group-from=)
    note: in.ldif is still there, in plain text
    hint: delete it when it is no longer needed
    "#);
    assert_eq!(users(&house), all);

    let house = with(TWO_UNITS);
    notes(&house, &format!("{LOAD} group-from=path"));
    assert_eq!(
        users(&house),
        [
            "Berlin.Users,a,active",
            "Paris.Users,b,active",
            "Users,c,active"
        ]
    );
}

#[test]
fn c2_a_container_and_a_unit_of_one_name_keep_their_groups() {
    let file = "dn: CN=a,CN=Users,DC=e\nsAMAccountName: a\n\n\
                dn: CN=b,OU=Users,DC=e\nsAMAccountName: b\n";
    let house = with(file);
    notes(&house, LOAD);
    let all = ["Users,a,active", "e.ou=Users,b,active"];
    assert_eq!(users(&house), all);
    let said = notes(&house, LOAD);
    insta::assert_snapshot!(said, @r#"
    exit 0
    -- err
    note: loaded 2 groups, 2 users, 0 tokens and 0 cards (2 of the users were there before)
    note: 1 user in no OU: the container, organization or domain is the group
    note: 1 group named by the path, because another OU has the name (group-from=)
    note: in.ldif is still there, in plain text
    hint: delete it when it is no longer needed
    "#);
    assert_eq!(users(&house), all);
}

#[test]
fn c2_values_that_would_be_one_group_are_refused_and_kept_in_the_residue() {
    let house = with("dn: cn=a,dc=e\nuid: a\nteam: x/y\n\ndn: cn=b,dc=e\nuid: b\nteam: x-y\n");
    let load = format!("{LOAD} group-attr=team");
    insta::assert_snapshot!(house.dialogue(&[&load, &format!("{load} -skip-bad")]), @r#"
    $ source load file=in.ldif format=ldif group-attr=team
    exit 1
    -- err
    error[E0402]: in.ldif: line 7, field 'team': 'x/y' (line 3) and 'x-y' would be one group 'x-y'; nothing was changed
    hint: choose another group-attr=, or load each from a file of its own with group=

    $ source load file=in.ldif format=ldif group-attr=team -skip-bad
    exit 5
    -- err
    note: loaded 1 group, 1 user, 0 tokens and 0 cards
    note: 1 bad entry left out, each with its reason in in.ldif.residue
    note: 1 group named with '-' for the '/' of the directory
    note: in.ldif is still there, in plain text
    hint: delete it when it is no longer needed
    "#);
    house
        .master(&["source load file=in.ldif.residue format=ldif group=other"])
        .ok();
    assert_eq!(users(&house), ["other,b,active", "x-y,a,active"]);
}

#[test]
fn c2_a_slash_in_a_unit_is_replaced() {
    let house = with(
        "dn: CN=a,OU=This/That,DC=e\nuid: a\n\ndn: CN=b,OU=R\\2BD \\2F \\C3\\9Cbung,DC=e\nuid: b\n\n\
         dn: CN=c,OU=Customer\\, s.r.o.,DC=e\nuid: c\n\ndn: CN=d,OU=This/That,DC=e\nuid: d\n",
    );
    let said = notes(&house, LOAD);
    insta::assert_snapshot!(said, @r#"
    exit 0
    -- err
    note: loaded 3 groups, 4 users, 0 tokens and 0 cards
    note: 2 groups named with '-' for the '/' of the directory
    note: in.ldif is still there, in plain text
    hint: delete it when it is no longer needed
    "#);
    assert_eq!(
        users(&house),
        [
            "\"Customer, s.r.o.\",c,active",
            "R+D - Übung,b,active",
            "This-That,a,active",
            "This-That,d,active"
        ]
    );
}

/// A text in UTF-16.
fn wide(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

#[test]
fn c2_another_encoding_is_named_with_the_way_to_convert_it() {
    let house = House::with_people(3);
    let text = "dn: uid=a,ou=x\nuid: a\n";
    for (bytes, name) in [
        (
            wide(&format!("\u{feff}{text}"), u16::to_le_bytes),
            "UTF-16LE",
        ),
        (
            wide(&format!("\u{feff}{text}"), u16::to_be_bytes),
            "UTF-16BE",
        ),
        (wide(text, u16::to_le_bytes), "UTF-16LE"),
        (wide(text, u16::to_be_bytes), "UTF-16BE"),
    ] {
        house.file("in", &bytes);
        house.private("in.igsh", "");
        house.file("in.igsh", &bytes);
        let named = format!("the text is {name}, not UTF-8");
        let hint = format!("iconv -f {name} -t UTF-8 OLD > NEW");
        for command in [
            "source load file=in format=ldif",
            "source load file=in format=ndjson",
            "source diff file=in",
            "token load file=in",
            "user list userid=@in",
            "migrate stage -bulk in",
            "migrate check target-users=in",
            "run in.igsh",
        ] {
            let ran = house.master(&[command]);
            assert!(ran.code != 0, "{command}");
            assert!(
                ran.err.contains(&named) && ran.err.contains(&hint),
                "{command}: {}",
                ran.err
            );
        }
    }
    let ansi = "the text is not UTF-8; it looks like Windows-1252 (ANSI)";
    for (command, bytes) in [
        (
            "source load file=in format=ldif",
            &b"dn: uid=a,ou=K\xFCche\nuid: a\n"[..],
        ),
        (
            "source load file=in format=ndjson",
            b"{\"type\":\"schema\",\"version\":1}\n{\"type\":\"group\",\"name\":\"K\xFC\"}\n",
        ),
        ("user list userid=@in", b"m\xFCller\n"),
        ("migrate check target-users=in", b"userid\nm\xFCller\n"),
        (
            "token load file=in",
            b"<KeyContainer><a>\xFC</a></KeyContainer>",
        ),
    ] {
        house.file("in", bytes);
        house
            .master(&[command])
            .fails(1, &[ansi, "iconv -f WINDOWS-1252 -t UTF-8"]);
    }
}

#[test]
fn c2_lines_that_end_with_cr_alone_are_named() {
    let house = House::with_people(3);
    for (command, text) in [
        (
            "source load file=in format=ldif",
            "# people\rdn: uid=a,ou=x\ruid: a\r",
        ),
        (
            "source load file=in format=ndjson",
            "{\"type\":\"schema\",\"version\":1}\r{}\r",
        ),
        ("user list userid=@in", "a\rb\r"),
        ("migrate check target-users=in", "userid\ra\r"),
    ] {
        house.file("in", text);
        house.master(&[command]).fails(
            1,
            &[
                "the lines end with CR only",
                "hint: convert it: tr '\\r' '\\n' < OLD > NEW",
            ],
        );
    }
}

const SEARCH: &str = "# extended LDIF\n#\n# LDAPv3\n# filter: (objectClass=person)\n#\n\n\
    # a, people, e\ndn: uid=a,ou=people,dc=e\nobjectClass: person\nuid: a\n\n\
    # search reference\nref: ldap://x/DC=x\n\n\
    # search result\nsearch: 2\nresult: 0 Success\ncontrol: 1.2 false MAUCAQAEAA==\npagedresults: cookie=\n\n\
    # numResponses: 3\n# numEntries: 1\n";

#[test]
fn c2_what_ldapsearch_prints_is_read() {
    let house = with(SEARCH);
    let said = notes(&house, LOAD);
    insta::assert_snapshot!(said, @r#"
    exit 0
    -- err
    note: loaded 1 group, 1 user, 0 tokens and 0 cards
    note: 1 reference to other servers not followed
    note: in.ldif is still there, in plain text
    hint: delete it when it is no longer needed
    "#);
    assert_eq!(users(&house), ["people,a,active"]);
}

#[test]
fn c2_a_search_that_did_not_find_everything_is_refused() {
    for (from, to) in [
        ("0 Success", "4 Size limit exceeded"),
        ("0 Success", "3 Time limit exceeded"),
        ("cookie=", "cookie=AAAB"),
        ("# numResponses: 3", "Size limit exceeded (4)"),
    ] {
        let house = with(SEARCH.replace(from, to));
        house
            .master(&[LOAD])
            .fails(1, &["the search", "pr=500/noprompt"]);
        assert!(users(&house).is_empty(), "{to}");
        house.master(&[&format!("{LOAD} -skip-bad")]).fails(
            5,
            &["1 bad entry left out, each with its reason in in.ldif.residue"],
        );
        assert_eq!(users(&house), ["people,a,active"], "{to}");
    }
}

#[test]
fn c2_the_residue_holds_whole_entries_and_can_be_loaded_again() {
    let photo = "QUFB".repeat(20);
    let (photo, more) = photo.split_at(60);
    let house = with(format!(
        "version: 1\n\n# the first\ndn: uid=a,ou=x\r\nobjectClass: person\nuid: a\nuserAccountControl: many\n\
         jpegPhoto:: {photo}\n {more}\nmail: a@e\n\n\
         dn: uid=b,ou=x\nobjectClass: person\nuid: b\n\n\
         dn: uid=c,ou=x\nobjectClass: person\nuid: b\ncn: Cyd\n\n\
         no entry\n\n\
         dn: uid=d,ou=x\nchangetype: delete\n"
    ));
    let screen = house
        .master(&[&format!("{LOAD} -skip-bad residue=rest.ldif")])
        .screen();
    insta::assert_snapshot!(screen, @r#"
    exit 5
    -- err
    note: loaded 1 group, 1 user, 0 tokens and 0 cards
    note: 4 bad entries left out, each with its reason in rest.ldif
    note: in.ldif is still there, in plain text
    hint: delete it when it is no longer needed
    "#);
    assert_eq!(users(&house), ["x,b,active"]);
    let rest = house.read("rest.ldif");
    assert_eq!(
        rest,
        format!(
            "version: 1\n\n# line 7, field 'userAccountControl': not a whole number\n# the first\n\
             dn: uid=a,ou=x\r\nobjectClass: person\nuid: a\nuserAccountControl: many\n\
             jpegPhoto:: {photo}\n {more}\nmail: a@e\n\n\
             # line 16: user x/b is already in line 12\ndn: uid=c,ou=x\nobjectClass: person\nuid: b\ncn: Cyd\n\n\
             # line 21: not 'attribute: value'\nno entry\n\n\
             # line 24, field 'changetype': this change is not an addition\ndn: uid=d,ou=x\nchangetype: delete\n\n"
        )
    );
    let corrected = rest
        .replace("many", "512")
        .replace("uid: b\ncn", "uid: c\ncn")
        .replace("no entry\n", "")
        .replace("delete", "add");
    house.file("in.ldif", corrected);
    let said = notes(&house, LOAD);
    insta::assert_snapshot!(said, @r#"
    exit 0
    -- err
    note: loaded 1 group, 2 users, 0 tokens and 0 cards
    note: 1 entry passed over: not people
    note: in.ldif is still there, in plain text
    hint: delete it when it is no longer needed
    "#);
    assert_eq!(users(&house), ["x,a,active", "x,b,active", "x,c,active"]);
}

#[test]
fn a_tenant_takes_neither_deleted_people_nor_locked_ones_as_active() {
    let house = with(
        "dn: uid=a,ou=x\nobjectClass: person\nuid: a\nnsAccountLock: TRUE\n\n\
         dn: uid=b,ou=x\nobjectClass: person\nobjectClass: nsTombstone\nuid: b\n",
    );
    let synced = house
        .master(&[
            "tenant init file=t.db passwords=masters.txt kdf=19456,2,1",
            "tenant sync file=in.ldif tenant=t.db",
        ])
        .ok();
    insta::assert_snapshot!(synced.screen(), @r#"
    exit 0
    -- err
    note: made the tenant t.db
    note: masters.txt is still there, in plain text
    hint: delete it when it is no longer needed
    hint: 'tenant import tenant=t.db' imports a bundle
    note: 1 user of the directory: 1 new, 0 known before
    note: 1 entry passed over: deleted
    "#);
    let list = house.ask("csv", "tenant user list columns=userid,state tenant=t.db");
    assert_eq!(list, "userid,state\na,INACTIVE\n");
}
