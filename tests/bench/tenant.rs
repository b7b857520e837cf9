//! The receiving side: an import beside the load of the same users, the same import again, and a rehearsal beside what
//! it does in one: load, export and import.

use std::path::Path;
use std::process::Command;

use super::{Run, quoted, row, run};

/// What the sending side took in this run, and where its files are.
pub(super) struct Sent<'a> {
    pub(super) load: Run,
    pub(super) export: Run,
    pub(super) bundle: &'a Path,
    pub(super) password: &'a Path,
    pub(super) masters: &'a Path,
}

/// Imports `sent` into a new tenant at `tenant`, twice, and rehearses the same.
pub(super) fn receiving(
    tenant: &Path,
    users: u64,
    table: &mut String,
    sent: &Sent<'_>,
    igsh: impl Fn(&[String]) -> Command,
) {
    let one = |line: String| run(igsh(&[line]));
    let at = quoted(tenant);
    one(format!(
        "tenant init file={at} passwords={} kdf=19456,2,1",
        quoted(sent.masters)
    ));
    let import = format!(
        "tenant import file={} password-file={} tenant={at}",
        quoted(sent.bundle),
        quoted(sent.password)
    );
    let first = one(import.clone());
    row(
        table,
        "`tenant import`",
        users,
        &first,
        Some(("the load of the same users", sent.load)),
    );
    let second = one(import);
    row(
        table,
        "the same import again",
        users,
        &second,
        Some(("the load of the same users", sent.load)),
    );
    let size = std::fs::metadata(tenant).map_or(0, |meta| meta.len());
    println!("tenant: {:.1} MiB", size as f64 / 1048576.0);
    std::fs::remove_file(tenant).ok();
    let rehearsal = one("migrate rehearse".to_owned());
    let apart = Run {
        wall: sent.load.wall + sent.export.wall + first.wall,
        processor: sent.load.processor + sent.export.processor + first.processor,
        peak: 0,
    };
    row(
        table,
        "`migrate rehearse`",
        users,
        &rehearsal,
        Some(("load, export and import", apart)),
    );
}
