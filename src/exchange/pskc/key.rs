//! The elements of a PSKC file, of the RFC and of the drafts before it, as they stand.

use std::borrow::Cow;
use std::io::Read;

use super::value;
use super::xml::{Fault, Mark, Tag, Xml};
use crate::exchange::number::misfit;
use crate::model::{Moment, NoMoment, SecretBytes};

/// The device of a package.
#[derive(Debug, Default)]
pub(super) struct Device {
    pub(super) manufacturer: Option<String>,
    pub(super) serial: Option<String>,
    pub(super) model: Option<String>,
    pub(super) issue_no: Option<String>,
    pub(super) expires: Option<Moment>,
}

/// A key as it stands in the file.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) mark: Mark,
    pub(super) id: Option<String>,
    pub(super) algorithm: Option<String>,
    pub(super) issuer: Option<String>,
    pub(super) friendly_name: Option<String>,
    pub(super) suite: Option<String>,
    pub(super) digits: Option<u32>,
    pub(super) encoding: Option<String>,
    pub(super) secret: Option<SecretBytes>,
    pub(super) is_reference: bool,
    pub(super) counter: Option<i64>,
    pub(super) interval: Option<i64>,
    pub(super) drift: Option<i64>,
    pub(super) expires: Option<Moment>,
    pub(super) pin_key_id: Option<String>,
    pub(super) notices: Vec<String>,
}

type Read_<T> = Result<T, Fault>;

/// Reads a `DeviceInfo` to its end.
pub(super) fn device<R: Read>(xml: &mut Xml<R>) -> Read_<Device> {
    let mut device = Device::default();
    xml.children(|xml, tag| {
        match tag.name.as_str() {
            "manufacturer" => device.manufacturer = text(xml)?,
            "serialno" => device.serial = text(xml)?,
            "model" => device.model = text(xml)?,
            "issueno" => device.issue_no = text(xml)?,
            "expirydate" | "expiry" => device.expires = date(xml, &mut Vec::new())?,
            _ => xml.skip()?,
        }
        Ok(())
    })?;
    Ok(device)
}

/// Reads a `Key` to its end. `encrypted` says that the container's draft encrypts every value.
pub(super) fn key<R: Read>(xml: &mut Xml<R>, tag: &Tag, encrypted: bool) -> Read_<Key> {
    let owned = |names: &[&str]| {
        tag.attribute(names)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let mut key = Key {
        mark: tag.mark,
        id: owned(&["id", "keyid", "secretid"]),
        algorithm: owned(&["algorithm", "keyalgorithm", "secretalgorithm"]),
        issuer: None,
        friendly_name: None,
        suite: None,
        digits: None,
        encoding: None,
        secret: None,
        is_reference: false,
        counter: None,
        interval: None,
        drift: None,
        expires: None,
        pin_key_id: None,
        notices: Vec::new(),
    };
    xml.children(|xml, tag| {
        match tag.name.as_str() {
            "issuer" => key.issuer = text(xml)?,
            "friendlyname" => key.friendly_name = text(xml)?,
            "keyreference" => key.is_reference = text(xml)?.is_some(),
            "algorithmparameters" | "usage" => key.parameters(xml)?,
            "data" => match tag.attribute(&["name"]) {
                Some(name) => {
                    let name = name.replace('_', "").to_lowercase();
                    key.value(xml, &name, encrypted)?;
                }
                None => xml.children(|xml, tag| key.value(xml, &tag.name, encrypted))?,
            },
            "policy" => key.policy(xml)?,
            // The drafts have no Policy around it.
            "expirydate" => key.expires = date(xml, &mut key.notices)?,
            _ => xml.skip()?,
        }
        Ok(())
    })?;
    Ok(key)
}

impl Key {
    fn parameters<R: Read>(&mut self, xml: &mut Xml<R>) -> Read_<()> {
        xml.children(|xml, tag| {
            match tag.name.as_str() {
                "suite" => {
                    self.suite = text(xml)?;
                    return Ok(());
                }
                "challengeformat" => {
                    check_numbers(&tag, &["min", "max"])?;
                    check_digits(&tag)?;
                }
                "responseformat" => {
                    self.digits = number(&tag, "length")?;
                    self.encoding = tag
                        .attribute(&["encoding", "format"])
                        .map(str::to_uppercase);
                    check_digits(&tag)?;
                }
                _ => {}
            }
            xml.skip()
        })
    }

    /// Reads one element of `Data`: the secret, or a number that goes with it.
    fn value<R: Read>(&mut self, xml: &mut Xml<R>, name: &str, encrypted: bool) -> Read_<()> {
        let mut seen = false;
        xml.children(|xml, tag| match tag.name.as_str() {
            "encryptedvalue" => Err(encrypted_value(xml)),
            "value" if encrypted => Err(is_encrypted(tag.mark)),
            "plainvalue" | "value" if seen => Err(bad(
                tag.mark,
                format!("two values of '{name}'"),
                "remove one of the two",
            )),
            "plainvalue" | "value" => {
                seen = true;
                self.plain(xml, name, tag.mark)
            }
            _ => xml.skip(),
        })
    }

    fn plain<R: Read>(&mut self, xml: &mut Xml<R>, name: &str, mark: Mark) -> Read_<()> {
        let text = xml.text()?;
        let target = match name {
            "secret" => {
                if self.secret.is_some() {
                    return Err(bad(
                        mark,
                        "two secrets in one key",
                        "write two keys, each with its own secret",
                    ));
                }
                let secret = value::secret(text);
                self.secret =
                    Some(secret.map_err(|what| {
                        bad(mark, what, "correct the value, or get the file again")
                    })?);
                return Ok(());
            }
            "counter" => &mut self.counter,
            "timeinterval" => &mut self.interval,
            "timedrift" => &mut self.drift,
            _ => return Ok(()),
        };
        let (number, unusual) = value::integer(text).map_err(|fault| {
            let hint = fault.hint();
            bad(mark, fault.of(name), hint)
        })?;
        *target = Some(number);
        if unusual {
            self.notices.push(format!(
                "'{name}' is base64 of an unusual length, and was read as {number}"
            ));
        }
        Ok(())
    }

    /// An element that is not understood makes the key unusable (RFC 6030 §5).
    fn policy<R: Read>(&mut self, xml: &mut Xml<R>) -> Read_<()> {
        let mut notices = Vec::new();
        xml.children(|xml, tag| {
            match tag.name.as_str() {
                "startdate" => {
                    date(xml, &mut notices)?;
                }
                "expirydate" => self.expires = date(xml, &mut notices)?,
                "keyusage" => {
                    let usage = text(xml)?.unwrap_or_default();
                    if !KEY_USAGES.contains(&usage.as_str()) {
                        return Err(not_understood(tag.mark, &format!("KeyUsage {usage}")));
                    }
                }
                "numberoftransactions" => {
                    let limit = text(xml)?.unwrap_or_default();
                    if limit.parse::<u64>().is_err() {
                        let fault = misfit(&limit, &(0..=u64::MAX.into()));
                        return Err(bad(
                            tag.mark,
                            format!("'NumberOfTransactions' is {fault}"),
                            "correct the value",
                        ));
                    }
                    notices.push(format!("its limit of {limit} transactions is not kept"));
                }
                "pinpolicy" => self.pin_policy(xml, &tag)?,
                other => return Err(not_understood(tag.mark, other)),
            }
            Ok(())
        })?;
        self.notices.append(&mut notices);
        Ok(())
    }

    fn pin_policy<R: Read>(&mut self, xml: &mut Xml<R>, tag: &Tag) -> Read_<()> {
        check_numbers(tag, &["minlength", "maxlength", "maxfailedattempts"])?;
        for (name, value) in &tag.attributes {
            let known = match name.as_str() {
                "minlength" | "maxlength" | "maxfailedattempts" | "pinkeyid" | "pinencoding" => {
                    true
                }
                "pinusagemode" => PIN_USAGES.contains(&value.as_str()),
                _ => false,
            };
            if !known {
                return Err(not_understood(tag.mark, &format!("PINPolicy {name}")));
            }
        }
        self.pin_key_id = tag.attribute(&["pinkeyid"]).map(str::to_owned);
        xml.children(|_, tag| Err(not_understood(tag.mark, &format!("PINPolicy {}", tag.name))))
    }
}

const KEY_USAGES: [&str; 10] = [
    "OTP",
    "CR",
    "Encrypt",
    "Integrity",
    "Verify",
    "Unlock",
    "Decrypt",
    "KeyWrap",
    "Unwrap",
    "Derive",
];
const PIN_USAGES: [&str; 4] = ["Local", "Prepend", "Append", "Algorithmic"];

fn text<R: Read>(xml: &mut Xml<R>) -> Read_<Option<String>> {
    let text = xml.text()?;
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

fn date<R: Read>(xml: &mut Xml<R>, notices: &mut Vec<String>) -> Read_<Option<Moment>> {
    let Some(text) = text(xml)? else {
        return Ok(None);
    };
    let (date, guessed) = value::date(&text).map_err(|fault| {
        let (what, hint) = match fault {
            // A date alone is one here too.
            NoMoment::Form => (
                "is not a date".to_owned(),
                "write it as 2026-12-31T00:00:00Z".into(),
            ),
            NoMoment::Range => (fault.to_string(), fault.hint().unwrap_or_default()),
        };
        bad(xml.mark(), format!("'{text}' {what}"), hint)
    })?;
    if guessed {
        notices.push(format!("the date {text} was read as month/day/year"));
    }
    Ok(Some(date))
}

fn number(tag: &Tag, name: &str) -> Read_<Option<u32>> {
    let Some(text) = tag.attribute(&[name]) else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|_| {
        bad(
            tag.mark,
            format!(
                "'{name}' of '{}' is {}",
                tag.name,
                misfit(text, &(0..=u32::MAX.into()))
            ),
            "correct the attribute",
        )
    })
}

fn check_numbers(tag: &Tag, names: &[&str]) -> Read_<()> {
    names
        .iter()
        .try_for_each(|name| number(tag, name).map(|_| ()))
}

fn check_digits(tag: &Tag) -> Read_<()> {
    match tag.attribute(&["checkdigits"]) {
        Some(text) if value::boolean(text).is_none() => Err(bad(
            tag.mark,
            "'CheckDigits' is neither true nor false",
            "correct the attribute",
        )),
        _ => Ok(()),
    }
}

pub(super) fn bad(
    mark: Mark,
    what: impl Into<String>,
    hint: impl Into<Cow<'static, str>>,
) -> Fault {
    Fault {
        mark,
        what: what.into(),
        hint: hint.into(),
        fatal: false,
    }
}

fn not_understood(mark: Mark, what: &str) -> Fault {
    bad(
        mark,
        format!("its policy has '{what}', which is not understood"),
        "have the key exported without this policy: RFC 6030 forbids the use of such a key",
    )
}

/// The fault for an encrypted value: which way it is encrypted decides what to do.
fn encrypted_value<R: Read>(xml: &mut Xml<R>) -> Fault {
    let mark = xml.mark();
    match xml.step() {
        Err(fault) => fault,
        Ok(super::xml::Step::Start(tag))
            if tag.attribute(&["algorithm"]).is_some_and(is_asymmetric) =>
        {
            Fault {
                mark,
                what: "the file is encrypted for a certificate; asymmetric keys are not supported"
                    .to_owned(),
                hint: "have it exported with a pre-shared key or a password, or unencrypted over a safe channel".into(),
                fatal: true,
            }
        }
        Ok(_) => is_encrypted(mark),
    }
}

fn is_asymmetric(algorithm: &str) -> bool {
    algorithm.to_lowercase().contains("rsa")
}

fn is_encrypted(mark: Mark) -> Fault {
    Fault {
        mark,
        what: "the file is encrypted, which igsh does not read".to_owned(),
        hint: "decrypt it, as by: pskc2pskc --password PASSWORDFILE --output PLAINFILE FILE (--secret KEYFILE for a key); load PLAINFILE, then delete it".into(),
        fatal: true,
    }
}
