//! Events of a Windows console: this program makes itself one, and raises ctrl-c in it.
#![cfg(all(windows, feature = "signal", feature = "macros"))]

use creel::runtime::{Builder, Runtime};
use creel::signal::windows::{CtrlC, ctrl_c};
use creel::time::{Duration, timeout};
use std::future::Future;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use windows_sys::Win32::System::Console::{
    AllocConsole, CTRL_C_EVENT, FreeConsole, GenerateConsoleCtrlEvent, GetStdHandle,
    STD_ERROR_HANDLE, STD_OUTPUT_HANDLE, SetStdHandle,
};

/// Set for the program that this one starts.
const ALONE: &str = "CREEL_TEST_ALONE";

/// How it ends if the system does not end it.
const SURVIVED: i32 = 7;

/// An event is for the whole process, so one test at a time may raise some.
fn console() -> MutexGuard<'static, ()> {
    static TURN: Mutex<bool> = Mutex::new(false);
    static EVENTS: Mutex<()> = Mutex::new(());
    let mut is_ours = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    if !*is_ours {
        // SAFETY: integers, and handles that the process has anyway. A console of our own, so that
        // nobody else is told; what is printed goes where it went.
        unsafe {
            let streams = [STD_OUTPUT_HANDLE, STD_ERROR_HANDLE];
            let before = streams.map(|stream| GetStdHandle(stream));
            FreeConsole();
            assert_ne!(AllocConsole(), 0, "{}", std::io::Error::last_os_error());
            for (stream, handle) in std::iter::zip(streams, before) {
                SetStdHandle(stream, handle);
            }
        }
        *is_ours = true;
    }
    EVENTS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn raise() {
    // SAFETY: two integers; zero stands for everybody on our console.
    let raised = unsafe { GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0) };
    assert_ne!(raised, 0, "{}", std::io::Error::last_os_error());
}

async fn comes(listener: &mut CtrlC) {
    let came = timeout(Duration::from_secs(60), listener.recv()).await;
    came.expect("an event").expect("never ends");
}

fn runtimes() -> [Runtime; 2] {
    [
        Builder::new_current_thread().enable_all().build().unwrap(),
        Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap(),
    ]
}

#[test]
fn every_listener_hears_of_ctrl_c() {
    let _turn = console();
    for runtime in runtimes() {
        runtime.block_on(async {
            let mut listeners = [ctrl_c().unwrap(), ctrl_c().unwrap()];
            for _ in 0..20 {
                raise();
                for listener in &mut listeners {
                    comes(listener).await;
                }
            }
        });
    }
}

#[test]
fn a_future_that_is_dropped_loses_no_event() {
    let _turn = console();
    for runtime in runtimes() {
        runtime.block_on(async {
            let mut listener = ctrl_c().unwrap();
            for _ in 0..20 {
                assert!(listener.poll_recv(&mut Context::from_waker(Waker::noop())).is_pending());
                raise();
                comes(&mut listener).await;
            }
        });
    }
}

#[test]
fn the_function_for_every_system_listens_to_the_console() {
    let _turn = console();
    for runtime in runtimes() {
        runtime.block_on(async {
            let mut listening = std::pin::pin!(creel::signal::ctrl_c());
            let cx = &mut Context::from_waker(Waker::noop());
            assert!(listening.as_mut().poll(cx).is_pending(), "it listens from now on");
            raise();
            let came = timeout(Duration::from_secs(60), listening).await;
            came.expect("an event").unwrap();
        });
    }
}

#[test]
fn an_event_that_nobody_listens_to_ends_the_program() {
    let mut program = Command::new(std::env::current_exe().unwrap());
    program.args(["--exact", "what_is_left_alone", "--nocapture"]).env(ALONE, "1");
    let code = program.status().unwrap().code();
    assert!(code != Some(SURVIVED) && code != Some(101), "{code:?}");
}

/// Not a test: what the program of the test before does.
#[test]
fn what_is_left_alone() {
    if std::env::var_os(ALONE).is_none() {
        return;
    }
    let _turn = console();
    Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let mut listener = ctrl_c().unwrap();
        raise();
        comes(&mut listener).await;
        drop(listener);
        raise();
        creel::time::sleep(Duration::from_secs(20)).await;
    });
    std::process::exit(SURVIVED);
}
