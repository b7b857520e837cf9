//! Signals: Ctrl-C asks the running command to stop; SIGTERM and SIGHUP ask the process to end, in order.
//!
//! In order means: the command that runs is cancelled and rolled back, the screen is as it was, the keys are wiped, the
//! logout is in the audit, and then the process dies of the same signal, so that its parent sees what happened. A
//! signal that the process was started to ignore (`nohup`) stays ignored.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;

use crate::ambient::CancelToken;

/// Listens from now on.
pub(super) fn listen(cancel: &CancelToken) -> std::io::Result<()> {
    let ignored = ignored();
    if !ignored(SIGINT) {
        signal_hook::flag::register(SIGINT, cancel.flag())?;
    }
    // A file that grows past its limit is an error of the write, not a death.
    signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)))?;
    let ending = [SIGTERM, SIGHUP]
        .into_iter()
        .filter(|signal| !ignored(*signal));
    let signals = Signals::new(ending)?;
    let cancel = cancel.clone();
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || end(signals, &cancel))?;
    Ok(())
}

/// Dies of the signal that has ended the process, if one has.
pub(super) fn die(cancel: &CancelToken) {
    if let Some(signal) = cancel.ended() {
        // Where that fails, the exit status still says that the process was interrupted.
        let _ = signal_hook::low_level::emulate_default_handler(signal);
    }
}

/// Waits for a signal that ends the process, and cancels all work.
fn end(mut signals: Signals, cancel: &CancelToken) {
    /// A terminal that goes away may send both signals at once; a later one is a second request.
    const PATIENCE: Duration = Duration::from_secs(1);
    const AGAIN: Duration = Duration::from_millis(50);
    let Some(signal) = signals.forever().next() else {
        return;
    };
    let since = Instant::now();
    cancel.end(signal);
    loop {
        // The line editor waits in a read that only a signal to the main thread ends.
        let _ =
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::INT);
        std::thread::sleep(AGAIN);
        let again = signals.pending().last();
        if let Some(signal) = again.filter(|_| since.elapsed() > PATIENCE) {
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    }
}

/// The signals that the process ignores from its start; none where the system does not say.
fn ignored() -> impl Fn(i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0);
    move |signal| mask >> (signal - 1) & 1 == 1
}
