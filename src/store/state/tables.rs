//! Which tables are summed, and which of their columns: those of every sealed file here, a room's own in its schema.

use super::super::Kind;

/// A table of decisions, few and heavy, that a master takes and that are summed under a key.
#[derive(Debug)]
pub struct Summed {
    /// What the entries of the audit call it.
    pub name: &'static str,
    /// How it is read; more than one where it stands for several tables.
    pub scans: &'static [Scan],
}

/// How the rows of a table are read for their sum: along the table, without a look-up that could see other rows.
#[derive(Debug)]
pub struct Scan {
    /// The query: first the columns of the key, in whose order it reads, then the columns that are summed.
    pub sql: &'static str,
    /// How many columns the key has.
    pub order: usize,
}

pub static SETTING: Summed = Summed {
    name: "setting",
    scans: &[Scan {
        sql: "SELECT name, name, value FROM main.setting ORDER BY name",
        order: 1,
    }],
};

macro_rules! master {
    ($number:literal) => {
        Summed {
            name: concat!("master", $number),
            scans: &[Scan {
                // The sign keeps SQLite from looking the row up.
                sql: concat!(
                    "SELECT number, number, name, holder, salt, kdf_memory, kdf_passes, kdf_lanes, slot, vault_key, \
                     password_changed FROM main.master WHERE +number = ",
                    $number,
                    " ORDER BY number"
                ),
                order: 1,
            }],
        }
    };
}

/// The three masters with their key slots, each for itself: a master whose row was changed is the only one who cannot
/// log in.
pub static MASTERS: [Summed; 3] = [master!(1), master!(2), master!(3)];

/// The table of one master.
pub(crate) fn of_master(number: u8) -> &'static Summed {
    &MASTERS[usize::from(number.clamp(1, 3)) - 1]
}

/// Identity, generation and wrapped keys.
pub static KEYS: Summed = Summed {
    name: "keys",
    scans: &[
        Scan {
            sql: "SELECT one, 'state', vid, generation FROM main.state ORDER BY one",
            order: 1,
        },
        Scan {
            sql: "SELECT number, 'epoch', number, wrapped FROM main.epoch ORDER BY number",
            order: 1,
        },
        Scan {
            sql: "SELECT master, generation, 'audit_key', master, generation, wrapped FROM main.audit_key \
                  ORDER BY master, generation",
            order: 2,
        },
    ],
};

impl Kind {
    /// Every summed table, in the order of the entries.
    pub(crate) fn summed(&self) -> impl Iterator<Item = &'static Summed> {
        self.with(self.late)
    }

    /// Those that a login looks at: all but those that only a migration works with.
    pub(crate) fn summed_at_login(&self) -> impl Iterator<Item = &'static Summed> {
        self.with(&[])
    }

    fn with(&self, late: &'static [&'static Summed]) -> impl Iterator<Item = &'static Summed> {
        [&SETTING]
            .into_iter()
            .chain(late.iter().copied())
            .chain(self.sums.iter().copied())
            .chain(&MASTERS)
            .chain([&KEYS])
    }
}
