//! Where igsh keeps what belongs to the person at the machine (XDG Base Directory Specification).

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;

use crate::command::{Exit, Failure};
use crate::crypto::{hex, sha256};
use crate::lang::code;

/// The display settings that `set -save` keeps, in the configuration folder.
pub const SETTINGS: &str = "settings.igsh";
/// Display settings of one's own, in the same folder.
pub const RC: &str = "rc.igsh";

/// The folders of this person. They need not exist.
#[derive(Debug, Clone)]
pub struct Folders {
    /// The default vault.
    pub data: PathBuf,
    /// History, and what this machine saw of each vault's audit.
    pub state: PathBuf,
    /// [`SETTINGS`] and [`RC`].
    pub config: PathBuf,
}

impl Folders {
    /// Those that the environment of this process names; none where the account has no home folder.
    pub fn of_process() -> Option<Self> {
        let base = etcetera::base_strategy::Xdg::new().ok()?;
        let data = base.data_dir().join("igsh");
        Some(Self {
            state: base
                .state_dir()
                .unwrap_or_else(|| data.clone())
                .join("igsh"),
            config: base.config_dir().join("igsh"),
            data,
        })
    }
}

/// The failure of what needs a folder of an account that has none.
pub fn no_home() -> Failure {
    Failure::new(Exit::Failed, code::FILE, "this account has no home folder")
        .hint("set HOME, or use --vault")
}

/// The file in the folder `state` that keeps the history of a vault, named after the vault's place.
pub fn history(state: &Path, vault: &Path) -> PathBuf {
    let whole = std::path::absolute(vault).unwrap_or_else(|_| vault.to_owned());
    let name = sha256(whole.as_os_str().as_encoded_bytes());
    state.join(format!("history-{}", hex(&name[..8])))
}
