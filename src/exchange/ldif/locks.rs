//! Whether an account is locked, as each family of directories says it.

use super::dn;
use super::entry::{Entry, fault};
use super::person::text;
use crate::exchange::Error;
use crate::model::Timestamp;

/// What a directory lets an account do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// It is in use.
    Open,
    /// Its time is over.
    Expired,
    /// It is locked or disabled.
    Locked,
}

/// How the value of an attribute says that an account is locked.
enum Sign {
    /// It says yes.
    Yes,
    /// It is there.
    Anything,
    /// It is one of these words.
    Word(&'static [&'static str]),
    /// It is a number with this bit.
    Bit(i64),
    /// It begins with this, in lower case.
    Tag(&'static str),
    /// It has one of these letters.
    Letter(&'static [char]),
    /// It names the entry of one of these roles.
    Role(&'static [&'static str]),
    /// It is a time that has passed: intervals of 100 ns since 1601.
    FileTime,
    /// The same in days since 1970.
    Days,
    /// The same in seconds since 1970.
    Seconds,
    /// The same in digits: year, month, day, hour, minute, second.
    Digits,
}

/// The names, in lower case, of the attributes that are looked at.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    SIGNS.iter().map(|(name, _)| *name)
}

/// The attributes, in lower case, that say whether an account is locked.
const SIGNS: &[(&str, Sign)] = &[
    // Active Directory, AD LDS
    ("useraccountcontrol", Sign::Bit(2)),
    ("msds-useraccountdisabled", Sign::Yes),
    ("accountexpires", Sign::FileTime),
    // 389 Directory Server, FreeIPA, Sun, Oracle
    ("nsaccountlock", Sign::Yes),
    ("nsroledn", Sign::Role(DISABLED_ROLES)),
    ("nsrole", Sign::Role(DISABLED_ROLES)),
    ("inetuserstatus", Sign::Word(&["inactive", "deleted"])),
    // Until an administrator unlocks it; any other time ends the lock by itself.
    ("accountunlocktime", Sign::Word(&["19700101000000Z"])),
    ("orclisenabled", Sign::Word(&["disabled", "false"])),
    ("orclactiveenddate", Sign::Digits),
    // Kerberos of MIT and of Heimdal
    ("krbprincipalexpiration", Sign::Digits),
    ("krb5validend", Sign::Digits),
    // eDirectory
    ("logindisabled", Sign::Yes),
    ("lockedbyintruder", Sign::Yes),
    ("loginexpirationtime", Sign::Digits),
    // OpenLDAP and others with its password policies
    ("pwdaccountlockedtime", Sign::Anything),
    ("pwdendtime", Sign::Digits),
    // OpenDJ, PingDirectory, Oracle Unified Directory
    ("ds-pwp-account-disabled", Sign::Yes),
    ("ds-pwp-account-expiration-time", Sign::Digits),
    // IBM
    ("ibm-pwdaccountlocked", Sign::Yes),
    // Samba 3 and 2, shadow passwords
    ("sambaacctflags", Sign::Letter(&['D', 'L'])),
    ("sambakickofftime", Sign::Seconds),
    ("acctflags", Sign::Letter(&['D', 'L'])),
    ("kickofftime", Sign::Seconds),
    ("shadowexpire", Sign::Days),
    // Open Directory
    ("authauthority", Sign::Tag(";disableduser;")),
    // Mail servers
    (
        "accountstatus",
        Sign::Word(&[
            "noaccess",
            "disabled",
            "deleted",
            "inactive",
            "locked",
            "suspended",
        ]),
    ),
    (
        "zimbraaccountstatus",
        Sign::Word(&["locked", "lockout", "closed", "pending", "maintenance"]),
    ),
];

const DISABLED_ROLES: &[&str] = &["nsManagedDisabledRole", "nsDisabledRole"];

/// The present, as the attributes count it.
#[derive(Debug, Default)]
pub(super) struct Now {
    /// Seconds since 1970; 0 where no time is to be looked at.
    seconds: i64,
    digits: String,
}

impl Now {
    pub(super) fn new(now: Option<Timestamp>) -> Self {
        now.map_or_else(Self::default, |now| Self {
            seconds: now.as_second(),
            digits: now.strftime("%Y%m%d%H%M%S").to_string(),
        })
    }
}

/// What the attributes of an entry say together.
pub(super) fn standing(entry: &Entry, now: &Now) -> Result<Standing, Error> {
    let mut standing = Standing::Open;
    for attribute in &entry.attributes {
        let is = |name: &str| name.eq_ignore_ascii_case(&attribute.name);
        let Some((_, sign)) = SIGNS.iter().find(|(name, _)| is(name)) else {
            continue;
        };
        let value = text(attribute)?.trim();
        let said = sign.of(value, now).ok_or_else(|| {
            fault(
                attribute.line,
                &attribute.name,
                "not a whole number",
                "correct the value",
            )
        })?;
        standing = standing.max(said);
    }
    Ok(standing)
}

impl Sign {
    /// What a value says; `None` where it has to be a number and is none.
    fn of(&self, value: &str, now: &Now) -> Option<Standing> {
        let is_one_of = |words: &[&str]| words.iter().any(|word| value.eq_ignore_ascii_case(word));
        let number: i64 = value.parse().unwrap_or(0);
        let (found, standing) = match self {
            Self::Bit(bit) => (whole_number(value)? & bit != 0, Standing::Locked),
            // What is neither yes nor no does not open a door.
            Self::Yes => (!is_one_of(&["", "false", "0", "no"]), Standing::Locked),
            Self::Anything => (!value.is_empty(), Standing::Locked),
            Self::Word(words) => (is_one_of(words), Standing::Locked),
            Self::Tag(tag) => (value.to_lowercase().starts_with(tag), Standing::Locked),
            Self::Letter(letters) => (value.contains(*letters), Standing::Locked),
            Self::Role(roles) => (names_role(value, roles), Standing::Locked),
            Self::FileTime => (
                has_passed(number / 10_000_000, -EPOCH, now),
                Standing::Expired,
            ),
            Self::Days => (
                has_passed(number.saturating_mul(86_400), 0, now),
                Standing::Expired,
            ),
            Self::Seconds => (has_passed(number, 0, now), Standing::Expired),
            Self::Digits => (digits_have_passed(value, now), Standing::Expired),
        };
        Some(if found { standing } else { Standing::Open })
    }
}

/// From 1601 to 1970, in seconds.
const EPOCH: i64 = 11_644_473_600;

/// Whether a time that is set has passed; 0 and less mean never.
const fn has_passed(time: i64, shift: i64, now: &Now) -> bool {
    time > 0 && time.saturating_add(shift) <= now.seconds
}

/// A number in decimal, signed or not, or in hexadecimal. 32 bits are shown with a sign by some and without by others.
fn whole_number(value: &str) -> Option<i64> {
    match value
        .strip_prefix("0x")
        .or_else(|| value.strip_prefix("0X"))
    {
        Some(digits) => i64::from_str_radix(digits, 16).ok(),
        None => value.parse().ok(),
    }
}

fn names_role(value: &str, roles: &[&str]) -> bool {
    dn::parts(value).is_some_and(|parts| {
        let first = parts.first();
        first.is_some_and(|part| {
            roles
                .iter()
                .any(|role| part.value.eq_ignore_ascii_case(role))
        })
    })
}

/// Whether a time such as `20260102030405Z` has passed; what is no such time has not.
fn digits_have_passed(value: &str, now: &Now) -> bool {
    let count = value.bytes().take_while(u8::is_ascii_digit).count();
    let digits = &value[..count];
    count >= 8 && now.seconds > 0 && *digits < now.digits[..count.min(14)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(name: &str, value: &str) -> Option<Standing> {
        let now = Now::new(Some("2026-06-15T12:00:00Z".parse().unwrap()));
        let (_, sign) = SIGNS.iter().find(|(known, _)| *known == name).unwrap();
        sign.of(value, &now)
    }

    #[test]
    fn every_family_has_its_way_to_lock() {
        for (name, locked, open) in [
            (
                "useraccountcontrol",
                &[
                    "2",
                    "514",
                    "66050",
                    "0x202",
                    "0X2",
                    "-2147483134",
                    "2147484162",
                ][..],
                &["512", "0x200", "66048", "-2147483136", "0"][..],
            ),
            (
                "msds-useraccountdisabled",
                &["TRUE", "true"],
                &["FALSE", ""],
            ),
            (
                "nsaccountlock",
                &["TRUE", "True", "yes", "1"],
                &["FALSE", "false", "0"],
            ),
            (
                "nsroledn",
                &[
                    "cn=nsManagedDisabledRole,dc=e",
                    "CN = nsmanageddisabledrole , o=x",
                ],
                &["cn=staff,dc=e", "cn=x,cn=nsManagedDisabledRole", ""],
            ),
            (
                "nsrole",
                &["cn=nsdisabledrole,dc=e"],
                &["cn=nsAccountInactivationTmp,dc=e"],
            ),
            ("inetuserstatus", &["inactive", "Deleted"], &["active", ""]),
            ("orclisenabled", &["DISABLED"], &["ENABLED"]),
            (
                "accountunlocktime",
                &["19700101000000Z"],
                &["20990101000000Z", "20200101000000Z", "0"],
            ),
            (
                "authauthority",
                &[";DisabledUser;;ShadowHash;", ";disableduser;"],
                &[";ShadowHash;", ";ApplePasswordServer;x;DisabledUser;"],
            ),
            ("acctflags", &["[UD         ]", "[UL ]"], &["[UX         ]"]),
            ("logindisabled", &["TRUE"], &["FALSE"]),
            ("lockedbyintruder", &["TRUE"], &["FALSE"]),
            (
                "pwdaccountlockedtime",
                &["000001010000Z", "20260102030405Z"],
                &[""],
            ),
            ("ds-pwp-account-disabled", &["true"], &["false"]),
            ("ibm-pwdaccountlocked", &["true"], &["false"]),
            (
                "sambaacctflags",
                &["[UD         ]", "[DU]", "[UL ]"],
                &["[U          ]", "[UX]"],
            ),
            (
                "accountstatus",
                &["noaccess", "DISABLED", "deleted"],
                &["active", ""],
            ),
            ("zimbraaccountstatus", &["locked", "closed"], &["active"]),
        ] {
            for value in locked {
                assert_eq!(said(name, value), Some(Standing::Locked), "{name}: {value}");
            }
            for value in open {
                assert_eq!(said(name, value), Some(Standing::Open), "{name}: {value}");
            }
        }
        for bad in ["", "x", "0x", "0xG", "1.5", "514 (disabled)"] {
            assert_eq!(said("useraccountcontrol", bad), None, "{bad}");
        }
    }

    #[test]
    fn an_account_whose_time_is_over_has_expired() {
        for (name, over, open) in [
            (
                "accountexpires",
                // 2023 and 2026-06-15T12:00:00Z
                &["133170048000000000", "134259984000000000"][..],
                &[
                    "0",
                    "9223372036854775807",
                    "134259984010000000",
                    "never",
                    "-1",
                ][..],
            ),
            (
                "shadowexpire",
                &["1", "20000", "20619"],
                &["-1", "0", "", "20620", "99999999"],
            ),
            (
                "sambakickofftime",
                &["1000000000"],
                &["0", "2147483647", "9223372036854775807"],
            ),
            (
                "krbprincipalexpiration",
                &[
                    "20260615115959Z",
                    "19700101000000Z",
                    "202606151159Z",
                    "20260614",
                ],
                &[
                    "20260615120001Z",
                    "20380119031407Z",
                    "99991231235959Z",
                    "",
                    "soon",
                ],
            ),
            (
                "pwdendtime",
                &["000001010000Z", "20200101000000.5Z"],
                &["20270101000000Z"],
            ),
            (
                "loginexpirationtime",
                &["20200101000000Z"],
                &["20270101000000Z"],
            ),
            (
                "orclactiveenddate",
                &["20200101000000Z"],
                &["20990101000000Z"],
            ),
            ("krb5validend", &["20200101000000Z"], &["20990101000000Z"]),
            ("kickofftime", &["1000000000"], &["0", "2147483647"]),
            (
                "ds-pwp-account-expiration-time",
                &["20200101000000.000Z"],
                &["20270101000000.000Z"],
            ),
        ] {
            for value in over {
                assert_eq!(
                    said(name, value),
                    Some(Standing::Expired),
                    "{name}: {value}"
                );
            }
            for value in open {
                assert_eq!(said(name, value), Some(Standing::Open), "{name}: {value}");
            }
        }
        let (_, sign) = &SIGNS[2];
        assert_eq!(sign.of("1", &Now::default()), Some(Standing::Open));
    }
}
