//! The address of an identity provider, as a soft token with push or transactions holds it (igsh-migration(7), IDENTITY
//! PROVIDERS).

use std::borrow::Cow;
use std::fmt;

/// An `https` address with a host and perhaps a port and a path, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdpUrl(String);

/// Why a text is no such address. No message repeats the text, which may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoIdpUrl {
    /// Nothing before `://`.
    #[error("the address has no scheme")]
    NoScheme,
    /// Another scheme than https.
    #[error("the address is not https")]
    NotHttps,
    /// `user:password@`.
    #[error("the address holds credentials, which every token would carry")]
    Credentials,
    /// Nothing that can be a host.
    #[error("the address has no proper host")]
    Host,
    #[error("the port of the address is not a number from 1 to 65535")]
    Port,
    /// `?` or `#`.
    #[error("the address has a query or a fragment")]
    Query,
    /// Blanks, control characters and the like.
    #[error("the address holds a character that no address has")]
    Character,
    /// Longer than any address.
    #[error("the address is longer than 2048 characters")]
    TooLong,
}

impl NoIdpUrl {
    /// What to write instead.
    pub fn hint(self) -> Option<Cow<'static, str>> {
        let hint = match self {
            Self::NoScheme | Self::Host => {
                "write it in full, such as https://tenant.example.com/igst"
            }
            Self::NotHttps => "write an address with https: tokens send their answers there",
            Self::Credentials => "leave out what stands before the @",
            Self::Port => "correct the port, or leave it out",
            Self::Query => "leave out everything from the ? or # on",
            Self::Character => "write the character as %XX",
            Self::TooLong => "write a shorter address",
        };
        Some(hint.into())
    }
}

impl IdpUrl {
    /// Reads an address; a slash at its end does not count.
    ///
    /// # Errors
    /// [`NoIdpUrl`] with the first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, NoIdpUrl> {
        let text = text.trim();
        if text.len() > 2048 {
            return Err(NoIdpUrl::TooLong);
        }
        let (scheme, rest) = text.split_once("://").ok_or(NoIdpUrl::NoScheme)?;
        if scheme.is_empty() {
            return Err(NoIdpUrl::NoScheme);
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        // First of all: with credentials in it, the address must not be shown by anything that comes later.
        if authority.contains('@') {
            return Err(NoIdpUrl::Credentials);
        }
        if !scheme.eq_ignore_ascii_case("https") {
            return Err(NoIdpUrl::NotHttps);
        }
        if path.contains(['?', '#']) {
            return Err(NoIdpUrl::Query);
        }
        let unreserved = |c: char| c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@%/".contains(c);
        if !path.chars().all(unreserved) {
            return Err(NoIdpUrl::Character);
        }
        let host = host(authority)?;
        let path = path.trim_end_matches('/');
        Ok(Self(format!("https://{}{path}", host.to_ascii_lowercase())))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IdpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Host and port, checked: a name, an IPv4 address, or an IPv6 one in brackets.
fn host(authority: &str) -> Result<&str, NoIdpUrl> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (inner, after) = rest.split_once(']').ok_or(NoIdpUrl::Host)?;
            inner
                .parse::<std::net::Ipv6Addr>()
                .map_err(|_| NoIdpUrl::Host)?;
            ("", after)
        }
        None => {
            let end = authority.find(':').unwrap_or(authority.len());
            authority.split_at(end)
        }
    };
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    if !authority.starts_with('[') && !host.split('.').all(label) {
        return Err(NoIdpUrl::Host);
    }
    match port.strip_prefix(':') {
        None if port.is_empty() => Ok(authority),
        Some(number) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
            match number.parse::<u16>() {
                Ok(1..) => Ok(authority),
                _ => Err(NoIdpUrl::Port),
            }
        }
        Some(_) => Err(NoIdpUrl::Port),
        None => Err(NoIdpUrl::Host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_says_how_to_write_the_address() {
        let said = [
            "host/path",
            "http://host",
            "https://anna:secret@host",
            "https://",
            "https://host:0",
            "https://host?a",
            "https://host/a b",
        ]
        .map(|text| {
            let error = IdpUrl::parse(text).unwrap_err();
            format!("{error}\n    {}", error.hint().unwrap_or_default())
        });
        insta::assert_snapshot!(said.join("\n"), @r"
        the address has no scheme
            write it in full, such as https://tenant.example.com/igst
        the address is not https
            write an address with https: tokens send their answers there
        the address holds credentials, which every token would carry
            leave out what stands before the @
        the address has no proper host
            write it in full, such as https://tenant.example.com/igst
        the port of the address is not a number from 1 to 65535
            correct the port, or leave it out
        the address has a query or a fragment
            leave out everything from the ? or # on
        the address holds a character that no address has
            write the character as %XX
        ");
    }

    #[test]
    fn an_address_is_brought_into_one_form() {
        for (typed, expected) in [
            ("https://host:8445/igst", "https://host:8445/igst"),
            ("HTTPS://Idp.Example.com/", "https://idp.example.com"),
            (" https://10.0.0.1/A/b// ", "https://10.0.0.1/A/b"),
            ("https://[2001:db8::1]:443/x", "https://[2001:db8::1]:443/x"),
            ("https://a/%41-_~", "https://a/%41-_~"),
        ] {
            assert_eq!(IdpUrl::parse(typed).unwrap().as_str(), expected);
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_reason() {
        for (typed, expected) in [
            ("", NoIdpUrl::NoScheme),
            ("idp.example.com/x", NoIdpUrl::NoScheme),
            ("://idp", NoIdpUrl::NoScheme),
            ("http://idp.example.com", NoIdpUrl::NotHttps),
            ("ftp://idp", NoIdpUrl::NotHttps),
            ("https://anna:secret@idp", NoIdpUrl::Credentials),
            ("http://anna:secret@idp", NoIdpUrl::Credentials),
            ("https://anna@idp", NoIdpUrl::Credentials),
            ("https://", NoIdpUrl::Host),
            ("https:///x", NoIdpUrl::Host),
            ("https://-a", NoIdpUrl::Host),
            ("https://a..b", NoIdpUrl::Host),
            ("https://a b", NoIdpUrl::Host),
            ("https://[::g]", NoIdpUrl::Host),
            ("https://[::1]x", NoIdpUrl::Host),
            ("https://a:0", NoIdpUrl::Port),
            ("https://a:", NoIdpUrl::Port),
            ("https://a:99999", NoIdpUrl::Port),
            ("https://a:+1", NoIdpUrl::Port),
            ("https://a/x?y", NoIdpUrl::Query),
            ("https://a#x", NoIdpUrl::Query),
            ("https://a/b c", NoIdpUrl::Character),
            ("https://a/\u{202e}", NoIdpUrl::Character),
        ] {
            assert_eq!(IdpUrl::parse(typed).unwrap_err(), expected, "{typed:?}");
            assert!(!expected.to_string().contains("secret"));
        }
        let long = format!("https://a/{}", "x".repeat(3000));
        assert_eq!(IdpUrl::parse(&long).unwrap_err(), NoIdpUrl::TooLong);
    }
}
