//! An export that is killed at each of its steps, one after the other: whenever it asks for the time, for randomness,
//! or says how far it is. What it leaves is settled by the next session.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::ambient::{Clock, NoRandomness, Randomness, SystemRandomness};
use crate::migrate::recover::{Fate, recover};
use crate::migrate::testing::House;
use crate::migrate::testing::prepare;
use crate::model::Timestamp;
use crate::store::audit::verify;
use crate::vault::ledger;
use crate::vault::testing;

const FOLDER: &str = "IGSH_TEST_FOLDER";
const STEPS: &str = "IGSH_TEST_STEPS";

/// Ends the process as `kill -9` does, at a step that was chosen before.
struct Doom(AtomicU32);

impl Doom {
    fn step(&self) {
        if self.0.fetch_sub(1, Ordering::SeqCst) == 1 {
            let us = rustix::process::getpid();
            rustix::process::kill_process(us, rustix::process::Signal::KILL).unwrap();
            // The signal is on its way; nothing more is to happen until it is here.
            loop {
                std::thread::park();
            }
        }
    }
}

impl Clock for Doom {
    fn now(&self) -> Timestamp {
        self.step();
        Timestamp::now()
    }
}

impl Randomness for Doom {
    fn fill(&self, out: &mut [u8]) -> Result<(), NoRandomness> {
        self.step();
        SystemRandomness.fill(out)
    }
}

impl Progress for Doom {
    fn begin(&self, _: &str, _: Unit, _: Option<u64>) {
        self.step();
    }
    fn at(&self, _: u64) {
        self.step();
    }
    fn end(&self) {
        self.step();
    }
}

#[test]
#[ignore = "run by no_step_of_an_export_leaves_a_bundle_without_its_password"]
fn doomed() {
    let variable = |name| std::env::var(name).unwrap();
    let mut house = House::open(Path::new(&variable(FOLDER)));
    let doom = Arc::new(Doom(AtomicU32::new(variable(STEPS).parse().unwrap())));
    let ambient = Ambient {
        clock: Arc::clone(&doom) as Arc<dyn Clock>,
        rng: Arc::clone(&doom) as Arc<dyn Randomness>,
    };
    let (selection, path) = (Selection::default(), house.path("p.igb"));
    let request = Request {
        keys: Arc::clone(&house.keys),
        overwrite: true,
        ..house.request(&selection, &path)
    };
    let (vault, work) = house.work();
    let work = Work {
        ambient: &ambient,
        progress: &*doom,
        ..work
    };
    let prepared = prepare(vault, request, work.cancel).unwrap();
    prepared.export(vault, &work).unwrap();
}

/// Lets a process die at a step; whether it got further than that.
fn survives(folder: &Path, steps: u32) -> bool {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "migrate::export::killed::doomed"])
        .env(FOLDER, folder)
        .env(STEPS, steps.to_string())
        .output()
        .unwrap();
    let killed = std::os::unix::process::ExitStatusExt::signal(&output.status) == Some(9);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(killed || output.status.success(), "step {steps}: {said}");
    !killed
}

#[test]
fn no_step_of_an_export_leaves_a_bundle_without_its_password() {
    let house = House::new([
        testing::group("hr"),
        testing::record(testing::user("hr", "anna")),
        testing::record(testing::user("hr", "bert")),
    ]);
    let folder = house.path("");
    drop_session(&house);
    let mut fates = Vec::new();
    for step in 1.. {
        let survived = survives(&folder, step);
        let mut next = House::open(&folder);
        let (vault, work) = next.work();
        let notices = recover(vault, work.keys, work.who, work.holder, work.ambient).unwrap();
        assert!(notices.len() <= 1, "step {step}: {notices:?}");
        fates.extend(notices.into_iter().map(|notice| notice.fate));
        check(&next, step);
        if survived {
            break;
        }
        assert!(step < 100, "it never ends");
    }
    let failed = fates
        .iter()
        .filter(|fate| matches!(fate, Fate::Failed))
        .count();
    let done = fates
        .iter()
        .filter(|fate| matches!(fate, Fate::Done(2)))
        .count();
    assert!(failed > 3 && done > 0, "{fates:?}");
    assert_eq!(failed + done, fates.len(), "{fates:?}");
}

/// The parent's own session must not stand in the way of what the children do.
fn drop_session(house: &House) {
    house.session.lock();
}

/// Whatever was killed, and wherever: vault and audit hold, and a finished file is a bundle that opens.
fn check(house: &House, step: u32) {
    let file = house.vault.file();
    assert_eq!(file.check().unwrap(), Vec::<String>::new(), "step {step}");
    let db = file.connection();
    verify(db, &house.keys, &[], |finding| {
        panic!("step {step}: {finding:?}")
    })
    .unwrap();
    assert!(ledger::unresolved(db).unwrap().is_empty(), "step {step}");
    let last: i64 = house.ask("SELECT coalesce(max(number), 0) FROM bundles WHERE state = 'done'");
    let finished = house.path("p.igb").exists();
    assert_eq!(finished, last > 0, "step {step}");
    if finished {
        assert_eq!(house.records(last.unsigned_abs()).len(), 3, "step {step}");
    }
    // A process that dies before step A has a file, but no row in the ledger: it is empty.
    for name in house.files().iter().filter(|name| name.ends_with(".part")) {
        assert_eq!(
            std::fs::metadata(house.path(name)).unwrap().len(),
            0,
            "step {step}"
        );
    }
}
