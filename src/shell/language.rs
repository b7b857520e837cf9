//! The command language as the line editor needs it.

use super::editor::{Keep, Language, Live, Offer, Open, Paint};

struct Igsh<L>(L);

impl<L: Live> Language for Igsh<L> {
    fn open(&self, _: &str) -> Option<Open> {
        None
    }
    fn complete(&self, _: &str, cursor: usize) -> (usize, Vec<Offer>) {
        let _ = &self.0;
        (cursor, Vec::new())
    }
    fn hint(&self, _: &str) -> Option<String> {
        None
    }
    fn paint(&self, _: &str) -> Vec<Paint> {
        Vec::new()
    }
}

pub fn language(live: impl Live + 'static) -> Box<dyn Language> {
    Box::new(Igsh(live))
}

pub fn redact() -> Box<dyn Fn(&str) -> Keep> {
    Box::new(|line| Keep::Text {
        text: line.to_owned(),
        cursor: line.len(),
    })
}
