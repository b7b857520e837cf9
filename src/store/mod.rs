//! A sealed SQLite file, whatever it holds: the vault, later the tenant.
//!
//! What every such file shares is here and nowhere else: opening it without trusting it, its masters and key slots,
//! the session that alone leads to a key, sealed fields whose owner is authenticated, the audit chain, settings. What
//! a file holds besides is the business of the room that names its [`Kind`].

pub mod audit;
mod clock;
mod compiled;
mod create;
mod error;
mod file;
mod glob;
mod guard;
mod interrupt;
mod keys;
mod lock;
mod login;
pub mod masters;
mod memory;
pub mod pairs;
mod place;
pub(crate) mod records;
mod schema;
mod scratch;
mod session;
pub mod settings;
mod slots;
mod stamp;
pub mod state;
pub(crate) mod stored;
#[cfg(test)]
mod tests;
mod trust;
mod turn;
mod wal;

pub(crate) use compiled::Index;
pub use rusqlite::{Connection, Transaction};

pub use create::{MASTERS, NewMaster};
pub use error::{Class, Error, IF_CHANGED, Result};
pub use file::{Checkpoint, SealedFile};
pub(crate) use glob::glob;
pub use interrupt::interruptible;
#[cfg(test)]
pub(crate) use keys::tests::{loose as loose_keys, loose_of as loose_keys_of};
pub use keys::{Column, Keys};
pub use lock::Holder;
pub use memory::{Memory, Rollback};
pub use schema::Kind;
pub use scratch::scratch;
pub use session::{Arrival, MasterSession, Pulse};
pub use state::Summed;
