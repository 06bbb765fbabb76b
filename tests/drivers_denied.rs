//! What the system denies: io_uring, descriptors, and the threads of a process that was forked. Each
//! test runs in a process of its own, whose limits are lowered for good.
//!
//! Why unsafe: limits, filters and forks are the system's.
#![cfg(all(feature = "io-uring", feature = "process", target_os = "linux", not(loom)))]

use creel::io::{AsyncReadExt, AsyncReadOwned, AsyncWriteExt};
use creel::net::{TcpListener, TcpStream, UnixStream};
use creel::runtime::{Builder, IoDriver, Runtime};
use creel::time::{Duration, sleep, timeout};
use std::io::ErrorKind;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

const CHILD: &str = "CREEL_TEST_CHILD";

/// Runs `body` in a child process that runs the test of this name alone; answers what it printed.
fn in_child(name: &str, variables: &[(&str, &str)], body: impl FnOnce()) -> Option<Output> {
    if std::env::var_os(CHILD).is_some() {
        body();
        return None;
    }
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", name, "--nocapture", "--test-threads=1"]).env(CHILD, "1");
    let output = child.envs(variables.iter().copied()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    Some(output)
}

fn has_ring() -> bool {
    Builder::new_current_thread().io_driver(IoDriver::Completion).build().is_ok()
}

fn drivers() -> Vec<IoDriver> {
    match has_ring() {
        true => vec![IoDriver::Readiness, IoDriver::Completion],
        false => vec![IoDriver::Readiness],
    }
}

/// Has the system calls of these numbers fail with `error` from now on, in this process.
fn deny(calls: &[i64], error: i32) {
    let statement = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
    let mut filter = vec![statement(0x20, 0, 0, 0)]; // load the number of the call
    for (index, call) in calls.iter().enumerate() {
        let to_the_error = (calls.len() - index) as u8;
        filter.push(statement(0x15, to_the_error, 0, *call as u32));
    }
    filter.push(statement(0x06, 0, 0, libc::SECCOMP_RET_ALLOW));
    filter.push(statement(0x06, 0, 0, libc::SECCOMP_RET_ERRNO | error as u32));
    install(&mut filter);
}

/// Has `io_uring_register` fail with `error` when it is asked for `what`, from now on, in this process.
fn deny_registering(what: u32, error: i32) {
    let statement = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
    let mut filter = [
        statement(0x20, 0, 0, 0), // load the number of the call
        statement(0x15, 0, 3, libc::SYS_io_uring_register as u32),
        statement(0x20, 0, 0, 24), // load the second argument
        statement(0x15, 0, 1, what),
        statement(0x06, 0, 0, libc::SECCOMP_RET_ERRNO | error as u32),
        statement(0x06, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    install(&mut filter);
}

fn install(filter: &mut [libc::sock_filter]) {
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    // SAFETY: the program is valid during the calls, which copy it.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        // For threads that run already, too.
        let (mode, how) = (libc::SECCOMP_SET_MODE_FILTER, libc::SECCOMP_FILTER_FLAG_TSYNC);
        assert_eq!(libc::syscall(libc::SYS_seccomp, mode, how, &raw const program), 0);
    }
}

async fn an_echo() {
    let (mut one, mut other) = UnixStream::pair().unwrap();
    one.write_all(b"hello").await.unwrap();
    let (read, buf) = other.read_owned(Vec::with_capacity(8)).await;
    assert_eq!((read.unwrap(), &buf[..]), (5, &b"hello"[..]));
}

/// Denied by `error` when it is set up, io_uring is not used, and somebody is told.
fn falls_back(calls: &[i64], error: i32, kind: ErrorKind, told: &str) {
    deny(calls, error);
    let heard = Arc::new(Mutex::new(Vec::new()));
    for mut builder in [Builder::new_current_thread(), Builder::new_multi_thread()] {
        let hear = heard.clone();
        let builder = builder.worker_threads(2);
        let forced = builder.io_driver(IoDriver::Completion).build().unwrap_err();
        assert_eq!(forced.kind(), kind, "{forced}");
        assert!(forced.to_string().contains(told), "{forced}");
        let hook = move |why: &std::io::Error| hear.lock().unwrap().push(why.to_string());
        let runtime = builder.io_driver(IoDriver::Auto).on_driver_fallback(hook).build().unwrap();
        runtime.block_on(an_echo());
    }
    let heard = heard.lock().unwrap();
    assert!(heard.len() == 2 && heard.iter().all(|why| why.contains(told)), "{heard:?}");
}

macro_rules! denied {
    ($($name:ident: $calls:expr, $error:expr, $kind:ident, $told:literal;)*) => {
        $(#[test]
        fn $name() {
            in_child(stringify!($name), &[], || {
                falls_back(&$calls, $error, ErrorKind::$kind, $told);
            });
        })*
    };
}

denied! {
    a_filter_that_forbids: [libc::SYS_io_uring_setup], libc::EPERM, Unsupported, "forbidden";
    a_kernel_without: [libc::SYS_io_uring_setup], libc::ENOSYS, Unsupported, "no io_uring";
    a_kernel_that_is_too_old: [libc::SYS_io_uring_setup], libc::EINVAL, Unsupported, "too old";
    no_memory_for_a_ring: [libc::SYS_io_uring_setup], libc::ENOMEM, OutOfMemory, "memory";
    a_ring_that_does_not_tell: [libc::SYS_io_uring_register], libc::EPERM, Unsupported, "say";
}

/// Short messages are received one by one then, each by a request of its own.
#[test]
fn a_ring_without_buffers_of_its_own_receives_all_the_same() {
    const REGISTER_BUFFERS: u32 = 22;
    in_child("a_ring_without_buffers_of_its_own_receives_all_the_same", &[], || {
        if !has_ring() {
            return;
        }
        for error in [libc::EINVAL, libc::ENOMEM, libc::EPERM] {
            deny_registering(REGISTER_BUFFERS, error);
            let mut builder = Builder::new_current_thread();
            let runtime = builder.io_driver(IoDriver::Completion).build().unwrap();
            runtime.block_on(async {
                let (mut one, mut other) = UnixStream::pair().unwrap();
                let writes = creel::spawn(async move {
                    for number in 0..50u8 {
                        one.write_all(&[number; 3]).await.unwrap();
                        sleep(Duration::from_micros(200)).await;
                    }
                });
                let mut all = Vec::new();
                while all.len() < 150 {
                    let (read, buf) = other.read_owned(Vec::with_capacity(16)).await;
                    assert!(read.unwrap() > 0);
                    all.extend(buf);
                }
                assert!(all.iter().enumerate().all(|(at, byte)| at / 3 == usize::from(*byte)));
                writes.await.unwrap();
            });
        }
    });
}

#[test]
fn the_log_line() {
    let output = in_child("the_log_line", &[("CREEL_DRIVER", "auto")], || {
        deny(&[libc::SYS_io_uring_setup], libc::EPERM);
        for _ in 0..2 {
            Builder::new_current_thread().build().unwrap().block_on(an_echo());
        }
    });
    let Some(output) = output else { return };
    let text = String::from_utf8_lossy(&output.stderr);
    let line = "creel: I/O goes through readiness: io_uring is forbidden here";
    assert_eq!(text.matches(line).count(), 1, "{text}");
}

#[test]
fn the_variable_chooses() {
    in_child("the_variable_chooses", &[("CREEL_DRIVER", "completion")], || {
        deny(&[libc::SYS_io_uring_setup], libc::EPERM);
        assert!(Builder::new_current_thread().build().is_err());
        let named = Builder::new_current_thread().io_driver(IoDriver::Readiness).build();
        named.expect("the builder is heard first").block_on(an_echo());
    });
    in_child("the_variable_chooses", &[("CREEL_DRIVER", "nonsense")], || {});
}

/// A server that goes on after each error neither spins nor stays stuck.
#[test]
fn accepting_without_descriptors_pauses_and_recovers() {
    in_child("accepting_without_descriptors_pauses_and_recovers", &[], || {
        for driver in drivers() {
            let runtime = Builder::new_current_thread().io_driver(driver).build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let address = listener.local_addr().unwrap();
                let clients: Vec<_> =
                    (0..20).map(|_| std::net::TcpStream::connect(address).unwrap()).collect();
                let limit = limit_descriptors(5);
                let (mut accepted, mut errors) = (Vec::new(), 0);
                let serve = async {
                    loop {
                        match listener.accept().await {
                            Ok((stream, _)) => accepted.push(stream),
                            Err(error) => {
                                assert_eq!(error.raw_os_error(), Some(libc::EMFILE), "{error}");
                                errors += 1;
                            }
                        }
                    }
                };
                let served: Result<(), _> = timeout(Duration::from_millis(500), serve).await;
                assert!(served.is_err());
                assert!(accepted.len() <= 5 && !accepted.is_empty(), "{}", accepted.len());
                assert!((1..=50).contains(&errors), "{errors} errors in half a second");
                let first = accepted.len();
                accepted.clear();
                let mut recovered = 0;
                while recovered < clients.len() - first {
                    match std::future::poll_fn(|cx| listener.poll_accept(cx)).await {
                        Ok(_) => recovered += 1,
                        Err(error) => assert_eq!(error.raw_os_error(), Some(libc::EMFILE)),
                    }
                }
                unlimit(limit);
            });
        }
    });
}

/// A new source that the system has no memory to watch is an error, and gives its descriptor back.
#[test]
fn without_memory_to_watch_a_source_nothing_hangs_or_leaks() {
    let descriptors = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    in_child("without_memory_to_watch_a_source_nothing_hangs_or_leaks", &[], || {
        let runtimes = drivers().into_iter().flat_map(|driver| {
            let one = Builder::new_current_thread().io_driver(driver).build().unwrap();
            let mut builder = Builder::new_multi_thread();
            [one, builder.worker_threads(2).io_driver(driver).build().unwrap()]
        });
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        // Each has its reactor, and one source that it watches already.
        let watched: Vec<_> = runtimes
            .map(|runtime| {
                let ends = runtime.block_on(async {
                    an_echo().await;
                    UnixStream::pair().unwrap()
                });
                (runtime, ends)
            })
            .collect();
        deny(&[libc::SYS_epoll_ctl], libc::ENOMEM);
        for (runtime, (mut one, mut other)) in watched {
            let before = descriptors();
            runtime.block_on(async {
                let no_memory = |error: std::io::Error| {
                    assert_eq!(error.raw_os_error(), Some(libc::ENOMEM), "{error}");
                };
                for _ in 0..20 {
                    no_memory(TcpListener::bind("127.0.0.1:0").await.unwrap_err());
                    no_memory(TcpStream::connect(address).await.unwrap_err());
                    no_memory(UnixStream::pair().unwrap_err());
                    let copy = listener.try_clone().unwrap();
                    no_memory(TcpListener::from_std(copy).unwrap_err());
                }
                assert_eq!(descriptors(), before);
                // Those that it has go on.
                let word = async {
                    sleep(Duration::from_millis(5)).await;
                    one.write_all(b"word").await.unwrap();
                };
                let mut read = [0; 4];
                let both = async { creel::join!(word, other.read_exact(&mut read)).1 };
                timeout(Duration::from_secs(60), both).await.expect("it is told").unwrap();
                assert_eq!(&read, b"word");
            });
        }
    });
}

/// What needs a thread that the system does not give is an error or does without; what needs none goes on.
#[test]
fn without_another_thread_nothing_hangs() {
    in_child("without_another_thread_nothing_hangs", &[], || {
        let bare = || Builder::new_current_thread().build().unwrap();
        let mut builder = Builder::new_multi_thread();
        let pool = builder.worker_threads(2).build().unwrap();
        // One of these has a thread for closures, which is waiting for more.
        let warm = bare();
        warm.block_on(warm.spawn_blocking(|| ())).unwrap();
        let child = warm.block_on(async {
            creel::process::Command::new("sleep").arg("600").kill_on_drop(true).spawn().unwrap()
        });
        deny(&[libc::SYS_clone, libc::SYS_clone3], libc::EAGAIN);

        let error = Builder::new_multi_thread().worker_threads(2).build().unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EAGAIN), "{error}");
        for runtime in [bare(), pool] {
            let lost = runtime.spawn_blocking(|| ());
            let lost = runtime.block_on(async { timeout(Duration::from_secs(60), lost).await });
            assert!(lost.expect("it is told").unwrap_err().is_cancelled());
            runtime.block_on(async {
                let all = async {
                    an_echo().await;
                    creel::spawn(async { sleep(Duration::from_millis(1)).await }).await.unwrap();
                };
                timeout(Duration::from_secs(60), all).await.expect("it needs no thread");
            });
            let report = runtime.shutdown(Duration::from_secs(60));
            assert!(report.survivors.is_empty(), "{report}");
        }
        // Closures wait for the thread that there is.
        let closures: Vec<_> = (0..100).map(|n| warm.spawn_blocking(move || n)).collect();
        for (n, closure) in closures.into_iter().enumerate() {
            assert_eq!(warm.block_on(closure).unwrap(), n);
        }
        // Nobody can be started to collect it.
        drop(child);
    });
}

/// Leaves room for `spare` more descriptors; answers the limit before.
fn limit_descriptors(spare: usize) -> libc::rlimit {
    // SAFETY: asks about a number.
    let is_free = |fd: &i32| unsafe { libc::fcntl(*fd, libc::F_GETFD) } == -1;
    let first_denied = (0..).filter(is_free).nth(spare).unwrap();
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the limit is filled in, then read.
    unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit), 0);
        let low = libc::rlimit { rlim_cur: first_denied as _, ..limit };
        assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &raw const low), 0);
    }
    limit
}

fn unlimit(limit: libc::rlimit) {
    // SAFETY: the limit is only read.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) }, 0);
}

/// Runs `body` in a fork, whose end must be a good one within ten seconds.
fn in_fork(body: impl FnOnce()) {
    // SAFETY: the child has one thread; it leaves by `_exit`, whatever happens.
    match unsafe { libc::fork() } {
        0 => {
            let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).is_ok();
            // SAFETY: ends the child without what the parent has registered for its end.
            unsafe { libc::_exit(if done { 0 } else { 1 }) }
        }
        child => {
            for _ in 0..1000 {
                let mut status = 0;
                // SAFETY: the status is filled in.
                if unsafe { libc::waitpid(child, &raw mut status, libc::WNOHANG) } == child {
                    assert_eq!(status, 0, "the child failed");
                    return;
                }
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            // SAFETY: the child is ours.
            unsafe { libc::kill(child, libc::SIGKILL) };
            panic!("the child hangs");
        }
    }
}

#[test]
fn a_fork_gets_errors_and_takes_nothing_from_its_parent() {
    in_child("a_fork_gets_errors_and_takes_nothing_from_its_parent", &[], || {
        for driver in drivers() {
            let one = Builder::new_current_thread().io_driver(driver).build().unwrap();
            let mut builder = Builder::new_multi_thread();
            let pool = builder.worker_threads(2).io_driver(driver).build().unwrap();
            for runtime in [one, pool] {
                forks(runtime, driver);
            }
        }
    });
}

fn forks(runtime: Runtime, driver: IoDriver) {
    let (mut client, mut server) = runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let connect = TcpStream::connect(listener.local_addr().unwrap());
        let (client, server) = creel::join!(connect, listener.accept());
        (client.unwrap(), server.unwrap().0)
    });
    // Only the child takes it.
    let mut whole = Some(runtime);
    let handle = whole.as_ref().unwrap().handle().clone();
    // Something is under way.
    let reading = handle.spawn(async move {
        let (read, buf) = server.read_owned(Vec::with_capacity(64)).await;
        read.map(|_| (buf, server))
    });
    std::thread::sleep(std::time::Duration::from_millis(20));
    in_fork(|| {
        let runtime = whole.take().unwrap();
        let refused = runtime.block_on(async { TcpListener::bind("127.0.0.1:0").await });
        let refused = refused.unwrap_err();
        assert!(refused.to_string().contains("fork"), "{refused}");
        let multi =
            runtime.handle().runtime_flavor() != creel::runtime::RuntimeFlavor::CurrentThread;
        if multi {
            let task = runtime.spawn(async {});
            assert!(runtime.block_on(task).unwrap_err().is_cancelled());
        }
        let blocking = runtime.spawn_blocking(|| ());
        assert!(runtime.block_on(blocking).unwrap_err().is_cancelled());
        drop(runtime);
        // A runtime of the child's own is as good as any.
        let mut builder = Builder::new_current_thread();
        builder.io_driver(driver).build().unwrap().block_on(an_echo());
    });
    let runtime = whole.unwrap();
    runtime.block_on(async {
        client.write_all(b"hello").await.unwrap();
        let (buf, server) = reading.await.unwrap().unwrap();
        assert_eq!(buf, b"hello");
        drop(server);
        assert_eq!(client.read(&mut [0; 4]).await.unwrap(), 0);
        sleep(Duration::from_millis(1)).await;
    });
}

/// A filter that comes after the threads were started takes the fence of all threads from those that claim a
/// worker's lock: they do without, and lose nothing.
#[test]
fn a_pool_whose_fences_are_denied_later_goes_on() {
    in_child("a_pool_whose_fences_are_denied_later_goes_on", &[], || {
        let runtime = Builder::new_multi_thread().worker_threads(2).build().unwrap();
        let abort_many = |count: u32| {
            let tasks: Vec<_> = (0..count)
                .map(|number| {
                    runtime.spawn(async move {
                        if number % 2 == 0 {
                            std::future::pending::<()>().await;
                        }
                        creel::task::yield_now().await;
                        number
                    })
                })
                .collect();
            tasks.iter().step_by(2).for_each(|task| task.abort());
            runtime.block_on(async {
                let all = async {
                    for (number, task) in tasks.into_iter().enumerate() {
                        match task.await {
                            Ok(output) => assert_eq!(output as usize, number),
                            Err(error) => assert!(error.is_cancelled() && number % 2 == 0),
                        }
                    }
                };
                timeout(Duration::from_secs(30), all).await
            })
        };
        abort_many(1_000).expect("it does not hang");
        deny(&[libc::SYS_membarrier], libc::EPERM);
        // SAFETY: asks what there is.
        assert_eq!(unsafe { libc::syscall(libc::SYS_membarrier, 0, 0, 0) }, -1, "it is denied");
        for _ in 0..20 {
            abort_many(1_000).expect("it does not hang");
        }
        let report = runtime.shutdown(Duration::from_secs(5));
        assert!(report.survivors.is_empty(), "{report:?}");
    });
}
