//! The progress bar: on standard error, only on a terminal.

use std::fmt::Write;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::cell::grouped;
use super::sanitize::message;
use super::ui::Ui;
use crate::ambient::{Progress, Unit};

/// Shows how far work has come; messages appear above it. It is gone when it is dropped.
#[derive(Debug)]
pub struct Bar {
    ui: Ui,
}

impl Ui {
    /// A progress bar, which appears with its first stage.
    pub fn progress(&self) -> Bar {
        Bar { ui: self.clone() }
    }
}

impl Progress for Bar {
    fn begin(&self, stage: &str, unit: Unit, total: Option<u64>) {
        self.end();
        if !self.ui.shows_progress() {
            return;
        }
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr_with_hz(10))
            .with_style(if self.ui.is_ascii() {
                style(unit, total.is_some())
                    .progress_chars("#>.")
                    .tick_chars("-\\|/ ")
            } else {
                style(unit, total.is_some())
            })
            .with_message(message(stage, false).replace('\n', " "));
        // Short work ends before it is worth a bar; the bar of long work must move even between two reports.
        bar.enable_steady_tick(Duration::from_millis(200));
        self.ui.set_bar(Some(bar));
    }

    fn at(&self, done: u64) {
        self.ui.with_bar(|bar| bar.set_position(done));
    }

    fn end(&self) {
        if let Some(bar) = self.ui.set_bar(None) {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.end();
    }
}

fn style(unit: Unit, bounded: bool) -> ProgressStyle {
    ProgressStyle::with_template(template(unit, bounded))
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key("rate", |state: &ProgressState, out: &mut dyn Write| {
            // A record has no fractions.
            let rate = state.per_sec().clamp(0.0, 1e15) as i64;
            let _ = write!(out, "{}/s", grouped(rate));
        })
}

fn template(unit: Unit, bounded: bool) -> &'static str {
    match (unit, bounded) {
        (Unit::Items, true) => "{msg} {wide_bar:.cyan} {human_pos}/{human_len} {rate}, {eta} left",
        (Unit::Bytes, true) => {
            "{msg} {wide_bar:.cyan} {bytes}/{total_bytes} {bytes_per_sec}, {eta} left"
        }
        (Unit::Items, false) => "{spinner} {msg} {human_pos} {rate}",
        (Unit::Bytes, false) => "{spinner} {msg} {bytes} {bytes_per_sec}",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_well_formed() {
        for unit in [Unit::Items, Unit::Bytes] {
            for bounded in [true, false] {
                assert!(ProgressStyle::with_template(template(unit, bounded)).is_ok());
            }
        }
    }
}
