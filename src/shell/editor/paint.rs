//! The line as it is painted: colours, secrets as dots, and nothing that a terminal would obey.
//!
//! rustyline lays the line out by the text as it is, so what is painted has to take the same columns to the last one,
//! or the cursor would stand beside its character.

use rustyline::GraphemeClusterMode;

use crate::lang::Span;
use crate::lang::highlight::Class;
use crate::render::sanitize::{Reader, is_neutralised};

/// The colour of a class, as parameters of an SGR sequence.
fn colour(class: Class) -> Option<&'static str> {
    match class {
        Class::Plain | Class::Sign | Class::Value | Class::Secret => None,
        Class::Command => Some("1"),
        Class::Name => Some("36"),
        Class::Pattern => Some("33"),
        Class::Quoted => Some("32"),
        Class::Variable => Some("35"),
        Class::Keyword => Some("34"),
        Class::Comment => Some("90"),
        Class::Wrong => Some("31"),
    }
}

/// `line`, which stands at `offset` of the text that `classes` speaks of, in its colours.
pub(super) fn painted(
    line: &str,
    offset: usize,
    classes: &[(Span, Class)],
    mode: GraphemeClusterMode,
) -> String {
    let mut brush = Brush {
        out: String::with_capacity(line.len() * 2),
        mode,
        escape: Escape::None,
    };
    let mut at = 0;
    for (span, class) in classes {
        let colour = colour(*class);
        if colour.is_none() && *class != Class::Secret {
            continue;
        }
        let start = span.start.saturating_sub(offset).clamp(at, line.len());
        let end = span.end.saturating_sub(offset).clamp(start, line.len());
        let (Some(plain), Some(special)) = (line.get(at..start), line.get(start..end)) else {
            continue;
        };
        brush.text(plain, false);
        if !special.is_empty() {
            if let Some(colour) = colour {
                brush.out.push_str("\u{1b}[");
                brush.out.push_str(colour);
                brush.out.push('m');
            }
            brush.text(special, *class == Class::Secret);
            if colour.is_some() {
                brush.out.push_str("\u{1b}[0m");
            }
        }
        at = end;
    }
    brush.text(line.get(at..).unwrap_or_default(), false);
    brush.out
}

/// How far rustyline takes itself to be in an escape sequence, whose characters it gives no column.
#[derive(PartialEq, Eq)]
enum Escape {
    None,
    Begun,
    Parameters,
}

struct Brush {
    out: String,
    mode: GraphemeClusterMode,
    escape: Escape,
}

impl Brush {
    fn text(&mut self, text: &str, masked: bool) {
        for c in text.chars() {
            if matches!(c, '\n' | '\t') {
                self.out.push(c);
            } else if self.is_in_escape(c) {
                // It has no column to be shown in.
            } else if masked || is_neutralised(c, Reader::Program) {
                let width = self.mode.width(c.encode_utf8(&mut [0; 4]));
                let sign = if masked { '•' } else { '·' };
                self.out.extend(std::iter::repeat_n(sign, width.into()));
            } else {
                self.out.push(c);
            }
        }
    }

    fn is_in_escape(&mut self, c: char) -> bool {
        let was = std::mem::replace(&mut self.escape, Escape::None);
        self.escape = match (&was, c) {
            (Escape::None, '\u{1b}') => Escape::Begun,
            (Escape::Begun, '[') => Escape::Parameters,
            (Escape::Parameters, ';' | '0'..='9') => Escape::Parameters,
            _ => Escape::None,
        };
        was != Escape::None || self.escape == Escape::Begun
    }
}

/// The columns that rustyline gives `text`, as far as it is one line.
pub(super) fn columns(text: &str, mode: GraphemeClusterMode) -> usize {
    text.chars()
        .map(|c| usize::from(mode.width(c.encode_utf8(&mut [0; 4]))))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLAIN: GraphemeClusterMode = GraphemeClusterMode::WcWidth;

    fn paint(line: &str, offset: usize, classes: &[(Span, Class)]) -> String {
        painted(line, offset, classes, PLAIN)
    }

    #[test]
    fn colours_lie_where_the_language_puts_them() {
        let classes = [
            (0..4, Class::Command),
            (4..5, Class::Plain),
            (5..9, Class::Name),
            (14..18, Class::Wrong),
        ];
        assert_eq!(
            paint("user list 'a b' grüp", 0, &classes),
            "\u{1b}[1muser\u{1b}[0m \u{1b}[36mlist\u{1b}[0m 'a b\u{1b}[31m' gr\u{1b}[0müp"
        );
    }

    #[test]
    fn a_continued_line_shows_its_own_colours_only() {
        // The text is "echo 'a\nb' c".
        let classes = [
            (0..4, Class::Command),
            (5..10, Class::Quoted),
            (11..12, Class::Name),
        ];
        assert_eq!(
            paint("b' c", 8, &classes),
            "\u{1b}[32mb'\u{1b}[0m \u{1b}[36mc\u{1b}[0m"
        );
    }

    #[test]
    fn a_span_that_splits_a_character_colours_nothing() {
        assert_eq!(paint("ü", 0, &[(0..1, Class::Wrong)]), "ü");
    }

    #[test]
    fn secrets_are_dots_of_their_width() {
        let line = "card pin='a山e\u{301}\n1' x";
        let secret = [(9..line.len() - 2, Class::Secret)];
        assert_eq!(paint(line, 0, &secret), "card pin=•••••\n•• x");
    }

    #[test]
    fn pasted_control_characters_do_not_reach_the_terminal() {
        let shown = paint("a\u{1b}[2Jb\u{9b}c\u{202e}d\u{7}\ne\tf", 0, &[]);
        assert_eq!(shown, "abcd\ne\tf");
        let wide = painted("a\u{9b}b\u{7}", 0, &[], GraphemeClusterMode::Unicode);
        assert_eq!(wide, "a·b·");
    }

    /// The columns of a line as rustyline's `tty::width` counts them.
    fn laid_out(line: &str, mode: GraphemeClusterMode) -> usize {
        let mut escape = 0;
        let mut all = 0;
        for c in line.chars() {
            let one = c.to_string();
            match (escape, c) {
                (_, '\n' | '\t') => {}
                (1, '[') => escape = 2,
                (1, _) => escape = 0,
                (2, ';' | '0'..='9') => {}
                (2, _) => escape = 0,
                (_, '\u{1b}') => escape = 1,
                _ => all += usize::from(mode.width(&one)),
            }
        }
        all
    }

    /// A painted line without its colours.
    fn bare(painted: &str) -> String {
        let mut out = String::new();
        let mut rest = painted;
        while let Some((before, after)) = rest.split_once("\u{1b}[") {
            out.push_str(before);
            rest = after.split_once('m').unwrap().1;
        }
        out + rest
    }

    proptest! {
        #[test]
        fn what_is_painted_is_as_wide_as_the_line(
            line in "(?s)(.|[a-z ='\"#$*,]|[\u{0}-\u{20}]|\u{1b}\\[[0-9;]*[a-z]|[山-崛]|[\u{300}-\u{36f}]|[\u{200b}-\u{202e}]|pin=|card |user list ){0,40}",
            cut in 0_usize..20,
        ) {
            let catalogue = crate::shell::editor::testing::CATALOGUE;
            let mut classes = crate::lang::highlight::classes(&line, &catalogue);
            if let Some((_, class)) = classes.get_mut(cut) {
                *class = Class::Secret;
            }
            for mode in [PLAIN, GraphemeClusterMode::Unicode] {
                let painted = painted(&line, 0, &classes, mode);
                let bare = bare(&painted);
                prop_assert!(!bare.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t')), "{painted:?}");
                prop_assert_eq!(laid_out(&bare, mode), laid_out(&line, mode), "{:?}", painted);
                prop_assert_eq!(bare.matches('\n').count(), line.matches('\n').count());
            }
        }
    }
}
