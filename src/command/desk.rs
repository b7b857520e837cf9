//! Which vault and which tenant are worked on, and who is logged in to them.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Exit, Failure};
use crate::lang::code;
use crate::model::SecretBytes;
use crate::store::audit::Who;
use crate::store::{Keys, MasterSession};
use crate::tenant::Tenant;
use crate::vault::Vault;

/// Which vault is worked on, and who is logged in to it.
pub struct Desk {
    /// Where the vault is.
    pub path: PathBuf,
    /// The vault, once something needed it.
    pub vault: Option<Vault>,
    /// The master who is logged in.
    pub session: Option<MasterSession>,
    /// What the audit says about where commands come from.
    pub who: Who,
    /// The tenant that commands work on where they name none: `--tenant`, or the one that was opened last.
    pub tenant_path: Option<PathBuf>,
    /// The tenant that is open, with the master who is logged in to it.
    pub tenant: Option<OpenTenant>,
    /// The login that the options of the process name; it is tried on a tenant as well.
    pub entry: Option<HowToLogIn>,
}

/// An open tenant with the master who works on it.
pub struct OpenTenant {
    pub tenant: Tenant,
    pub session: MasterSession,
    /// What its audit says about where commands come from.
    pub who: Who,
}

/// What `--login` and a password option said.
pub struct HowToLogIn {
    pub name: String,
    /// Where the password comes from; nothing when it is asked for.
    pub password: Option<PasswordFrom>,
}

/// Where a password can be had again.
pub enum PasswordFrom {
    File(PathBuf),
    /// A descriptor or standard input, which can be read once.
    Kept(SecretBytes),
}

/// An opened vault with the master who works on it.
pub struct Opened<'a> {
    pub vault: &'a mut Vault,
    pub session: &'a MasterSession,
    /// Its keys; held until the command ends, whatever the idle clock does.
    pub keys: Arc<Keys>,
}

impl Desk {
    /// The vault, opened now if it was not.
    pub fn vault(&mut self) -> Result<&mut Vault, Failure> {
        if self.vault.is_none() {
            self.vault = Some(Vault::open(&self.path)?);
        }
        self.vault.as_mut().ok_or_else(no_session)
    }

    /// The vault, for a command that only reads. A login has opened it.
    pub fn reading(&self) -> Result<&Vault, Failure> {
        let vault = self.vault.as_ref().ok_or_else(no_session)?;
        vault.file().check_schema()?;
        Ok(vault)
    }

    /// Whether a master is logged in whose session is not locked.
    pub fn is_unlocked(&self) -> bool {
        let session = self.session.as_ref();
        session.is_some_and(|session| !session.is_locked())
    }

    /// The vault and the session.
    pub fn opened(&mut self) -> Result<Opened<'_>, Failure> {
        let opened = self.opened_unseen()?;
        opened.vault.file().check_schema()?;
        Ok(opened)
    }

    /// The same before the schema is looked at: for a command that looks for damage.
    pub fn opened_unseen(&mut self) -> Result<Opened<'_>, Failure> {
        let (Some(vault), Some(session)) = (self.vault.as_mut(), self.session.as_ref()) else {
            return Err(no_session());
        };
        let keys = session.keys()?;
        Ok(Opened {
            vault,
            session,
            keys,
        })
    }
}

pub(super) fn no_session() -> Failure {
    Failure::new(Exit::Denied, code::SESSION, "no master is logged in")
        .hint("type 'login Master1' first, or start igsh with --login Master1 --password-file FILE")
}
