//! The channels: mpsc, oneshot, mpmc and rendezvous.

use creel::sync::{mpmc, mpsc, oneshot, rendezvous};
use creel::task::yield_now;
use creel::time::{sleep, timeout};
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

const MOMENT: Duration = Duration::from_millis(3);

/// Polls once, with a waker that does nothing.
fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

cases! { "channels":

async fn mpsc_keeps_the_order_of_one_sender() {
    let (tx, mut rx) = mpsc::channel(3);
    creel::spawn(async move {
        for n in 0..100 {
            tx.send(n).await.unwrap();
        }
    });
    for n in 0..100 {
        assert_eq!(rx.recv().await, Some(n));
    }
    assert_eq!(rx.recv().await, None);
}

async fn mpsc_gathers_from_many_senders() {
    let (tx, mut rx) = mpsc::channel(2);
    for sender in 0..10u32 {
        let tx = tx.clone();
        creel::spawn(async move {
            for n in 0..10 {
                tx.send((sender, n)).await.unwrap();
            }
        });
    }
    drop(tx);
    let mut next = [0; 10];
    while let Some((sender, n)) = rx.recv().await {
        assert_eq!(n, next[sender as usize], "each sender's own order");
        next[sender as usize] += 1;
    }
    assert_eq!(next, [10; 10]);
}

async fn mpsc_makes_a_fast_sender_wait() {
    let (tx, mut rx) = mpsc::channel(2);
    let sent = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = sent.clone();
    creel::spawn(async move {
        for n in 0..50 {
            tx.send(n).await.unwrap();
            count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    });
    let mut received = 0;
    while rx.recv().await.is_some() {
        received += 1;
        yield_now().await;
        assert!(sent.load(std::sync::atomic::Ordering::Relaxed) <= received + 2);
    }
    assert_eq!(received, 50);
}

async fn mpsc_of_one_place_plays_ping_pong() {
    let (ping_tx, mut ping_rx) = mpsc::channel(1);
    let (pong_tx, mut pong_rx) = mpsc::channel(1);
    creel::spawn(async move {
        while let Some(n) = ping_rx.recv().await {
            pong_tx.send(n + 1).await.unwrap();
        }
    });
    let mut ball = 0;
    for _ in 0..100 {
        ping_tx.send(ball).await.unwrap();
        ball = pong_rx.recv().await.unwrap();
    }
    assert_eq!(ball, 100);
}

async fn mpsc_unbounded_never_waits() {
    let (tx, mut rx) = mpsc::unbounded_channel();
    (0..1000).for_each(|n| tx.send(n).unwrap());
    assert_eq!(rx.len(), 1000);
    drop(tx);
    let mut sum = 0;
    while let Some(n) = rx.recv().await {
        sum += n;
    }
    assert_eq!(sum, 999 * 1000 / 2);
}

async fn mpsc_try_send_reports_full_and_closed_with_the_value() {
    let (tx, mut rx) = mpsc::channel(1);
    tx.try_send(1).unwrap();
    assert_eq!(tx.try_send(2), Err(mpsc::error::TrySendError::Full(2)));
    rx.close();
    assert_eq!(tx.try_send(3), Err(mpsc::error::TrySendError::Closed(3)));
    assert_eq!(rx.recv().await, Some(1));
}

async fn mpsc_try_recv_tells_empty_from_ended() {
    let (tx, mut rx) = mpsc::channel::<u8>(1);
    assert_eq!(rx.try_recv(), Err(mpsc::error::TryRecvError::Empty));
    drop(tx);
    assert_eq!(rx.try_recv(), Err(mpsc::error::TryRecvError::Disconnected));
}

async fn mpsc_wakes_a_sleeping_receiver() {
    let (tx, mut rx) = mpsc::channel(1);
    let receiver = creel::spawn(async move { rx.recv().await });
    sleep(MOMENT).await;
    tx.send(7).await.unwrap();
    assert_eq!(receiver.await.unwrap(), Some(7));
}

async fn mpsc_tells_a_sleeping_receiver_that_all_senders_are_gone() {
    let (tx, mut rx) = mpsc::channel::<u8>(1);
    let receiver = creel::spawn(async move { rx.recv().await });
    let other = tx.clone();
    drop(tx);
    sleep(MOMENT).await;
    assert!(!receiver.is_finished());
    drop(other);
    assert_eq!(receiver.await.unwrap(), None);
}

async fn mpsc_senders_that_wait_are_served_in_order() {
    let (tx, mut rx) = mpsc::channel(1);
    tx.try_send(0).unwrap();
    let mut first = pin!(tx.send(1));
    let mut second = pin!(tx.send(2));
    assert!(poll_once(first.as_mut()).is_pending());
    assert!(poll_once(second.as_mut()).is_pending());
    assert_eq!(rx.recv().await, Some(0));
    assert!(tx.try_send(9).is_err(), "the place belongs to the first in the queue");
    assert!(poll_once(second.as_mut()).is_pending());
    first.await.unwrap();
    assert_eq!(rx.recv().await, Some(1));
    second.await.unwrap();
    assert_eq!(rx.recv().await, Some(2));
}

async fn mpsc_a_cancelled_send_was_not_sent() {
    let (tx, mut rx) = mpsc::channel(1);
    tx.try_send(0).unwrap();
    assert!(timeout(MOMENT, tx.send(1)).await.is_err());
    assert_eq!(rx.recv().await, Some(0));
    tx.send(2).await.unwrap();
    assert_eq!(rx.recv().await, Some(2));
}

async fn mpsc_a_send_cancelled_in_its_turn_lets_the_next_go() {
    let (tx, mut rx) = mpsc::channel(1);
    tx.try_send(0).unwrap();
    let mut turn = Box::pin(tx.send(1));
    assert!(poll_once(turn.as_mut()).is_pending());
    let other = tx.clone();
    let next = creel::spawn(async move { other.send(2).await });
    sleep(MOMENT).await;
    assert_eq!(rx.recv().await, Some(0));
    drop(turn);
    next.await.unwrap().unwrap();
    assert_eq!(rx.recv().await, Some(2));
}

async fn mpsc_a_cancelled_receive_loses_nothing() {
    let (tx, mut rx) = mpsc::channel(4);
    assert!(timeout(MOMENT, rx.recv()).await.is_err());
    let sender = creel::spawn(async move {
        for n in 0..20 {
            tx.send(n).await.unwrap();
            yield_now().await;
        }
    });
    let mut next = 0;
    loop {
        // Polled once and dropped, again and again.
        match poll_once(pin!(rx.recv())) {
            Poll::Ready(Some(n)) => {
                assert_eq!(n, next);
                next += 1;
            }
            Poll::Ready(None) => break,
            Poll::Pending => yield_now().await,
        }
    }
    sender.await.unwrap();
    assert_eq!(next, 20);
}

async fn mpsc_recv_many_takes_what_is_there() {
    let (tx, mut rx) = mpsc::channel(8);
    for n in 0..5 {
        tx.send(n).await.unwrap();
    }
    let mut buffer = vec![9];
    assert_eq!(rx.recv_many(&mut buffer, 3).await, 3);
    assert_eq!(rx.recv_many(&mut buffer, 3).await, 2);
    assert_eq!(buffer, [9, 0, 1, 2, 3, 4]);
    assert_eq!(tx.capacity(), 8);
    drop(tx);
    assert_eq!(rx.recv_many(&mut buffer, 3).await, 0);
}

async fn mpsc_permits_hold_places() {
    let (tx, mut rx) = mpsc::channel(2);
    let permit = tx.reserve().await.unwrap();
    let dropped = tx.try_reserve().unwrap();
    assert!(tx.try_reserve().is_err());
    drop(dropped);
    tx.try_send("overtakes").unwrap();
    permit.send("reserved");
    assert_eq!(rx.recv().await, Some("overtakes"));
    assert_eq!(rx.recv().await, Some("reserved"));
    assert_eq!(tx.capacity(), 2);
}

async fn mpsc_reserve_many_waits_for_all_and_is_not_starved() {
    let (tx, mut rx) = mpsc::channel(3);
    for n in 0..3 {
        tx.try_send(n).unwrap();
    }
    let demanding = tx.clone();
    let demand = creel::spawn(async move {
        for (permit, n) in demanding.reserve_many(3).await.unwrap().zip(10..) {
            permit.send(n);
        }
    });
    sleep(MOMENT).await;
    for n in 0..3 {
        assert_eq!(rx.recv().await, Some(n));
        assert!(n == 2 || tx.try_send(99).is_err(), "places are kept for the one that waits");
    }
    demand.await.unwrap();
    assert_eq!((rx.recv().await, rx.recv().await, rx.recv().await), (Some(10), Some(11), Some(12)));
}

async fn mpsc_reserve_many_beyond_the_capacity_fails_at_once() {
    let (tx, _rx) = mpsc::channel::<u8>(3);
    assert!(tx.reserve_many(4).await.is_err());
    assert_eq!(tx.reserve_many(0).await.unwrap().len(), 0);
}

async fn mpsc_an_owned_permit_moves_to_another_task() {
    let (tx, mut rx) = mpsc::channel(1);
    let permit = tx.reserve_owned().await.unwrap();
    let task = creel::spawn(async move { permit.send(1) });
    assert_eq!(rx.recv().await, Some(1));
    let tx = task.await.unwrap();
    drop(tx.try_reserve_owned().unwrap());
    assert_eq!(rx.recv().await, None);
}

async fn mpsc_closing_lets_what_was_promised_through() {
    let (tx, mut rx) = mpsc::channel(3);
    tx.send("queued").await.unwrap();
    let permit = tx.reserve().await.unwrap();
    rx.close();
    assert!(tx.send("late").await.is_err());
    assert_eq!(rx.recv().await, Some("queued"));
    assert!(poll_once(pin!(rx.recv())).is_pending(), "a permit is outstanding");
    permit.send("promised");
    assert_eq!(rx.recv().await, Some("promised"));
    assert_eq!(rx.recv().await, None);
}

async fn mpsc_a_dropped_receiver_wakes_those_who_wait_to_send() {
    let (tx, rx) = mpsc::channel(1);
    tx.try_send(0).unwrap();
    let other = tx.clone();
    let sender = creel::spawn(async move { other.send(1).await });
    let watcher = creel::spawn(async move { tx.closed().await });
    sleep(MOMENT).await;
    drop(rx);
    assert_eq!(sender.await.unwrap(), Err(mpsc::error::SendError(1)));
    watcher.await.unwrap();
}

async fn mpsc_values_are_dropped_with_the_receiver() {
    let value = Rc::new(());
    let (tx, rx) = mpsc::unbounded_channel();
    for _ in 0..100 {
        tx.send(value.clone()).unwrap();
    }
    drop(rx);
    assert_eq!(Rc::strong_count(&value), 1);
}

async fn mpsc_weak_senders_do_not_keep_it_open() {
    let (tx, mut rx) = mpsc::channel(1);
    let weak = tx.downgrade();
    weak.upgrade().unwrap().send(1).await.unwrap();
    assert_eq!((weak.strong_count(), rx.sender_weak_count()), (1, 1));
    drop(tx);
    assert_eq!(rx.recv().await, Some(1));
    assert_eq!(rx.recv().await, None);
    assert!(weak.upgrade().is_none());
}

async fn mpsc_send_timeout_gives_the_value_back() {
    let (tx, mut rx) = mpsc::channel(1);
    tx.send_timeout(1, MOMENT).await.unwrap();
    let late = tx.send_timeout(2, MOMENT).await;
    assert_eq!(late, Err(mpsc::error::SendTimeoutError::Timeout(2)));
    assert_eq!(rx.recv().await, Some(1));
    rx.close();
    let closed = tx.send_timeout(3, MOMENT).await;
    assert_eq!(closed, Err(mpsc::error::SendTimeoutError::Closed(3)));
}

async fn mpsc_carries_what_may_not_leave_the_thread() {
    let (tx, mut rx) = mpsc::channel(1);
    let count = Rc::new(Cell::new(0));
    creel::task::spawn_local(async move {
        while let Some(count) = rx.recv().await {
            let count: Rc<Cell<i32>> = count;
            count.set(count.get() + 1);
        }
    });
    for _ in 0..5 {
        tx.send(count.clone()).await.unwrap();
    }
    drop(tx);
    while Rc::strong_count(&count) > 1 {
        yield_now().await;
    }
    assert_eq!(count.get(), 5);
}

async fn mpsc_a_ready_channel_lets_other_tasks_run() {
    let (tx, mut rx) = mpsc::unbounded_channel();
    (0..10_000).for_each(|n| tx.send(n).unwrap());
    drop(tx);
    let done = Rc::new(Cell::new(false));
    let seen = done.clone();
    let drain = creel::task::spawn_local(async move {
        while rx.recv().await.is_some() {}
        seen.set(true);
    });
    let other = creel::task::spawn_local(async move {
        let mut turns = 0;
        while !done.get() {
            turns += 1;
            yield_now().await;
        }
        turns
    });
    drain.await.unwrap();
    assert!(other.await.unwrap() > 1, "the budget made the receiver give way");
}

async fn mpsc_a_pipeline_ends_from_front_to_back() {
    let (tx, mut input) = mpsc::channel(2);
    let (middle, mut output) = mpsc::channel(2);
    creel::spawn(async move {
        while let Some(n) = input.recv().await {
            middle.send(n * 2).await.unwrap();
        }
    });
    creel::spawn(async move {
        for n in 1..=20 {
            tx.send(n).await.unwrap();
        }
    });
    let mut sum = 0;
    while let Some(n) = output.recv().await {
        sum += n;
    }
    assert_eq!(sum, 20 * 21);
}

async fn oneshot_carries_one_value() {
    let (tx, rx) = oneshot::channel();
    creel::spawn(async move { tx.send(5) });
    assert_eq!(rx.await, Ok(5));
}

async fn oneshot_reports_a_sender_that_left() {
    let (tx, rx) = oneshot::channel::<u8>();
    let receiver = creel::spawn(rx);
    sleep(MOMENT).await;
    drop(tx);
    assert!(receiver.await.unwrap().is_err());
}

async fn oneshot_gives_the_value_back_when_nobody_waits() {
    let (tx, rx) = oneshot::channel();
    drop(rx);
    assert!(tx.is_closed());
    assert_eq!(tx.send(5), Err(5));
}

async fn oneshot_tells_the_sender_that_nobody_waits() {
    let (mut tx, rx) = oneshot::channel::<u8>();
    let worker = creel::spawn(async move { tx.closed().await });
    sleep(MOMENT).await;
    assert!(!worker.is_finished());
    drop(rx);
    worker.await.unwrap();
}

async fn oneshot_survives_a_receiver_polled_and_left_alone() {
    let (tx, mut rx) = oneshot::channel();
    assert!(timeout(MOMENT, &mut rx).await.is_err());
    tx.send(5).unwrap();
    assert_eq!(rx.await, Ok(5));
}

async fn oneshot_can_be_closed_without_being_dropped() {
    let (tx, mut rx) = oneshot::channel();
    rx.close();
    assert_eq!(tx.send(5), Err(5));
    assert_eq!(rx.try_recv(), Err(oneshot::error::TryRecvError::Closed));
    let (tx, mut rx) = oneshot::channel();
    tx.send(6).unwrap();
    rx.close();
    assert!(!rx.is_empty());
    assert_eq!(rx.try_recv(), Ok(6));
    assert!(rx.is_terminated());
}

async fn oneshot_answers_requests() {
    let (tx, mut rx) = mpsc::channel::<(u32, oneshot::Sender<u32>)>(4);
    creel::spawn(async move {
        while let Some((n, reply)) = rx.recv().await {
            reply.send(n * n).unwrap();
        }
    });
    for n in 0..20 {
        let (reply, answer) = oneshot::channel();
        tx.send((n, reply)).await.unwrap();
        assert_eq!(answer.await, Ok(n * n));
    }
}

async fn oneshot_drops_an_unread_value() {
    let value = Rc::new(());
    let (tx, rx) = oneshot::channel();
    tx.send(value.clone()).unwrap();
    assert_eq!(Rc::strong_count(&value), 2);
    drop(rx);
    assert_eq!(Rc::strong_count(&value), 1);
}

async fn mpmc_gives_each_value_to_one_receiver() {
    let (tx, rx) = mpmc::channel(3);
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let rx = rx.clone();
            creel::spawn(async move {
                let mut mine = Vec::new();
                while let Some(n) = rx.recv().await {
                    mine.push(n);
                    yield_now().await;
                }
                mine
            })
        })
        .collect();
    drop(rx);
    for n in 0..50 {
        tx.send(n).await.unwrap();
    }
    drop(tx);
    let mut all = Vec::new();
    for worker in workers {
        let mine = worker.await.unwrap();
        assert!(mine.is_sorted(), "each gets them in the order sent");
        all.extend(mine);
    }
    all.sort_unstable();
    assert!(all.into_iter().eq(0..50));
}

async fn mpmc_serves_receivers_in_order() {
    let (tx, rx) = mpmc::unbounded_channel();
    let mut first = pin!(rx.recv());
    let mut second = pin!(rx.recv());
    assert!(poll_once(first.as_mut()).is_pending());
    assert!(poll_once(second.as_mut()).is_pending());
    tx.send(1).unwrap();
    assert!(rx.try_recv().is_err(), "it is promised");
    assert!(poll_once(second.as_mut()).is_pending());
    assert_eq!(first.await, Some(1));
    tx.send(2).unwrap();
    assert_eq!(second.await, Some(2));
}

async fn mpmc_a_cancelled_receive_passes_its_value_on() {
    let (tx, rx) = mpmc::channel(1);
    let mut leaves = Box::pin(rx.recv());
    assert!(poll_once(leaves.as_mut()).is_pending());
    let other = rx.clone();
    let stays = creel::spawn(async move { other.recv().await });
    sleep(MOMENT).await;
    tx.send(1).await.unwrap();
    drop(leaves);
    assert_eq!(stays.await.unwrap(), Some(1));
}

async fn mpmc_a_cancelled_send_passes_its_turn_on() {
    let (tx, rx) = mpmc::channel(1);
    tx.send(0).await.unwrap();
    let mut leaves = Box::pin(tx.send(1));
    assert!(poll_once(leaves.as_mut()).is_pending());
    let other = tx.clone();
    let stays = creel::spawn(async move { other.send(2).await });
    sleep(MOMENT).await;
    assert_eq!(rx.recv().await, Some(0));
    drop(leaves);
    stays.await.unwrap().unwrap();
    assert_eq!(rx.recv().await, Some(2));
}

async fn mpmc_can_be_closed_from_either_side() {
    let (tx, rx) = mpmc::channel(2);
    tx.send(1).await.unwrap();
    tx.close();
    assert!(tx.send(2).await.is_err());
    assert_eq!(rx.recv().await, Some(1));
    assert_eq!(rx.recv().await, None);
    let (tx, rx) = mpmc::channel::<u8>(1);
    let receiver = rx.clone();
    let waits = creel::spawn(async move { receiver.recv().await });
    sleep(MOMENT).await;
    rx.close();
    assert_eq!(waits.await.unwrap(), None);
    assert!(tx.is_closed());
}

async fn mpmc_is_a_stream() {
    use futures_core::Stream;
    let (tx, rx) = mpmc::channel(1);
    creel::spawn(async move {
        for n in 1..=10 {
            tx.send(n).await.unwrap();
        }
    });
    let mut values = pin!(rx.stream());
    let mut sum = 0;
    while let Some(n) = poll_fn(|cx| values.as_mut().poll_next(cx)).await {
        sum += n;
    }
    assert_eq!(sum, 55);
}

async fn mpmc_drops_its_values_with_the_last_receiver() {
    let value = Rc::new(());
    let (tx, rx) = mpmc::unbounded_channel();
    tx.send(value.clone()).unwrap();
    drop(rx.clone());
    assert_eq!(Rc::strong_count(&value), 2);
    drop(rx);
    assert_eq!(Rc::strong_count(&value), 1);
    assert!(tx.send(value).is_err());
}

async fn rendezvous_completes_a_send_when_it_is_received() {
    let (tx, rx) = rendezvous::channel();
    let received = Rc::new(Cell::new(false));
    let seen = received.clone();
    creel::task::spawn_local(async move {
        sleep(MOMENT).await;
        seen.set(true);
        assert_eq!(rx.recv().await, Some(1));
    });
    tx.send(1).await.unwrap();
    assert!(received.get());
}

async fn rendezvous_holds_nothing() {
    let (tx, rx) = rendezvous::channel();
    assert!(timeout(MOMENT, tx.send(1)).await.is_err());
    assert!(rx.try_recv().is_err(), "the value went with its future");
}

async fn rendezvous_gives_a_withdrawn_value_back() {
    let (tx, rx) = rendezvous::channel();
    let mut send = pin!(tx.send("mine"));
    assert!(timeout(MOMENT, send.as_mut()).await.is_err());
    assert_eq!(send.as_mut().withdraw(), Some("mine"));
    let mut send = pin!(tx.send("yours"));
    assert!(poll_once(send.as_mut()).is_pending());
    assert_eq!(rx.recv().await, Some("yours"));
    assert_eq!(send.as_mut().withdraw(), None);
}

async fn rendezvous_a_cancelled_receive_swallows_nothing() {
    let (tx, rx) = rendezvous::channel();
    let mut leaves = Box::pin(rx.recv());
    assert!(poll_once(leaves.as_mut()).is_pending());
    let sender = creel::spawn(async move { tx.send(1).await });
    sleep(MOMENT).await;
    drop(leaves);
    assert!(!sender.is_finished());
    assert_eq!(rx.recv().await, Some(1));
    sender.await.unwrap().unwrap();
}

async fn rendezvous_pairs_many_senders_with_many_receivers() {
    let (tx, rx) = rendezvous::channel();
    let senders: Vec<_> = (0..5)
        .map(|sender| {
            let tx = tx.clone();
            creel::spawn(async move {
                for n in 0..10 {
                    tx.send(sender * 10 + n).await.unwrap();
                }
            })
        })
        .collect();
    drop(tx);
    let receivers = [rx.clone(), rx].map(|rx| {
        creel::spawn(async move {
            let mut sum = 0;
            while let Some(n) = rx.recv().await {
                sum += n;
            }
            sum
        })
    });
    for sender in senders {
        sender.await.unwrap();
    }
    let mut sum = 0;
    for receiver in receivers {
        sum += receiver.await.unwrap();
    }
    assert_eq!(sum, 49 * 50 / 2);
}

async fn rendezvous_fails_when_the_other_side_is_gone() {
    let (tx, rx) = rendezvous::channel();
    let sender = creel::spawn(async move { tx.send(1).await });
    sleep(MOMENT).await;
    drop(rx);
    assert_eq!(sender.await.unwrap(), Err(rendezvous::error::SendError(1)));
    let (tx, rx) = rendezvous::channel::<u8>();
    let receiver = creel::spawn(async move { rx.recv().await });
    sleep(MOMENT).await;
    drop(tx);
    assert_eq!(receiver.await.unwrap(), None);
}

}
