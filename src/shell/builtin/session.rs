//! `login`, `logout`, `whoami`.

use secrecy::ExposeSecret as _;

use super::{Entry, entry};
use crate::command::context::Desk;
use crate::command::failure::restricted;
use crate::command::shared::Shown;
use crate::command::{Exit, Failure, Outcome};
use crate::lang::code;
use crate::lang::keys::{Nothing, args};
use crate::lang::spec::{Command, Effect, Example};
use crate::migrate::recover::{Fate, recover};
use crate::model::SecretBytes;
use crate::render::counted;
use crate::shell::{Shell, Text};
use crate::store::audit::Who;
use crate::store::{Checkpoint, Holder, Memory};

args! {
    struct Login {
        name: Option<String> = text("name", "Master1, Master2 or Master3; without it the shell asks")
            .positional()
            .complete(Complete::Masters),
    }
}

/// `login`
pub(super) static LOGIN: Entry = entry!(
    Login,
    login,
    Command {
        details: "Logs a master in; the password is typed unseen. Failed logins make the master wait: seconds at \
            first, 15 minutes from the fifth on; a login waits by itself for the last two seconds, and a minute at \
            most for another login of the same master. An idle session is locked after 'idle-timeout'.",
        effect: Effect::Write,
        session: false,
        examples: &[Example::new(
            "login Master1",
            "Log in; the shell asks for the password"
        )],
        ..Command::new("login", "Log in as a master")
    }
);

/// `logout`
pub(super) static LOGOUT: Entry = entry!(
    Nothing,
    logout,
    Command {
        details: "Ends the login and wipes its keys; the shell stays.",
        examples: &[Example::new("logout", "End the login")],
        inspects: true,
        ..Command::new("logout", "End the login and stay in the shell")
    }
);

/// `whoami`
pub(super) static WHOAMI: Entry = entry!(
    Shown,
    whoami,
    Command {
        details: "Shows which master is logged in, who holds the login, and since when.",
        examples: &[Example::new("whoami", "Who is logged in")],
        inspects: true,
        ..Command::new("whoami", "Show who is logged in")
    }
);

fn login(shell: &mut Shell, args: Login) -> Result<Outcome, Failure> {
    let name = match args.name {
        Some(name) => name,
        None => shell.ui.line("Master user name: ")?,
    };
    shell.log_in(&name, None)?;
    let session = shell.desk.session.as_ref();
    let is_restricted = session.is_some_and(|session| session.arrival().restricted.is_some());
    Ok(Outcome {
        exit: is_restricted.then_some(Exit::Integrity),
        ..Outcome::quiet()
    })
}

fn logout(shell: &mut Shell, _: Nothing) -> Result<Outcome, Failure> {
    shell.log_out()?;
    Ok(Outcome::said("logged out; the keys are wiped"))
}

fn whoami(shell: &mut Shell, args: Shown) -> Result<Outcome, Failure> {
    let Some(session) = &shell.desk.session else {
        return Ok(Outcome::quiet());
    };
    let fields = vec![
        ("master", session.name().into()),
        ("holder", session.holder().map(str::to_owned).into()),
        ("osUser", shell.desk.who.os_user.clone().into()),
        ("host", shell.desk.who.host.clone().into()),
        ("terminal", shell.desk.who.terminal.clone().into()),
        ("vault", shell.desk.path.display().to_string().into()),
    ];
    shell.context().record(&args.out, fields)
}

impl Shell {
    /// Logs a master in, with this password or one that is typed now, and shows what the login found.
    pub fn log_in(&mut self, name: &str, password: Option<SecretBytes>) -> Result<(), Failure> {
        self.log_out()?;
        self.desk.vault()?;
        let password = match password {
            Some(password) => password,
            None => self.typed_password(&format!("Password of {name}: "))?,
        };
        if self.demo.is_none() {
            let memory = Memory::below(&self.folders()?.state);
            self.desk.vault()?.file_mut().remember_in(memory);
        }
        let waiting = self.context().waiting();
        self.desk.vault()?.file_mut().wait_as(waiting);
        let Desk { vault, who, .. } = &mut self.desk;
        let Some(vault) = vault.as_mut() else {
            return Ok(());
        };
        let session = vault
            .file_mut()
            .login(name, &password, who, &self.ambient)?;
        drop(password);
        self.desk.who = session.identify(&self.desk.who);
        let arrival = session.arrival().clone();
        self.desk.session = Some(session);
        if self.hushed {
            return Ok(());
        }
        for warning in &arrival.warnings {
            self.ui.warning(warning);
        }
        let mut greeting = format!("last audit {}", arrival.last_audit.short());
        if let Some(at) = arrival.last_login {
            greeting += &format!("; last login {}", self.ui.local_time(at));
        }
        if arrival.failures > 0 {
            greeting += &format!(
                "; {} failed since",
                counted(arrival.failures.into(), "login")
            );
        }
        if arrival.refused > 0 {
            greeting += &format!(
                "; {} refused since",
                counted(arrival.refused.into(), "login")
            );
        }
        self.ui.notice(&greeting);
        match &arrival.restricted {
            // The login stands, for reading; the commands that follow are restricted.
            Some(why) => {
                self.fail(&restricted(why), &Text::line(""));
                Ok(())
            }
            None => self.recover(),
        }
    }

    /// Settles what an export left behind that was interrupted, and says what became of it.
    fn recover(&mut self) -> Result<(), Failure> {
        let who = self.desk.who.clone();
        let holder = Holder::new("login", &who, self.ambient.clock.now());
        let opened = self.desk.opened()?;
        let mut damaged = None;
        for notice in recover(opened.vault, &opened.keys, &who, &holder, &self.ambient)? {
            match notice.fate {
                Fate::Damaged => damaged = Some(notice),
                _ => self.ui.notice(&notice.to_string()),
            }
        }
        // Nothing was changed, and the login stands, for reading.
        if let Some(notice) = damaged {
            let failure = Failure::new(Exit::Integrity, code::VAULT, notice)
                .hint("check 'audit verify' and 'bundle list', and restore a backup");
            self.fail(&failure, &Text::line(""));
        }
        Ok(())
    }

    /// Logs the master of a locked session in again.
    pub fn log_in_again(&mut self) -> Result<(), Failure> {
        let Some(name) = self
            .desk
            .session
            .as_ref()
            .map(|session| session.name().to_owned())
        else {
            return Ok(());
        };
        self.ui
            .notice(&format!("the idle session of {name} was locked"));
        let password = self.typed_password(&format!("Password of {name}: "))?;
        let Desk {
            vault,
            session,
            who,
            ..
        } = &mut self.desk;
        if let (Some(vault), Some(session)) = (vault.as_mut(), session.as_mut()) {
            vault
                .file_mut()
                .relogin(session, &password, who, &self.ambient)?;
            for warning in &session.arrival().warnings {
                self.ui.warning(warning);
            }
        }
        Ok(())
    }

    /// Ends the login, if there is one: its keys are wiped whatever else goes wrong.
    pub fn log_out(&mut self) -> Result<(), Failure> {
        self.desk.entry = None;
        if let Err(failure) = self.leave_tenant() {
            self.ui.warning(&failure.message);
        }
        let Some(session) = self.desk.session.take() else {
            return Ok(());
        };
        self.ui.forget();
        let who = std::mem::replace(&mut self.desk.who, Who::here(self.ambient.rng.as_ref())?);
        let Some(vault) = self.desk.vault.as_mut() else {
            return Ok(());
        };
        if vault
            .file_mut()
            .logout(session, "logout", &who, &self.ambient)?
            == Checkpoint::Blocked
        {
            self.ui.notice("another session still reads; deleted data stays in the vault's log until it has finished");
        }
        Ok(())
    }

    fn typed_password(&self, prompt: &str) -> Result<SecretBytes, Failure> {
        let typed = self.ui.password(prompt)?;
        Ok(SecretBytes::new(typed.expose_secret().as_bytes().into()))
    }
}
