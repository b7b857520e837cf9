//! Every state in which a killed export can leave row and file.

use std::collections::BTreeMap;

use super::*;
use crate::crypto::sha256;
use crate::migrate::testing::House;
use crate::model::bundle::Counts;
use crate::store::audit::Anchor;
use crate::vault::ledger::{Opening, Sealing};
use crate::vault::testing::{self, member};

const ID: &str = "01234567-89ab-4def-8123-456789abcdef";
const CONTENT: &[u8] = b"all of the bundle";

/// A vault of two users, and a bundle of both that was killed after step A or B.
fn killed(state: State, overwrite: bool) -> House {
    let mut house = House::new([
        testing::group("hr"),
        testing::record(testing::bare("hr", "a")),
        testing::record(testing::bare("hr", "b")),
    ]);
    let path = house.path("p.igb");
    let (vault, work) = house.work();
    let opening = Opening {
        number: 1,
        id: ID,
        path: path.to_str().unwrap(),
        overwrite,
        master: "Master1",
        selection: "",
        at: work.ambient.clock.now(),
        password: b"sealed",
    };
    let sealing = Sealing {
        sha256: &audit::hex(&sha256(CONTENT)),
        size: CONTENT.len() as u64,
        counts: Counts {
            user: 2,
            ..Counts::default()
        },
        not_taken: &BTreeMap::new(),
    };
    let write = |tx: &Connection| -> Result<()> {
        let number = opening.number;
        ledger::open(tx, &opening)?;
        ledger::add_members(tx, number, &[member(1, None), member(2, None)])?;
        if state == State::Sealed {
            ledger::seal(tx, number, &sealing)?;
        }
        Ok(())
    };
    vault.file_mut().write(work.holder, |tx| write(tx)).unwrap();
    house.accepted("");
    house
}

fn part(house: &House) -> PathBuf {
    house.path(&format!(".p.igb.{ID}.part"))
}

fn write(path: &Path, content: &[u8]) {
    std::fs::write(path, content).unwrap();
}

fn recovered(house: &mut House) -> Vec<Notice> {
    let (vault, work) = house.work();
    recover(vault, work.keys, work.who, work.holder, work.ambient).unwrap()
}

/// What became of the only interrupted export.
fn fate(house: &mut House) -> Fate {
    let mut notices = recovered(house);
    assert_eq!(notices.len(), 1, "{notices:?}");
    notices.remove(0).fate
}

fn state(house: &House) -> String {
    house.ask("SELECT state FROM bundles WHERE number = 1")
}

fn exported(house: &House) -> i64 {
    house.ask("SELECT count(*) FROM progress WHERE phase = 2")
}

#[test]
fn not_written_whole_is_failed_and_removed() {
    let mut house = killed(State::Open, false);
    write(&part(&house), b"half");
    assert!(matches!(fate(&mut house), Fate::Failed));
    assert_eq!((state(&house).as_str(), house.files().len()), ("failed", 0));
    assert_eq!(exported(&house), 0);
    assert_eq!(house.trail(), ["9040 failed 1"]);
    assert!(recovered(&mut house).is_empty(), "once is enough");
}

#[test]
fn not_begun_is_failed() {
    let mut house = killed(State::Open, false);
    assert!(matches!(fate(&mut house), Fate::Failed));
    assert_eq!(state(&house), "failed");
}

#[test]
fn a_file_of_another_id_or_under_the_final_name_is_not_ours_to_remove() {
    let mut house = killed(State::Open, false);
    let other = house.path(".p.igb.11111111-89ab-4def-8123-456789abcdef.part");
    write(&other, b"another's");
    write(&house.path("p.igb"), b"mine");
    fate(&mut house);
    assert_eq!(house.files().len(), 2);
    assert_eq!(state(&house), "failed");
}

#[test]
fn an_id_that_is_none_touches_no_file() {
    for id in [
        "x/../../victim",
        "",
        "01234567-89AB-4DEF-8123-456789ABCDEF",
        "{01234567-89ab-4def-8123-456789abcdef}",
        "0123456789ab4def8123456789abcdef",
    ] {
        for wanted in [State::Open, State::Sealed] {
            let mut house = killed(wanted, false);
            house.sql(&format!("UPDATE bundles SET id = '{id}'"));
            let folder = house.path(".p.igb.x");
            std::fs::create_dir_all(&folder).unwrap();
            let named = house.path(&format!(".p.igb.{id}.part"));
            std::fs::create_dir_all(named.parent().unwrap()).unwrap();
            write(&named, CONTENT);
            assert!(matches!(fate(&mut house), Fate::Damaged), "{id}");
            assert!(named.exists());
            assert_eq!(state(&house), wanted.as_str());
        }
    }
}

#[test]
fn an_export_whose_writer_lives_is_left_alone() {
    for wanted in [State::Open, State::Sealed] {
        let mut house = killed(wanted, false);
        let path = house.path("p.igb");
        let alive = Destination::new(&path)
            .unwrap()
            .create(Uuid::try_parse(ID).unwrap())
            .unwrap();
        assert!(recovered(&mut house).is_empty());
        assert_eq!(state(&house), wanted.as_str());
        assert!(part(&house).exists());
        drop(alive);
    }
}

#[test]
fn whole_and_under_its_name_is_done() {
    let mut house = killed(State::Sealed, false);
    write(&house.path("p.igb"), CONTENT);
    assert!(matches!(fate(&mut house), Fate::Done(2)));
    assert_eq!((state(&house).as_str(), exported(&house)), ("done", 2));
    assert_eq!(house.trail(), ["9040 ok 1"]);
}

#[test]
fn whole_and_not_renamed_gets_its_name() {
    let mut house = killed(State::Sealed, false);
    write(&part(&house), CONTENT);
    assert!(matches!(fate(&mut house), Fate::Done(2)));
    assert_eq!(house.files(), ["p.igb"]);
    assert_eq!((state(&house).as_str(), exported(&house)), ("done", 2));
}

#[test]
fn whole_and_nowhere_is_lost_and_moves_no_user() {
    let mut house = killed(State::Sealed, false);
    assert!(matches!(fate(&mut house), Fate::Lost));
    assert_eq!((state(&house).as_str(), exported(&house)), ("lost", 0));
    assert_eq!(house.trail(), ["9040 failed 1"]);
}

#[test]
fn a_file_of_another_content_is_not_the_bundle_and_stays() {
    let mut house = killed(State::Sealed, true);
    write(&house.path("p.igb"), b"another bundle");
    write(&part(&house), b"half");
    assert!(matches!(fate(&mut house), Fate::Lost));
    assert_eq!(house.files().len(), 2);
    assert_eq!(
        std::fs::read(house.path("p.igb")).unwrap(),
        b"another bundle"
    );
}

#[test]
fn a_name_that_is_taken_is_replaced_only_if_the_export_might() {
    let mut house = killed(State::Sealed, true);
    write(&house.path("p.igb"), b"old");
    write(&part(&house), CONTENT);
    assert!(matches!(fate(&mut house), Fate::Done(2)));
    assert_eq!(std::fs::read(house.path("p.igb")).unwrap(), CONTENT);

    let mut house = killed(State::Sealed, false);
    write(&house.path("p.igb"), b"old");
    write(&part(&house), CONTENT);
    let notices = recovered(&mut house);
    assert!(matches!(
        notices[0].fate,
        Fate::Waiting(FileError::Exists(_))
    ));
    assert!(
        notices[0]
            .to_string()
            .contains("cannot be put in its place")
    );
    assert_eq!((state(&house).as_str(), exported(&house)), ("sealed", 0));
    std::fs::remove_file(house.path("p.igb")).unwrap();
    assert!(matches!(fate(&mut house), Fate::Done(2)));
}

#[test]
fn a_folder_that_is_gone_is_no_reason_to_fail_a_login() {
    for (wanted, end) in [(State::Open, "failed"), (State::Sealed, "lost")] {
        let mut house = killed(wanted, false);
        house.accepted("UPDATE bundles SET path = '/nonexistent/p.igb'");
        assert_eq!(recovered(&mut house).len(), 1);
        assert_eq!(state(&house), end);
    }
}

#[test]
fn a3_who_was_to_stay_in_a_phase_stays_in_it_also_when_the_export_was_interrupted() {
    for (kept, phases) in [(true, "2,4"), (false, "2,2")] {
        let mut house = killed(State::Sealed, false);
        house.sql("INSERT INTO progress (user, phase, at, master) VALUES (2, 4, 0, 'Master1')");
        let mut draft = Draft {
            bundle: Some(1),
            ..Draft::new(&codes::BUNDLE_SEALED, "export")
        };
        if kept {
            draft = draft.count(KEPT, 0);
        }
        let (vault, work) = house.work();
        let write = |tx: &Connection| -> Result<Anchor> {
            let clock = &*work.ambient.clock;
            Ok(audit::append(tx, &draft, work.who, Some(work.keys), clock)?)
        };
        vault.file_mut().write(work.holder, |tx| write(tx)).unwrap();
        std::fs::write(house.path("p.igb"), CONTENT).unwrap();
        let moved = if kept { 1 } else { 2 };
        assert!(matches!(fate(&mut house), Fate::Done(users) if users == moved));
        let found: String = house.ask("SELECT group_concat(phase) FROM progress");
        assert_eq!(found, phases);
        assert_eq!(house.ask::<i64>("SELECT min(bundle) FROM progress"), 1);
    }
}
