//! Work on many cores whose results come out in the order of the input.
//!
//! The sink runs on the calling thread, which owns the file and the ledger; the source has a thread of its own. An item
//! needs a permit that comes free when its result is delivered, so that memory does not grow with the work, not even
//! behind one slow item. The first failure ends it: a closed channel stops the threads that feed it, one after the other.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::{Receiver, Sender, bounded};

/// Runs `work` over everything that `source` pushes, on `workers` threads, and hands the results to `sink` in order.
///
/// `source` is given a function that takes one item and says whether more is wanted; after `false` it should return.
/// Each worker thread keeps a state of its own, made by `start`.
///
/// # Errors
/// The first error of any of them; nothing reaches the sink after it.
pub(super) fn run<I: Send, S, O: Send, E: Send>(
    workers: usize,
    source: impl FnOnce(&mut dyn FnMut(I) -> bool) -> Result<(), E> + Send,
    start: impl Fn() -> Result<S, E> + Sync,
    work: impl Fn(&mut S, I) -> Result<O, E> + Sync,
    mut sink: impl FnMut(O) -> Result<(), E>,
) -> Result<(), E> {
    let most = 2 * workers + 2;
    let (jobs, queue) = bounded::<(u64, I)>(most);
    let (results, done) = bounded::<(u64, Outcome<O, E>)>(most);
    let (free, permits) = bounded::<()>(most);
    for _ in 0..most {
        let _ = free.send(());
    }
    let failed = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (start, work, failed) = (&start, &work, &failed);
        for _ in 0..workers {
            let (queue, results) = (queue.clone(), results.clone());
            scope.spawn(move || labour(&queue, &results, start, work));
        }
        drop((queue, results));
        let source = scope.spawn(move || {
            let mut number = 0;
            let finished = source(&mut |item| {
                number += 1;
                permits.recv().is_ok() && jobs.send((number - 1, item)).is_ok()
            });
            failed.fetch_or(finished.is_err(), Ordering::Relaxed);
            finished
        });
        // What is still on its way when the source has failed must not reach the sink.
        let delivered = deliver(done, &free, |result| {
            if failed.load(Ordering::Relaxed) {
                return Ok(false);
            }
            let result = result.unwrap_or_else(|panic| resume_unwind(panic));
            result.and_then(&mut sink).map(|()| true)
        });
        drop(free);
        let finished = match source.join() {
            Ok(finished) => finished,
            Err(panic) => resume_unwind(panic),
        };
        delivered.and(finished)
    })
}

/// What a worker made of an item, or the panic it ended in.
type Outcome<O, E> = std::thread::Result<Result<O, E>>;

fn labour<I, S, O, E>(
    queue: &Receiver<(u64, I)>,
    results: &Sender<(u64, Outcome<O, E>)>,
    start: impl Fn() -> Result<S, E>,
    work: impl Fn(&mut S, I) -> Result<O, E>,
) {
    let mut state = None;
    for (number, item) in queue {
        // A worker that ended without a result would leave the others waiting for it.
        let result = catch_unwind(AssertUnwindSafe(|| match &mut state {
            Some(state) => work(state, item),
            None => start().and_then(|fresh| work(state.insert(fresh), item)),
        }));
        if results.send((number, result)).is_err() {
            return;
        }
    }
}

/// Puts results in order until they end, or until `sink` fails or wants no more.
fn deliver<O, E>(
    done: Receiver<(u64, O)>,
    free: &Sender<()>,
    mut sink: impl FnMut(O) -> Result<bool, E>,
) -> Result<(), E> {
    let mut early = BTreeMap::new();
    let mut next = 0;
    for (number, result) in done {
        early.insert(number, result);
        while let Some(result) = early.remove(&next) {
            next += 1;
            if !sink(result)? {
                return Ok(());
            }
            let _ = free.send(());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use super::*;

    fn numbers(upto: u64) -> impl FnOnce(&mut dyn FnMut(u64) -> bool) -> Result<(), String> + Send {
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
    fn results_come_in_order_whichever_worker_is_faster() {
        let mut seen = Vec::new();
        run(
            3,
            numbers(500),
            || Ok(()),
            |(), n| {
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
            || Ok(()),
            |(), n: u64| {
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
            || Ok(()),
            |(), n| {
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
            || Ok(()),
            |(), n| Ok(n),
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
            || Ok(()),
            |(), n| Ok(n),
            |_: u64| Ok(()),
        );
        assert_eq!(outcome, Err("cancelled"));
    }

    #[test]
    fn a_panic_anywhere_ends_it_and_is_passed_on() {
        for place in ["source", "start", "work", "sink"] {
            let at = |here| assert_ne!(here, place, "as wanted");
            let outcome = catch_unwind(|| {
                run(
                    2,
                    |push| {
                        at("source");
                        while push(1) {}
                        Ok::<_, String>(())
                    },
                    || {
                        at("start");
                        Ok(())
                    },
                    |(), n| {
                        at("work");
                        Ok(n)
                    },
                    |_| {
                        at("sink");
                        Err("enough".to_owned())
                    },
                )
            });
            assert!(outcome.is_err(), "{place}");
        }
    }

    #[test]
    fn nothing_in_is_nothing_out() {
        assert_eq!(
            run(
                2,
                numbers(0),
                || Ok(()),
                |(), n| Ok(n),
                |_| Err("sunk".to_owned())
            ),
            Ok(())
        );
    }
}
