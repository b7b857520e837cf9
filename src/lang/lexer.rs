//! Text to tokens, totally and without loss.
//!
//! Highlighter, incomplete-input check, completion and history redaction all read these tokens, also of half-typed
//! lines; so the lexer never fails: what is wrong becomes a token of its own kind, and the spans of all tokens,
//! one after the other, are the text.

use super::Span;
use super::lookalike::{dashes, is_quote};

/// A stretch of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub kind: TokenKind,
    pub span: Span,
    /// Whether it follows the token before without a blank between them. What follows a newline, `;` or `{` begins
    /// a word of its own.
    pub glued: bool,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// Blanks and tabs, a `\` with its newline, a byte order mark at the very beginning.
    Blank,
    /// LF or CR LF.
    Newline,
    /// `;`
    Semicolon,
    /// `#` at the start of a word, to the end of the line.
    Comment,
    /// A run of bare characters.
    Word,
    /// The quote that opens a text.
    Quote(Quote),
    /// Characters between quotes that stand for themselves.
    Text,
    /// `\n`, `\"`, `\u{…}` … in `"…"`, with the character that it stands for.
    Escape(char),
    /// The quote that closes a text.
    EndQuote(Quote),
    /// `$name` or `${name}`, outside quotes or in `"…"`.
    Variable,
    Operator(Operator),
    /// `,`
    Comma,
    /// `(`
    Open,
    /// `)`
    Close,
    /// `{`
    OpenBrace,
    /// `}`
    CloseBrace,
    /// What cannot stand here.
    Bad(Bad),
}

/// The two kinds of quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quote {
    /// `'…'`: everything stands for itself.
    Single,
    /// `"…"`: escapes and variables count.
    Double,
}

impl Quote {
    /// The quote itself.
    pub const fn as_char(self) -> char {
        match self {
            Self::Single => '\'',
            Self::Double => '"',
        }
    }
}

/// A relation as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Operator {
    /// All of them, the longer ones first.
    pub const ALL: [Self; 6] = [
        Self::NotEqual,
        Self::LessOrEqual,
        Self::GreaterOrEqual,
        Self::Equal,
        Self::Less,
        Self::Greater,
    ];

    /// The longest one that `text` begins with.
    fn at(text: &str) -> Option<Self> {
        Some(match text.as_bytes() {
            [b'!', b'=', ..] => Self::NotEqual,
            [b'<', b'=', ..] => Self::LessOrEqual,
            [b'>', b'=', ..] => Self::GreaterOrEqual,
            [b'=', ..] => Self::Equal,
            [b'<', ..] => Self::Less,
            [b'>', ..] => Self::Greater,
            _ => return None,
        })
    }

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

/// Why a token cannot stand where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bad {
    /// A quote that nothing closes; the text after it is lexed as if it were quoted.
    OpenQuote(Quote),
    /// A control character other than TAB and newline.
    Control(char),
    /// A Unicode blank that is neither SPACE nor TAB.
    Space(char),
    /// A `\` outside quotes that no newline follows.
    Backslash,
    /// A `\` in `"…"` before a character that needs none.
    Escape,
    /// A `$` without a name.
    Dollar,
    /// A character that must be quoted: `!` alone, `#` within a word.
    Quotable(char),
    /// A quote of typography at an end of a word, or such a dash before a name: another character is meant.
    LookAlike(char),
}

/// The tokens of `text`; their spans concatenate to it.
pub fn lex(text: &str) -> Vec<Token> {
    lexed(text, |_, _| true)
}

/// The tokens of `text` that a parser looks at: no blanks, no comments, and one line end where several follow each
/// other, so that empty lines cost nothing.
pub(super) fn lex_significant(text: &str) -> Vec<Token> {
    lexed(text, |last, kind| match kind {
        TokenKind::Blank | TokenKind::Comment => false,
        TokenKind::Newline => last.is_none_or(|last| last.kind != TokenKind::Newline),
        _ => true,
    })
}

/// The tokens that `keep` accepts; its first argument is the last token that was kept.
fn lexed(text: &str, keep: fn(Option<&Token>, TokenKind) -> bool) -> Vec<Token> {
    let mut lexer = Lexer {
        text,
        at: 0,
        // Blanks and signs included, a token has three characters in most texts.
        tokens: Vec::with_capacity(text.len() / 3),
        last: None,
        keep,
    };
    if text.starts_with('\u{feff}') {
        lexer.push(TokenKind::Blank, '\u{feff}'.len_utf8());
    }
    while let Some(next) = lexer.peek() {
        lexer.step(next);
    }
    lexer.tokens
}

/// Whether a word may hold `c` without quotes.
pub fn is_bare(c: char) -> bool {
    !(c.is_control() || c.is_whitespace() || is_special(c))
}

/// Whether `c` has a meaning of its own, so that a value that holds it is quoted (igsh-script(5), Words).
pub const fn is_special(c: char) -> bool {
    matches!(
        c,
        ',' | ';' | '\'' | '"' | '$' | '\\' | '(' | ')' | '{' | '}' | '=' | '!' | '<' | '>'
    )
}

/// Whether `text` is a name: a letter, then letters, digits, `-`, `_`, `.`.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// The name in a variable token: `name` of `$name` and of `${name}`.
pub fn variable_name(token: &str) -> &str {
    let name = token.strip_prefix('$').unwrap_or(token);
    name.strip_prefix('{')
        .and_then(|name| name.strip_suffix('}'))
        .unwrap_or(name)
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    tokens: Vec<Token>,
    /// What the last token was, kept or not.
    last: Option<TokenKind>,
    keep: fn(Option<&Token>, TokenKind) -> bool,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn push(&mut self, kind: TokenKind, length: usize) {
        let start = self.at;
        self.at += length;
        let glued = self.last.replace(kind).is_some_and(|last| {
            !matches!(
                last,
                TokenKind::Blank
                    | TokenKind::Newline
                    | TokenKind::Comment
                    | TokenKind::Semicolon
                    | TokenKind::OpenBrace
            )
        });
        if (self.keep)(self.tokens.last(), kind) {
            self.tokens.push(Token {
                kind,
                span: start..self.at,
                glued,
            });
        }
    }

    fn step(&mut self, next: char) {
        use TokenKind as T;
        let kind = match next {
            ' ' | '\t' => {
                let run = self.run(|c| matches!(c, ' ' | '\t'));
                return self.push(T::Blank, run);
            }
            '\n' => T::Newline,
            '\r' if self.rest().starts_with("\r\n") => return self.push(T::Newline, 2),
            ';' => T::Semicolon,
            ',' => T::Comma,
            '(' => T::Open,
            ')' => T::Close,
            '{' => T::OpenBrace,
            '}' => T::CloseBrace,
            '#' if self.at_word_start() => return self.comment(),
            '#' => T::Bad(Bad::Quotable('#')),
            '\'' => return self.quoted(Quote::Single),
            '"' => return self.quoted(Quote::Double),
            '$' => return self.dollar(),
            '\\' => match line_break(self.rest().get(1..).unwrap_or_default()) {
                Some(length) => return self.push(T::Blank, 1 + length),
                None => T::Bad(Bad::Backslash),
            },
            c if c.is_control() => T::Bad(Bad::Control(c)),
            c if c.is_whitespace() => T::Bad(Bad::Space(c)),
            c if is_special(c) => match Operator::at(self.rest()) {
                Some(operator) => {
                    return self.push(T::Operator(operator), operator.as_str().len());
                }
                None => T::Bad(Bad::Quotable(c)),
            },
            _ => return self.word(next),
        };
        self.push(kind, next.len_utf8());
    }

    /// A run of bare characters; what is no part of a word at its beginning or end is a token of its own.
    fn word(&mut self, next: char) {
        let rest = self.rest();
        let word = rest.get(..bare_run(rest)).unwrap_or_default();
        let looks_like = TokenKind::Bad(Bad::LookAlike(next));
        if is_quote(next) {
            return self.push(looks_like, next.len_utf8());
        }
        match dashes(word).filter(|_| self.at_word_start()) {
            Some(length) => self.push(looks_like, length),
            None => self.push(TokenKind::Word, word.trim_end_matches(is_quote).len()),
        }
    }

    /// The length of the run of characters that are `wanted`.
    fn run(&self, wanted: impl Fn(char) -> bool) -> usize {
        let rest = self.rest();
        rest.find(|c| !wanted(c)).unwrap_or(rest.len())
    }

    fn at_word_start(&self) -> bool {
        self.last.is_none_or(|last| {
            matches!(
                last,
                TokenKind::Blank | TokenKind::Newline | TokenKind::Semicolon | TokenKind::OpenBrace
            )
        })
    }

    fn comment(&mut self) {
        while let Some(next) = self.peek() {
            if line_break(self.rest()).is_some() {
                break;
            }
            if is_forbidden(next) {
                self.push(TokenKind::Bad(Bad::Control(next)), next.len_utf8());
            } else {
                let run = self.run(|c| !is_forbidden(c) && c != '\n');
                self.push(TokenKind::Comment, run);
            }
        }
    }

    fn dollar(&mut self) {
        match variable_length(self.rest()) {
            Some(length) => self.push(TokenKind::Variable, length),
            None => self.push(TokenKind::Bad(Bad::Dollar), 1),
        }
    }

    /// From the opening quote to the closing one, or to the end of the text.
    fn quoted(&mut self, quote: Quote) {
        let opening = self.tokens.len();
        self.push(TokenKind::Quote(quote), 1);
        while let Some(next) = self.peek() {
            if next == quote.as_char() {
                return self.push(TokenKind::EndQuote(quote), 1);
            }
            if let Some(length) = line_break(self.rest()) {
                self.push(TokenKind::Text, length);
            } else if is_forbidden(next) {
                self.push(TokenKind::Bad(Bad::Control(next)), next.len_utf8());
            } else if quote == Quote::Double && next == '$' {
                self.dollar();
            } else if quote == Quote::Double && next == '\\' {
                match escape(self.rest()) {
                    Some((c, length)) => self.push(TokenKind::Escape(c), length),
                    None => self.push(TokenKind::Bad(Bad::Escape), 1),
                }
            } else {
                let run = self.run(|c| {
                    !is_forbidden(c)
                        && c != '\n'
                        && c != quote.as_char()
                        && !(quote == Quote::Double && matches!(c, '$' | '\\'))
                });
                self.push(TokenKind::Text, run);
            }
        }
        if let Some(token) = self.tokens.get_mut(opening) {
            token.kind = TokenKind::Bad(Bad::OpenQuote(quote));
        }
    }
}

/// The length of the run of bare characters at the start of `rest`. Nearly all of them are ASCII, which is looked up in
/// a table.
fn bare_run(rest: &str) -> usize {
    static BARE: [bool; 256] = bare_bytes();
    let bytes = rest.as_bytes();
    let mut at = 0;
    loop {
        while let Some(byte) = bytes.get(at)
            && BARE[usize::from(*byte)]
        {
            at += 1;
        }
        match rest.get(at..).and_then(|rest| rest.chars().next()) {
            Some(c) if !c.is_ascii() && is_bare(c) => at += c.len_utf8(),
            _ => return at,
        }
    }
}

/// The ASCII characters that are bare.
const fn bare_bytes() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = b'!';
    while byte <= b'~' {
        table[byte as usize] = !is_special(byte as char);
        byte += 1;
    }
    table
}

/// The length of the line break at the start of `rest`.
fn line_break(rest: &str) -> Option<usize> {
    if rest.starts_with('\n') {
        Some(1)
    } else if rest.starts_with("\r\n") {
        Some(2)
    } else {
        None
    }
}

fn is_forbidden(c: char) -> bool {
    c.is_control() && !matches!(c, '\t' | '\n')
}

/// `$name` takes letters, digits and `_` only, so that `$group.igb` and `$from-$to` mean what they do in other
/// shells; `${…}` takes any name.
fn variable_length(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix('$')?;
    if let Some(braced) = after.strip_prefix('{') {
        let end = braced.find(|c: char| !is_bare(c))?;
        let closed = braced.get(end..)?.starts_with('}');
        return (closed && is_name(braced.get(..end)?)).then_some(end + 3);
    }
    if !after.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let end = after
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .unwrap_or(after.len());
    Some(end + 1)
}

/// The character that the escape at the start of `rest` stands for, and the escape's length.
fn escape(rest: &str) -> Option<(char, usize)> {
    let mut chars = rest.chars();
    chars.next();
    let c = match chars.next()? {
        'n' => '\n',
        't' => '\t',
        c @ ('"' | '\\' | '$') => c,
        'u' => {
            let digits = rest.get(2..)?.strip_prefix('{')?;
            let end = digits.bytes().take(7).position(|b| b == b'}')?;
            let digits = digits.get(..end)?;
            let hex =
                (1..=6).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
            let c = hex.then(|| {
                u32::from_str_radix(digits, 16)
                    .ok()
                    .and_then(char::from_u32)
            })??;
            return Some((c, end + 4));
        }
        _ => return None,
    };
    Some((c, 2))
}

#[cfg(test)]
mod tests;
