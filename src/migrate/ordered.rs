//! Work on many cores whose results come out in the order in which it went in.
//!
//! The source runs on the calling thread, because it reads from a connection that stays there; the sink has a thread
//! of its own, because it waits for the disk. An item needs a permit that comes free when its result is delivered, so
//! that memory does not grow with the work, not even behind one slow item. Whoever fails first ends it: closing a
//! channel stops those who feed it, one after the other.

use std::collections::BTreeMap;
use std::sync::Mutex;

use crossbeam_channel::{Receiver, Sender, bounded};

/// Runs `work` over everything that `source` pushes, on `workers` threads, and hands the results to `sink` in order.
///
/// `source` is given a function that takes one item and says whether more is wanted; after `false` it should return.
///
/// # Errors
/// The first error of any of the three; nothing reaches the sink after it.
pub(super) fn run<I: Send, O: Send, E: Send>(
    workers: usize,
    source: impl FnOnce(&mut dyn FnMut(I) -> bool) -> Result<(), E>,
    work: impl Fn(I) -> Result<O, E> + Sync,
    sink: impl FnMut(O) -> Result<(), E> + Send,
) -> Result<(), E> {
    let failure = Mutex::new(None);
    let most = 2 * workers + 2;
    let (jobs, queue) = bounded::<(u64, I)>(most);
    let (results, done) = bounded::<(u64, Result<O, E>)>(most);
    let (free, permits) = bounded::<()>(most);
    for _ in 0..most {
        let _ = free.send(());
    }
    let finished = std::thread::scope(|scope| {
        for _ in 0..workers {
            let (queue, results, work) = (queue.clone(), results.clone(), &work);
            scope.spawn(move || labour(&queue, &results, work));
        }
        drop((queue, results));
        let failure = &failure;
        scope.spawn(move || deliver(&done, &free, sink, failure));
        let mut number = 0;
        let mut push = |item| {
            number += 1;
            permits.recv().is_ok() && jobs.send((number - 1, item)).is_ok()
        };
        let finished = source(&mut push);
        if finished.is_err() {
            // What is still on its way must not reach the sink: it looks here before each result.
            hold(failure);
        }
        drop(jobs);
        finished
    });
    match failure
        .into_inner()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
    {
        Some(Failure::Error(first)) => Err(first),
        Some(Failure::Source) | None => finished,
    }
}

/// Why nothing more may reach the sink.
enum Failure<E> {
    /// The source has failed; its error is on its way to the caller.
    Source,
    /// A worker or the sink has.
    Error(E),
}

fn hold<E>(failure: &Mutex<Option<Failure<E>>>) {
    if let Ok(mut failure) = failure.lock() {
        failure.get_or_insert(Failure::Source);
    }
}

fn labour<I, O, E>(
    queue: &Receiver<(u64, I)>,
    results: &Sender<(u64, Result<O, E>)>,
    work: impl Fn(I) -> Result<O, E>,
) {
    for (number, item) in queue {
        if results.send((number, work(item))).is_err() {
            return;
        }
    }
}

fn deliver<O, E>(
    done: &Receiver<(u64, Result<O, E>)>,
    free: &Sender<()>,
    mut sink: impl FnMut(O) -> Result<(), E>,
    failure: &Mutex<Option<Failure<E>>>,
) {
    let mut early = BTreeMap::new();
    let mut next = 0;
    for (number, result) in done {
        early.insert(number, result);
        while let Some(result) = early.remove(&next) {
            next += 1;
            if !matches!(failure.lock().as_deref(), Ok(None)) {
                return;
            }
            if let Err(error) = result.and_then(&mut sink) {
                if let Ok(mut failure) = failure.lock() {
                    failure.get_or_insert(Failure::Error(error));
                }
                return;
            }
            let _ = free.send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    fn numbers(upto: u64) -> impl FnOnce(&mut dyn FnMut(u64) -> bool) -> Result<(), String> {
        move |push| {
            for number in 0..upto {
                if !push(number) {
                    break;
                }
            }
            Ok(())
        }
    }

    #[test]
    fn results_come_in_order_whoever_is_faster() {
        let mut seen = Vec::new();
        run(
            3,
            numbers(500),
            |n| {
                // Every third takes longer.
                (0..n % 3 * 2_000).for_each(|i| {
                    std::hint::black_box(i);
                });
                Ok(n * 2)
            },
            |n| {
                seen.push(n);
                Ok(())
            },
        )
        .unwrap();
        assert_eq!(seen, (0..500).map(|n| n * 2).collect::<Vec<_>>());
    }

    #[test]
    fn no_more_is_under_way_than_there_are_permits_even_behind_a_slow_item() {
        let (begun, over) = (AtomicU64::new(0), AtomicU64::new(0));
        let others_have_run_ahead = || begun.load(Ordering::SeqCst) >= 6;
        let mut most = 0;
        run(
            2,
            |push| {
                for n in 0..200 {
                    push(n);
                    let begun = begun.fetch_add(1, Ordering::SeqCst) + 1;
                    most = most.max(begun - over.load(Ordering::SeqCst));
                }
                Ok::<_, String>(())
            },
            |n: u64| {
                while n == 0 && !others_have_run_ahead() {
                    std::thread::yield_now();
                }
                Ok(n)
            },
            |_| {
                over.fetch_add(1, Ordering::SeqCst);
                Ok(())
            },
        )
        .unwrap();
        // The seventh was pushed when the first was delivered, perhaps before `over` said so.
        assert!((6..=7).contains(&most), "{most}");
    }

    #[test]
    fn an_error_of_a_worker_ends_it_after_what_came_before() {
        let mut seen = Vec::new();
        let outcome = run(
            2,
            numbers(1_000_000),
            |n| {
                if n == 7 {
                    Err("seven".to_owned())
                } else {
                    Ok(n)
                }
            },
            |n| {
                seen.push(n);
                Ok(())
            },
        );
        assert_eq!(outcome, Err("seven".to_owned()));
        assert_eq!(seen, (0..7).collect::<Vec<_>>());
    }

    #[test]
    fn an_error_of_the_sink_ends_it() {
        let pushed = AtomicU64::new(0);
        let outcome = run(
            2,
            |push| {
                while push(0_u64) {
                    pushed.fetch_add(1, Ordering::Relaxed);
                }
                Ok(())
            },
            Ok,
            |_| Err("disk"),
        );
        assert_eq!(outcome, Err("disk"));
        assert!(pushed.load(Ordering::Relaxed) < 100);
    }

    #[test]
    fn an_error_of_the_source_is_returned() {
        let outcome = run(
            2,
            |push| {
                push(1);
                Err("cancelled")
            },
            Ok,
            |_: u64| Ok(()),
        );
        assert_eq!(outcome, Err("cancelled"));
    }

    #[test]
    fn nothing_in_is_nothing_out() {
        assert_eq!(run(2, numbers(0), Ok, |_| Err("sunk".to_owned())), Ok(()));
    }
}
