//! `migrate check`: what a master sees before anything is written.

use crate::common::House;

#[test]
fn doubled_names_block_and_are_listed_in_full() {
    let house = House::with_vault();
    house
        .master(&["source generate users=400 seed=1 duplicates=4 -load"])
        .ok();
    let ran = house.master(&["migrate check"]);
    insta::assert_snapshot!(ran.screen(), @r#"
    exit 7
    -- out
    severity  finding           count  meaning                                    by kind                                   examples
    ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
    blocks    name.collision        8  a name that several users would share on…                                            Siège/bsmith name bsmith (Siège/bsmith …
    warning   token.event          42  event-based tokens                                                                   default/csmith token HID 7890882611 (co…
    warning   token.model          31  tokens of models that the target does no…  OneSpan Go 6 (cr): 3, Thales Gemini (oc…  finance/aconceicao3 token Yubico 674526…
    warning   token.function       31  functions of tokens that the target does…                                            marketing/cchen1 token Entrust 84673578…
    warning   roles                 2  holders of roles                                                                     hr/tsmith2 roles (set up on the target …
    warning   userAccessGroups      3  members of user access groups                                                        sales/sconceicao3 userAccessGroups (set…
    note      token.state          50  tokens that stay because of their state    activating: 22, canceled: 28              research/wchen token Entrust 9005444378…
    note      card.state            9  cards that stay because of their state     canceled: 9                               marketing/cchen1 card 10009 (canceled);…
    note      card.expired          2  cards past their expiry date                                                         contractors/aalmeida3 card 10103 (2025-…
    note      biometrics           10  data that is never migrated                                                          finance/asmith1 biometrics (never migra…
    note      certificates          5  data that is never migrated                                                          Siège/pchen2 certificates (never migrat…
    note      mutualAuth            7  data that is never migrated                                                          default/jsmith2 mutualAuth (never migra…
    note      otps                  5  data that is never migrated                                                          treasury-ops/dnovak otps (never migrate…
    note      pvns                 13  data that is never migrated                                                          marketing/dchen1 pvns (never migrated);…
    note      machineSecrets        7  data that is never migrated                                                          engineering/mconceicao2 machineSecrets …
    note      smartCredentials      9  data that is never migrated                                                          payroll/fchen1 smartCredentials (never …
    note      temporaryPins        13  data that is never migrated                                                          logistics/jconceicao3 temporaryPins (ne…
    note      mobileDigitalIds      7  data that is never migrated                                                          default/palmeida mobileDigitalIds (neve…
    18 findings
    to set on the target by hand                                              count
    ───────────────────────────────────────────────────────────────────────────────
    assign roles again                                                            2
    set up what user access groups allowed                                        3
    change the identity provider's address of soft tokens (see 'idpurl set')     76
    3 things
    -- err
    hint: name.collision: Give one of them another target id with 'migrate map file=F', or take one out with 'migrate exclude'.
    hint: token.event: Let users change over at once: a counter goes out of step when its token is used on both sides.
    hint: token.model: The target does not take this model: give the user another token; if it should take it, see the settings migrate.cr-vendors, migrate.at-vendors and migrate.hotp-vendors.
    hint: token.function: One-time passwords and PIN unblock migrate; use push or another token for transaction signing and challenge/response.
    hint: roles: Set it up on the target by hand.
    hint: userAccessGroups: Set it up on the target by hand.
    note: checked 400 users: an export would be refused
    "#);
    let all = house.master(&["migrate check format=ndjson"]);
    assert_eq!(all.code, 7);
    let collisions = all
        .out
        .lines()
        .filter(|line| line.contains(r#""part":"instance""#) && line.contains("name.collision"));
    assert_eq!(collisions.count(), 8, "two parties to each of four names");
    let screen = house
        .master(&["migrate check format=json into=check.json"])
        .screen();
    insta::assert_snapshot!(screen, @r#"
    exit 7
    -- err
    note: checked 400 users: an export would be refused
    "#);
    let json = house.read("check.json");
    assert!(json.trim_start().starts_with('[') && json.trim_end().ends_with(']'));
    // Nothing was written, and a selection without them is fine.
    assert_eq!(house.ask("json", "bundle list").trim(), "[]");
    house.master(&["migrate check userid=nobody*"]).ok();
    let screen = house
        .master(&["migrate check userid=nobody* -require-match"])
        .screen();
    insta::assert_snapshot!(screen, @r#"
    exit 4
    -- err
    error[E0701]: nothing matches the selection
    "#);
}

#[test]
fn the_closing_list_says_what_to_set_on_the_target() {
    let house = House::with_people(300);
    let ran = house.master(&["migrate check"]).ok();
    for words in ["to set on the target by hand", "identity provider", "roles"] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    let total = |out: &str, id: &str| -> u64 {
        let line = out
            .lines()
            .find(|line| line.starts_with("total,") && line.contains(&format!(",{id},")));
        let line = line.unwrap_or_else(|| panic!("{id}: {out}"));
        line.rsplit(',')
            .next()
            .and_then(|n| n.parse().ok())
            .expect("a count")
    };
    let csv = house.ask("csv", "migrate check");
    let instances = |id: &str| {
        csv.lines()
            .filter(|line| line.starts_with("instance,") && line.contains(&format!(",{id},")))
            .count() as u64
    };
    for id in ["token.event", "token.state", "token.model"] {
        assert_eq!(instances(id), total(&csv, id), "{id}");
    }
}

#[test]
fn the_targets_users_from_a_list_or_a_sheet() {
    let house = House::with_people(40);
    let users = house.ask("csv", "user list");
    let ids: Vec<&str> = users
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').next())
        .collect();
    let (missing, rest) = ids.split_first().expect("somebody");
    house.file("list.txt", rest.join("\n"));
    house.file(
        "sheet.csv",
        format!("\u{feff}User Name;mail\r\n{};x\r\n", rest.join(";x\r\n")),
    );
    for file in ["list.txt", "sheet.csv"] {
        let out = house.ask("csv", &format!("migrate check target-users={file}"));
        let found: Vec<&str> = out
            .lines()
            .filter(|line| line.starts_with("instance,") && line.contains(",target."))
            .collect();
        assert_eq!(found.len(), 1, "{file}: {found:?}");
        assert!(found[0].contains(missing) && found[0].contains("target.missing"));
    }
    for (name, bytes, words) in [
        ("empty.txt", &b"\n\n"[..], "there is no user in it"),
        ("latin.txt", &b"anna\nj\xFCrgen\n"[..], "line 2"),
        (
            "bad.csv",
            &b"userid,mail\nanna;x\n"[..],
            "line 2: 1 value where the header has 2 columns",
        ),
    ] {
        house.file(name, bytes);
        house
            .master(&[&format!("migrate check target-users={name}")])
            .fails(1, &[name, words]);
    }
    let screen = house
        .master(&["migrate check target-users=nowhere.txt"])
        .screen();
    insta::assert_snapshot!(screen, @r#"
    exit 1
    -- err
    error[E0401]: nowhere.txt: there is no such file
    hint: check the path; a relative one starts at the current folder
    "#);
}
