//! Stopping a statement that takes long: SQLite looks at its own flag, which another thread has to set.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusqlite::Connection;

use crate::ambient::CancelToken;

/// Does `work`; a cancellation also stops a single statement that takes long, such as the build of an index.
pub fn interruptible<T>(db: &Connection, cancel: &CancelToken, work: impl FnOnce() -> T) -> T {
    struct Done<'a>(&'a AtomicBool, std::thread::Thread);
    impl Drop for Done<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Release);
            self.1.unpark();
        }
    }
    let handle = db.get_interrupt_handle();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            while !done.load(Ordering::Acquire) {
                if cancel.is_cancelled() {
                    handle.interrupt();
                }
                std::thread::park_timeout(Duration::from_millis(10));
            }
        });
        let _done = Done(&done, watch.thread().clone());
        work()
    })
}
