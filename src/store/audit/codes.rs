//! The codes of the audit, in one table: the original shell's where they are known, our own from 9000 to 9099
//! (igsh-vault(5), Codes).

/// What an entry is about.
#[derive(Debug, PartialEq, Eq)]
pub struct EventCode {
    /// As in `audit list code=…`.
    pub code: &'static str,
    /// The action, in two or three words.
    pub action: &'static str,
    /// What it means, for the manual.
    pub meaning: &'static str,
}

macro_rules! codes {
    ($($name:ident = $code:literal, $action:literal, $meaning:literal;)+) => {
        $(#[doc = $meaning] pub static $name: EventCode = EventCode { code: $code, action: $action, meaning: $meaning };)+

        /// All codes, in the order of the manual.
        pub static ALL: &[&EventCode] = &[$(&$name),+];
    };
}

codes! {
    LOGIN = "AUD101", "login", "A master logged in, or unlocked the session again; with the number of attempts that were refused since the login before.";
    LOGOUT = "AUD102", "logout", "A master logged out.";
    LOGIN_FAILED = "AUD103", "login", "A login failed, or named no master.";
    RELOGIN_FAILED = "AUD104", "relogin", "A login to a locked session, or a repeated password, failed.";
    PASSWORD_CHANGED = "AUD108", "master password", "A master changed their password.";
    PASSWORD_FAILED = "AUD109", "master password", "A change of a master's password failed.";
    KEYS_CHANGED = "AUD116", "system keyupdate", "The master keys were renewed.";
    EXPORT_BEGUN = "8500", "export", "An export began; its bundle carries this entry as anchor.";
    EXPORT_ENDED = "8502", "export", "An export ended, with its outcome and counts.";
    PASSWORD_SHOWN = "8503", "bundle password", "A bundle's password was shown: first the intent, then what came of it.";
    INIT = "9000", "system init", "The file and its three masters were made.";
    SESSION_LOCKED = "9001", "lock", "A session was locked because no key was pressed.";
    SETTING = "9002", "system set", "A setting was changed.";
    STATE_ACCEPTED = "9006", "system accept-state", "A master accepted what another program had changed.";
    CHECKPOINT = "9003", "audit checkpoint", "An anchor of the audit was written out.";
    AUDIT_EXPORTED = "9004", "audit export", "The audit was written to a file.";
    ACKNOWLEDGED = "9005", "audit acknowledge", "A master acknowledged that the vault is older than what this machine saw.";
    MASTER_SET = "9010", "master set", "A master's holder was set.";
    MASTER_UNLOCKED = "9011", "master unlock", "Another master lifted the lock after failed logins.";
    SOURCE_LOADED = "9020", "source load", "Source records were loaded.";
    SOURCE_GENERATED = "9021", "source generate", "Generated people were loaded.";
    TOKENS_LOADED = "9022", "token load", "Tokens were loaded.";
    ANSWERS_TAKEN = "9030", "migrate results", "The target's answers were taken in: users became imported, or have errors.";
    IDP_URLS_SET = "9031", "idpurl set", "Soft tokens got another identity provider's address, or the one before.";
    IDP_URLS_EXPORTED = "9032", "idpurl export", "The list for changing the identity provider's address was written to a file.";
    BUNDLE_RECOVERED = "9040", "bundle recovery", "An export that had been interrupted was settled at login.";
    BUNDLE_FORGOTTEN = "9041", "bundle forget", "A bundle's password was removed from the vault.";
    BUNDLE_SEALED = "9042", "export", "A bundle was written whole: its id, hash and counts.";
    PHASE_MOVED = "9050", "migrate phase", "Users were moved from one phase to another, or given a wave.";
    EXCLUDED = "9051", "migrate exclude", "Users were taken out of the migration, or back in.";
    MAPPED = "9052", "migrate map", "Users were given another id on the target, or their own again.";
    ALIASES_WRITTEN = "9053", "migrate aliases", "A bulk file for the source's workflow aliases was written.";
    MIGRATION_BEGUN = "9054", "migrate begin", "The migration began; from now on no user is renamed or moved in the source.";
    MIGRATION_ENDED = "9055", "migrate end", "The migration ended.";
    TENANT_SET = "9060", "tenant set", "A setting of the tenant was changed.";
    TENANT_SYNCED = "9061", "tenant sync", "The tenant took users from a directory.";
    IMPORT_BEGUN = "9062", "tenant import", "The tenant began to import a bundle, or refused it.";
    IMPORT_ENDED = "9063", "tenant import", "An import ended or stopped, with its outcome and counts.";
    JOB_STOPPED = "9064", "tenant job stop", "A master asked an import to stop.";
    RESULTS_WRITTEN = "9065", "tenant job results", "The results of an import were written to a file.";
    CODE_VERIFIED = "9080", "tenant verify", "A code of a token was tried on the tenant.";
    ANSWER_VERIFIED = "9081", "tenant verify", "The answer to a question was tried on the tenant.";
    PASSWORD_VERIFIED = "9082", "tenant verify", "A user's password was tried on the tenant.";
    CHALLENGED = "9083", "tenant challenge", "A user of the tenant was asked for cells of a card.";
    RESPONSE_VERIFIED = "9084", "tenant challenge", "The cells that a user gave were tried on the tenant.";
    USER_UNLOCKED = "9085", "tenant verify", "The lockout of a user of the tenant was lifted.";
}

/// The code as typed: letter case does not matter, and `103` is `AUD103`.
pub fn find(typed: &str) -> Option<&'static EventCode> {
    ALL.iter().copied().find(|code| {
        code.code.eq_ignore_ascii_case(typed)
            || code
                .code
                .strip_prefix("AUD")
                .is_some_and(|number| number == typed)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_ours_are_in_our_range() {
        for (at, code) in ALL.iter().enumerate() {
            assert!(ALL[at + 1..].iter().all(|other| other.code != code.code));
            let number: u32 = code.code.trim_start_matches("AUD").parse().unwrap();
            assert!(
                code.code.starts_with("AUD") || number / 10 == 850 || number / 100 == 90,
                "{}",
                code.code
            );
        }
    }

    #[test]
    fn codes_are_found_as_people_type_them() {
        for typed in ["AUD103", "aud103", "103"] {
            assert_eq!(find(typed), Some(&LOGIN_FAILED));
        }
        assert_eq!(find("8503"), Some(&PASSWORD_SHOWN));
        assert_eq!(find("7"), None);
    }
}
