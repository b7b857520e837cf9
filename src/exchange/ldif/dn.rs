//! Distinguished names (RFC 4514), as far as a group has to be found in one.

/// The first attribute type and value of every RDN of `dn`, from the entry upwards; `None` where it is no DN.
pub(super) fn rdns(dn: &str) -> Option<Vec<(String, String)>> {
    split(dn, &[',', ';'])?
        .into_iter()
        .filter(|rdn| !rdn.trim().is_empty())
        .map(|rdn| {
            let first = split(rdn, &['+'])?.into_iter().next()?;
            let (name, value) = first.split_once('=')?;
            let name = name.trim();
            let is_type = !name.is_empty()
                && name
                    .chars()
                    .all(|char| char.is_ascii_alphanumeric() || matches!(char, '-' | '.'));
            is_type.then_some((name.to_owned(), unescape(value)?))
        })
        .collect()
}

/// Splits at separators that are neither escaped nor quoted; `None` when a quote or an escape is left open.
fn split<'a>(text: &'a str, separators: &[char]) -> Option<Vec<&'a str>> {
    let mut parts = Vec::new();
    let (mut start, mut quoted, mut escaped) = (0, false, false);
    for (at, char) in text.char_indices() {
        match char {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            _ if !quoted && separators.contains(&char) => {
                parts.push(&text[start..at]);
                start = at + char.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    (!quoted && !escaped).then_some(parts)
}

fn unescape(value: &str) -> Option<String> {
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
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(dn: &str) -> Option<String> {
        rdns(dn).map(|rdns| {
            rdns.iter()
                .map(|(name, value)| format!("{name}<{value}>"))
                .collect::<Vec<_>>()
                .join(" ")
        })
    }

    #[test]
    fn names_are_split_as_rfc_4514_says() {
        for (dn, parts) in [
            (
                "cn=A B, ou = R&D ,DC=example",
                "cn<A B> ou<R&D> DC<example>",
            ),
            (r"CN=Smith\, Anna,OU=a\+b\=c", "CN<Smith, Anna> OU<a+b=c>"),
            (r"CN=L\C3\A9a,OU=x\20", "CN<Léa> OU<x >"),
            (r#"OU="Sales, north";O=E"#, "OU<Sales, north> O<E>"),
            ("OU=Sales+CN=Anna,DC=e", "OU<Sales> DC<e>"),
            (r"ou=x\ ,dc=e", "ou<x > dc<e>"),
            ("", ""),
        ] {
            assert_eq!(read(dn).as_deref(), Some(parts), "{dn}");
        }
        for bad in ["no name", "=x", r"cn=a\", r#"cn="a"#, r"cn=\FF", "a b=c"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
