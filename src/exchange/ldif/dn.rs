//! Distinguished names (RFC 4514), as far as a group has to be found in one.

use std::borrow::Cow;

/// A type with its value in a name.
#[derive(Debug)]
pub(super) struct Part<'a> {
    /// Which RDN it stands in: 0 is the entry's own.
    pub(super) level: usize,
    /// Where that RDN begins in the text.
    pub(super) start: usize,
    /// The attribute type.
    pub(super) name: &'a str,
    pub(super) value: Cow<'a, str>,
}

impl Part<'_> {
    /// Whether the type is this one.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Whether it names an organizational unit.
    pub(super) fn is_unit(&self) -> bool {
        self.is("ou") || self.is("organizationalUnitName") || self.name == "2.5.4.11"
    }

    /// Whether it is a label of a domain.
    pub(super) fn is_domain(&self) -> bool {
        self.is("dc") || self.is("domainComponent") || self.name == "0.9.2342.19200300.100.1.25"
    }

    /// The type in one spelling.
    pub(super) fn type_name(&self) -> String {
        match (self.is_unit(), self.is_domain()) {
            (true, _) => "ou".to_owned(),
            (_, true) => "dc".to_owned(),
            _ => self.name.to_ascii_lowercase(),
        }
    }
}

/// The parts of `dn`, from the entry upwards; `None` where it is no DN.
pub(super) fn parts(dn: &str) -> Option<Vec<Part<'_>>> {
    let mut parts = Vec::with_capacity(8);
    let (mut level, mut start, mut rest) = (0, 0, Some(dn));
    let mut in_rdn = false;
    while let Some(text) = rest {
        let (part, end) = split(text)?;
        if in_rdn || !part.trim().is_empty() {
            let (name, value) = part.split_once('=')?;
            let name = name.trim();
            let is_type = !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
            parts.push(Part {
                level,
                start,
                name: is_type.then_some(name)?,
                value: unescape(value)?,
            });
        }
        rest = end.map(|(_, behind)| behind);
        in_rdn = end.is_some_and(|(separator, _)| separator == b'+');
        if !in_rdn {
            level = parts.last().map_or(0, |part| part.level + 1);
            start = dn.len() - rest.map_or(0, str::len);
        }
    }
    Some(parts)
}

/// The text of an entry's name, from this place of it upwards, so that two spellings of one name are equal.
pub(super) fn normal(parts: &[Part<'_>]) -> String {
    let mut text = String::new();
    for part in parts {
        let own_value = part.value.to_lowercase();
        text.extend([&*part.type_name(), "=", &own_value, "\n"]);
    }
    text
}

/// The text before the first separator that is neither escaped nor quoted, and separator and text behind it; `None`
/// when a quote or an escape is left open.
#[allow(clippy::type_complexity)]
fn split(text: &str) -> Option<(&str, Option<(u8, &str)>)> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            b',' | b';' | b'+' if !quoted => {
                return Some((&text[..at], Some((byte, &text[at + 1..]))));
            }
            _ => {}
        }
    }
    (!quoted && !escaped).then_some((text, None))
}

fn unescape(value: &str) -> Option<Cow<'_, str>> {
    let value = value.trim_start();
    // A blank at the end is the value's own when it is escaped.
    let trimmed = value.trim_end();
    let value = if trimmed.ends_with('\\') {
        value.get(..=trimmed.len())?
    } else {
        trimmed
    };
    let value = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(value);
    if !value.contains('\\') {
        return Some(Cow::Borrowed(value));
    }
    let bytes = value.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += 1;
        if *byte != b'\\' {
            out.push(*byte);
            continue;
        }
        let hex = value
            .get(at..at + 2)
            .filter(|pair| pair.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match hex {
            Some(byte) => {
                out.push(byte);
                at += 2;
            }
            None => {
                out.push(*bytes.get(at)?);
                at += 1;
            }
        }
    }
    String::from_utf8(out).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(dn: &str) -> Option<String> {
        parts(dn).map(|parts| {
            let shown = |part: &Part<'_>| format!("{}{}<{}>", part.level, part.name, part.value);
            parts.iter().map(shown).collect::<Vec<_>>().join(" ")
        })
    }

    #[test]
    fn names_are_split_as_rfc_4514_says() {
        for (dn, parts) in [
            (
                "cn=A B, ou = R&D ,DC=example",
                "0cn<A B> 1ou<R&D> 2DC<example>",
            ),
            (r"CN=Smith\, Anna,OU=a\+b\=c", "0CN<Smith, Anna> 1OU<a+b=c>"),
            (r"CN=L\C3\A9a,OU=x\20", "0CN<Léa> 1OU<x >"),
            (r#"OU="Sales, north";O=E"#, "0OU<Sales, north> 1O<E>"),
            ("OU=Sales+CN=Anna,DC=e", "0OU<Sales> 0CN<Anna> 1DC<e>"),
            (
                "uid=a, l=Bonn + ou=Sales,o=e ",
                "0uid<a> 1l<Bonn> 1ou<Sales> 2o<e>",
            ),
            (r"ou=x\ ,dc=e", "0ou<x > 1dc<e>"),
            ("ou=x,,dc=e,", "0ou<x> 1dc<e>"),
            ("ou=", "0ou<>"),
            ("", ""),
        ] {
            assert_eq!(read(dn).as_deref(), Some(parts), "{dn}");
        }
        for bad in [
            "no name",
            "=x",
            r"cn=a\",
            r#"cn="a"#,
            r"cn=\FF",
            "a b=c",
            "cn=a+",
            "cn=a+,dc=b",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_name_is_one_in_every_spelling_and_has_its_place() {
        let dn = "cn=a, OU=Sales\\2C North ,DC=Example";
        let all = parts(dn).unwrap();
        assert_eq!(&dn[all[1].start..], " OU=Sales\\2C North ,DC=Example");
        let other = parts("2.5.4.11=sales\\, north,domainComponent=example").unwrap();
        assert_eq!(normal(&all[1..]), normal(&other));
        let third = parts("ou=sales,dc=example").unwrap();
        assert_ne!(normal(&third), normal(&other));
    }
}
