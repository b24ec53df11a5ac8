//! Shows progress on standard error for work that takes longer than half a second.

use super::terminal::{Signs, Terminal};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

const DELAY: Duration = Duration::from_millis(500);
const TICK: Duration = Duration::from_millis(120);

/// Work in progress. Shown once it has taken half a second, removed when dropped.
pub struct Progress {
    bar: ProgressBar,
    /// Dropping it ends the waiting thread.
    _running: Option<Sender<()>>,
}

impl Progress {
    /// Announces work, with its number of steps if known.
    pub fn start(terminal: &Terminal, title: &'static str, steps: Option<u64>) -> Self {
        let bar = ProgressBar::with_draw_target(steps, ProgressDrawTarget::hidden());
        if terminal.progress == Signs::None {
            return Progress { bar, _running: None };
        }
        let template = match steps {
            Some(_) => "{spinner} {msg} {wide_bar} {pos}/{len}",
            None => "{spinner} {msg} {elapsed}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(title);
        let (running, ended) = mpsc::channel::<()>();
        let (later, signs) = (bar.clone(), terminal.progress);
        // If no thread can be started, no progress is shown.
        let _ = thread::Builder::new().spawn(move || {
            if ended.recv_timeout(DELAY) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            if signs == Signs::Line {
                return super::talk::say(&mut std::io::stderr(), &format!("{title} …"));
            }
            later.set_draw_target(ProgressDrawTarget::stderr());
            later.enable_steady_tick(TICK);
        });
        Progress { bar, _running: Some(running) }
    }

    /// Counts finished steps.
    pub fn advance(&self, steps: u64) {
        self.bar.inc(steps);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
