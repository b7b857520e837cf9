//! Any bytes are the target's answers, in each of their layouts, or are refused.
#![no_main]

use std::sync::LazyLock;

use igsh::exchange::answers::{Answers, Layout};
use igsh::model::AnswerColumns;

static LAYOUTS: LazyLock<[Layout; 4]> = LazyLock::new(|| {
    let columns = AnswerColumns::parse("user=User,outcome=Event,message=Text").expect("columns");
    [
        Layout::Guess,
        Layout::Sheet,
        Layout::Json,
        Layout::Audit(columns),
    ]
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for layout in &*LAYOUTS {
        let Ok(mut answers) = Answers::new(bytes, layout) else {
            continue;
        };
        loop {
            match answers.next_answer() {
                Ok(None) => break,
                Ok(Some(answer)) => assert!(!answer.outcome.is_empty()),
                Err(error) => {
                    assert!(!error.hint.is_empty(), "{error}");
                    if error.fatal {
                        break;
                    }
                }
            }
        }
    }
});
