//! Where igsh keeps what belongs to the person at the machine (XDG Base Directory Specification).

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;

use crate::command::failure::code;
use crate::command::{Exit, Failure};
use crate::crypto::{hex, sha256};

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

/// The folders of whoever runs this process.
pub fn folders() -> Result<Folders, Failure> {
    let base = etcetera::base_strategy::Xdg::new().map_err(|_| {
        Failure::new(Exit::Failed, code::FILE, "this account has no home folder")
            .hint("set HOME, or use --vault")
    })?;
    let data = base.data_dir().join("igsh");
    Ok(Folders {
        state: base
            .state_dir()
            .unwrap_or_else(|| data.clone())
            .join("igsh"),
        config: base.config_dir().join("igsh"),
        data,
    })
}

/// The file that keeps the history of a vault, named after the vault's place.
pub fn history(vault: &Path) -> Result<PathBuf, Failure> {
    let whole = std::path::absolute(vault).unwrap_or_else(|_| vault.to_owned());
    let name = sha256(whole.as_os_str().as_encoded_bytes());
    let name = format!("history-{}", hex(&name[..8]));
    Ok(folders()?.state.join(name))
}
