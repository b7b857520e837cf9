//! Keys and what is done with them: derivation from passwords, sealing, audit codes, bundle passwords.
//!
//! This is the only room that names a cipher or a key derivation function (igsh-vault(5), KEYS); `otp` has the hashes
//! of its RFCs. Two primitives carry everything: [`c256`] commits to its key and wraps keys and the bundle's payload,
//! [`field`] seals single values. Keys live on the heap, so that moving one copies a pointer and dropping it wipes the
//! only copy.

pub mod audit_mac;
pub mod bundle_password;
pub mod c256;
pub mod context;
pub mod field;
mod hash;
pub mod kdf;
mod key;
pub mod master_password;
#[cfg(test)]
mod vectors;

pub use audit_mac::{Mac, hmac_sha256};
pub use bundle_password::BundlePassword;
pub use hash::{Sha256, hex, sha256};
pub use key::Key;

use zeroize::Zeroize;

/// How much stack [`on_wiped_stack`] overwrites, in bytes: more than any function called under it uses.
const STACK: usize = 0x8000;

/// Runs `work` and then overwrites the stack that it used, because round keys and hash states pass through it.
#[inline(never)]
fn on_wiped_stack<T>(work: impl FnOnce() -> T) -> T {
    #[inline(never)]
    fn run<T>(work: impl FnOnce() -> T) -> T {
        work()
    }
    #[inline(never)]
    fn wipe() {
        let mut stack = [0u8; STACK];
        stack.zeroize();
        std::hint::black_box(&stack);
    }
    let result = run(work);
    wipe();
    result
}
