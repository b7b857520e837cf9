//! Where JSON goes.

use crate::model::Wiped;

/// A buffer that JSON is appended to.
pub(crate) trait Sink {
    fn push(&mut self, text: &str);
}

impl Sink for Vec<u8> {
    #[inline]
    fn push(&mut self, text: &str) {
        self.extend_from_slice(text.as_bytes());
    }
}

impl Sink for String {
    #[inline]
    fn push(&mut self, text: &str) {
        self.push_str(text);
    }
}

impl Sink for Wiped {
    #[inline]
    fn push(&mut self, text: &str) {
        self.push(text.as_bytes());
    }
}

impl<S: Sink> Sink for &mut S {
    #[inline]
    fn push(&mut self, text: &str) {
        (**self).push(text);
    }
}
