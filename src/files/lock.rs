//! Locks on open files. They bind only those who ask, and end at the latest with the process that holds them.

use std::fs::{File, TryLockError};
use std::io;

/// Takes the lock for this holder alone; false where another one has it.
pub fn lock_alone(file: &File) -> io::Result<bool> {
    outcome(|| file.try_lock())
}

/// Takes the lock beside others who share it; false where one has it alone.
pub fn lock_shared(file: &File) -> io::Result<bool> {
    outcome(|| file.try_lock_shared())
}

fn outcome(attempt: impl Fn() -> Result<(), TryLockError>) -> io::Result<bool> {
    loop {
        match attempt() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) => return Ok(false),
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}
