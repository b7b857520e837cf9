//! What `ldapsearch` and its like print besides the entries: references, how the search ended, pages.

use super::entry::fault;
use crate::exchange::Error;

/// A line that stands between the entries.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Another server has more.
    Reference,
    /// A page of the answer has ended.
    Page {
        /// Whether it was the last one.
        last: bool,
    },
    /// Nothing that matters.
    Other,
}

/// What a line between the entries is; `None` for one that does not belong to a search.
///
/// # Errors
/// A search that did not find everything: half a directory must not pass for a whole one.
pub(super) fn said(text: &[u8], line: u64) -> Result<Option<Said>, Error> {
    let Ok(text) = std::str::from_utf8(text) else {
        return Ok(None);
    };
    let (name, value) = text.split_once(':').unwrap_or((text, ""));
    let value = value.trim();
    Ok(Some(match name {
        "dn" | "version" => return Ok(None),
        "ref" => Said::Reference,
        "result" if is_success(value) => Said::Other,
        "result" => return Err(incomplete(line, value)),
        "pagedresults" => page(value),
        "search" | "control" | "matchedDN" | "matcheddn" | "text" => Said::Other,
        _ if text.starts_with("Press [size] Enter for the next ") => Said::Other,
        _ if ends_with_code(text) => return Err(incomplete(line, text)),
        _ => return Ok(None),
    }))
}

/// What a comment says: asked for plain LDIF, `ldapsearch` writes references and pages as comments, and no colon in
/// them.
pub(super) fn said_aside(comment: &[u8]) -> Said {
    match std::str::from_utf8(comment).unwrap_or_default() {
        text if text.starts_with("# refldap") => Said::Reference,
        text => match text.strip_prefix("# pagedresults") {
            Some(value) if value.contains("cookie=") => page(value.trim_end()),
            _ => Said::Other,
        },
    }
}

fn page(value: &str) -> Said {
    Said::Page {
        last: value.ends_with("cookie="),
    }
}

/// Whether the result is `0 Success`.
fn is_success(result: &str) -> bool {
    result.split(' ').next() == Some("0")
}

/// Whether this is a message as `Size limit exceeded (4)`, which goes to the standard error and from there, with
/// `2>&1`, into the file.
fn ends_with_code(text: &str) -> bool {
    let code = text
        .trim_end()
        .strip_suffix(')')
        .and_then(|rest| rest.rsplit_once(" ("));
    code.is_some_and(|(message, code)| !message.contains('=') && code.parse::<i32>().is_ok())
}

fn incomplete(line: u64, result: &str) -> Error {
    fault(
        line,
        "",
        format!(
            "the search did not find everything: '{}'",
            result.escape_debug()
        ),
        "search again without limits, or in pages (ldapsearch -E pr=500/noprompt)",
    )
}

/// The error for a search of which the last page is missing.
pub(super) fn no_last_page(line: u64) -> Error {
    fault(
        line,
        "pagedresults",
        "the search has more pages than the file",
        "search again and write all pages (ldapsearch -E pr=500/noprompt)",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_search_are_no_entries() {
        for (text, what) in [
            ("ref: ldap://x/DC=x", Said::Reference),
            ("search: 2", Said::Other),
            ("result: 0 Success", Said::Other),
            ("result: 0", Said::Other),
            (
                "control: 1.2.840.113556.1.4.319 false MAUCAQAEAA==",
                Said::Other,
            ),
            ("matchedDN: dc=e", Said::Other),
            ("text: 00002024", Said::Other),
            ("pagedresults: cookie=", Said::Page { last: true }),
            (
                "pagedresults: estimate=12 cookie=",
                Said::Page { last: true },
            ),
            ("pagedresults: cookie=AAAB", Said::Page { last: false }),
            (
                "Press [size] Enter for the next {100|size} entries.",
                Said::Other,
            ),
        ] {
            assert_eq!(said(text.as_bytes(), 1).unwrap(), Some(what), "{text}");
        }
        for text in [
            "dn: cn=x (3)",
            "version: 1",
            "uid: a",
            "no colon",
            "\u{e9}: (x)",
            "cn=a (3)",
        ] {
            assert_eq!(said(text.as_bytes(), 1).unwrap(), None, "{text}");
        }
        assert_eq!(said(b"d\xFF", 1).unwrap(), None);
    }

    #[test]
    fn c2_pages_and_references_may_stand_in_comments() {
        for (text, what) in [
            ("# refldap://x/DC=x", Said::Reference),
            ("# pagedresultscookie=AAAB", Said::Page { last: false }),
            ("# pagedresultscookie=", Said::Page { last: true }),
            (
                "# pagedresultsestimate=12 cookie=AAAB",
                Said::Page { last: false },
            ),
            ("# pagedresults: cookie=AAAB", Said::Page { last: false }),
            ("# with pagedResults control: size=500", Said::Other),
            ("# pagedresults", Said::Other),
            ("# numEntries: 3", Said::Other),
        ] {
            assert_eq!(said_aside(text.as_bytes()), what, "{text}");
        }
        assert_eq!(said_aside(b"# \xFF"), Said::Other);
    }

    #[test]
    fn a_search_that_did_not_find_everything_is_an_error() {
        for (text, shown) in [
            ("result: 4 Size limit exceeded", "4 Size limit exceeded"),
            ("result: 3 Time limit exceeded", "3 Time limit exceeded"),
            ("result: 32 No such object", "32 No such object"),
            ("result: 10 Referral", "10 Referral"),
            ("result:", "''"),
            ("Size limit exceeded (4)", "Size limit exceeded (4)"),
            (
                "ldap_sasl_bind(SIMPLE): Can't contact LDAP server (-1)",
                "contact LDAP server (-1)",
            ),
        ] {
            let error = said(text.as_bytes(), 7).unwrap_err();
            assert!(error.what.contains(shown) && !error.fatal, "{error}");
            assert_eq!(error.line, 7);
        }
    }
}
