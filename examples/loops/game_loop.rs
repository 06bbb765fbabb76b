//! A game's own loop, which gives its tasks 4 ms of each frame: `cargo run --example game_loop`.

use creel::runtime::{Builder, Next};
use creel::sync::mpsc;
use creel::task::yield_now;
use creel::time::{Duration, Instant, sleep};

const FRAME: Duration = Duration::from_millis(16);
const FRAMES: u32 = 30;
const FOR_TASKS: Duration = Duration::from_millis(4);

fn main() {
    // Nothing to do when a task is woken: the next frame comes anyway.
    let runtime = Builder::new_current_thread().build_passive(|| {});
    let (report, mut moves) = mpsc::unbounded_channel();
    for monster in 0..50_u32 {
        let report = report.clone();
        runtime.spawn(async move {
            loop {
                sleep(Duration::from_millis(u64::from(20 + monster))).await;
                // A long thought gives way, so that it is spread over frames.
                for _ in 0..20 {
                    std::hint::black_box((0..2_000).sum::<u32>());
                    yield_now().await;
                }
                if report.send(monster).is_err() {
                    break;
                }
            }
        });
    }

    // One never rests. It has what the others leave of each frame's share, and the frame goes on.
    runtime.spawn(async {
        loop {
            std::hint::black_box((0..2_000).sum::<u32>());
            yield_now().await;
        }
    });

    let (mut moved, mut frame, mut cut_short) = ([0; 50], 0, 0);
    // A slow machine takes more frames until everybody has moved.
    while frame < FRAMES || moved.contains(&0) {
        let (start, mut next) = (Instant::now(), Next::Now);
        while next == Next::Now && start.elapsed() < FOR_TASKS {
            next = runtime.tick(16);
        }
        cut_short += u32::from(next == Next::Now);
        while let Ok(monster) = moves.try_recv() {
            moved[monster as usize] += 1;
        }
        draw(frame, &moved);
        frame += 1;
        std::thread::sleep(FRAME.saturating_sub(start.elapsed()));
    }
    assert_eq!(cut_short, frame, "there was more to do than a frame has time for");
}

fn draw(frame: u32, moved: &[u32; 50]) {
    if frame.is_multiple_of(10) {
        println!("frame {frame}: {} moves", moved.iter().sum::<u32>());
    }
}
