//! Every part is done once, whatever else happens.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicUsize, Ordering},
};

use r1_parallel::{for_each, for_each_chunk, for_each_mut, with_crew};

/// How often each part was done.
fn count(parts: usize) -> Vec<usize> {
    let done: Vec<AtomicUsize> = (0..parts).map(|_| AtomicUsize::new(0)).collect();
    for_each(parts, |part| {
        done[part].fetch_add(1, Ordering::Relaxed);
    });
    done.into_iter().map(AtomicUsize::into_inner).collect()
}

/// More threads than a small machine has, for every test of this file.
fn several() {
    let _ = rayon::ThreadPoolBuilder::new().num_threads(4).build_global();
}

#[test]
fn every_part_is_done_once_with_and_without_the_crew() {
    several();
    for parts in [0, 1, 2, 3, 7, 100] {
        assert_eq!(count(parts), vec![1; parts]);
        with_crew(|| (0..2000).for_each(|_| assert_eq!(count(parts), vec![1; parts])));
    }
}

#[test]
fn leaders_on_several_threads_do_not_meet() {
    several();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for round in 0..500 {
                    with_crew(|| assert_eq!(count(1 + round % 9), vec![1; 1 + round % 9]));
                    if round % 100 == 0 {
                        // Long enough for the crew to fall asleep.
                        std::thread::sleep(std::time::Duration::from_millis(1));
                    }
                }
            });
        }
    });
}

#[test]
fn loops_inside_loops_and_crews_inside_crews_end() {
    several();
    let done = AtomicUsize::new(0);
    with_crew(|| {
        with_crew(|| {
            for_each(5, |_| {
                with_crew(|| {
                    for_each(5, |_| {
                        done.fetch_add(1, Ordering::Relaxed);
                    });
                });
            });
        });
    });
    assert_eq!(done.into_inner(), 25);
}

#[test]
fn a_panic_reaches_the_leader_and_leaves_the_crew_able_to_work() {
    several();
    for round in 0..200 {
        let failed = catch_unwind(AssertUnwindSafe(|| {
            with_crew(|| for_each(8, |part| assert!(part != round % 8, "part {part} fails")));
        }));
        let message = *failed.unwrap_err().downcast::<String>().unwrap();
        assert_eq!(message, format!("part {} fails", round % 8));
        with_crew(|| assert_eq!(count(8), vec![1; 8]));
    }
}

#[test]
fn chunks_tile_a_slice() {
    several();
    let mut numbers = vec![0usize; 1003];
    with_crew(|| {
        for_each_chunk(&mut numbers, 10, |index, chunk| {
            chunk.iter_mut().enumerate().for_each(|(i, number)| *number = 10 * index + i);
        });
        for_each_mut(&mut numbers, |index, number| *number += index);
    });
    assert!(numbers.iter().enumerate().all(|(i, number)| *number == 2 * i));
    for_each_chunk(&mut [] as &mut [u8], 3, |_, _| panic!("there is no chunk"));
}
