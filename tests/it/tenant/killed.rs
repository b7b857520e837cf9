//! `kill -9` at random points of an import, and going on.

use std::time::Instant;

use std::time::Duration;

use super::{House, IMPORT, contents, database, house, spawn};

/// The files of a database, whatever stands beside it.
fn copy(house: &House, from: &str, to: &str) {
    for end in ["", "-wal", "-shm"] {
        let (source, target) = (
            house.at(&format!("{from}{end}")),
            house.at(&format!("{to}{end}")),
        );
        std::fs::remove_file(&target).ok();
        if source.exists() {
            std::fs::copy(source, target).expect("a copy");
        }
    }
}

#[test]
fn killed_at_random_points_an_import_goes_on_to_the_same_database() {
    killed_at(50, 250);
}

#[test]
fn killed_while_an_empty_tenant_is_filled_an_import_goes_on_to_the_same_database() {
    killed_at(6, 2200);
}

/// Waits until the job stands in the tenant, or the import has ended.
fn wait_for_job(house: &House, child: &mut std::process::Child) {
    let db = database(house, "t.db");
    let begun = || {
        db.query_row("SELECT count(*) FROM jobs", [], |row| row.get::<_, u32>(0))
            .is_ok_and(|jobs| jobs > 0)
    };
    while !begun() && child.try_wait().expect("a status").is_none() {
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// Kills the import of so many users at so many points, each time on a fresh copy.
fn killed_at(points: u32, users: u32) {
    let house = house(users);
    copy(&house, "t.db", "origin.db");
    let started = Instant::now();
    assert!(spawn(&house, IMPORT, 3).wait().expect("it ends").success());
    let whole = started.elapsed();
    let expected = contents(&house, "t.db");
    let mut random = 0x9e37_79b9_u64;
    let mut resumed = 0;
    for point in 0..points {
        copy(&house, "origin.db", "t.db");
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let part = (random >> 33) as f64 / f64::from(1u32 << 31);
        let mut child = spawn(&house, IMPORT, 3);
        if point % 2 == 0 {
            std::thread::sleep(Duration::from_secs_f64(whole.as_secs_f64() * part));
        } else {
            // By the clock a fast machine is hardly ever hit between two blocks.
            wait_for_job(&house, &mut child);
        }
        child.kill().ok();
        child.wait().expect("it ends");
        let db = database(&house, "t.db");
        let check: String = db
            .query_row("PRAGMA quick_check", [], |row| row.get(0))
            .expect("an answer");
        assert_eq!(check, "ok", "point {point}");
        let state: Option<String> = db
            .query_row("SELECT max(state) FROM jobs", [], |row| row.get(0))
            .expect("a row");
        drop(db);
        let line = match state.as_deref() {
            None => IMPORT,
            Some("done") => "tenant user count tenant=t.db",
            Some(_) => {
                resumed += 1;
                "tenant job resume 1 password-file=a.password tenant=t.db"
            }
        };
        house.master(&[line]).ok();
        assert!(
            contents(&house, "t.db") == expected,
            "point {point}: another database"
        );
    }
    assert!(resumed > 0, "no import was killed in the middle");
}
