//! `migrate check`: what a master sees before anything is written.

use crate::common::House;

#[test]
fn doubled_names_block_and_are_listed_in_full() {
    let house = House::with_vault();
    house
        .master(&["source generate users=400 seed=1 duplicates=4 -load"])
        .ok();
    let ran = house.master(&["migrate check"]);
    assert_eq!(ran.code, 7, "{}", ran.err);
    assert!(ran.out.contains("name.collision"), "{}", ran.out);
    assert!(ran.err.contains("would be refused"), "{}", ran.err);
    let all = house.master(&["migrate check format=ndjson"]);
    assert_eq!(all.code, 7);
    let collisions = all
        .out
        .lines()
        .filter(|line| line.contains(r#""part":"instance""#) && line.contains("name.collision"));
    assert_eq!(collisions.count(), 8, "two parties to each of four names");
    house
        .master(&["migrate check format=json into=check.json"])
        .fails(7, &[]);
    let json = house.read("check.json");
    assert!(json.trim_start().starts_with('[') && json.trim_end().ends_with(']'));
    // Nothing was written, and a selection without them is fine.
    assert_eq!(house.ask("json", "bundle list").trim(), "[]");
    house.master(&["migrate check userid=nobody*"]).ok();
    house
        .master(&["migrate check userid=nobody* -require-match"])
        .fails(4, &["nothing matches"]);
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
    house
        .master(&["migrate check target-users=nowhere.txt"])
        .fails(1, &["nowhere.txt", "no such file"]);
}
