//! On a thread: `cargo run --example native`.
use creel::sync::mpsc;
use creel::time::{Duration, sleep, timeout};

#[creel::main(flavor = "current_thread")]
async fn main() {
    let (numbers, mut inbox) = mpsc::channel(4);
    let counter = creel::spawn(async move {
        for number in 1.. {
            sleep(Duration::from_millis(10)).await;
            if numbers.send(number).await.is_err() {
                break; // nobody listens any more
            }
        }
    });

    let listen = async {
        while let Some(number) = inbox.recv().await {
            println!("{number}");
        }
    };
    if timeout(Duration::from_millis(55), listen).await.is_err() {
        println!("that is enough");
    }
    drop(inbox);
    counter.await.expect("the counter saw that nobody listens");
}
