//! Opening a ring, and asking the kernel whether it can do what is needed.

use super::Mode;
use core::fmt;
use io_uring::{IoUring, Probe, opcode};
use std::borrow::ToOwned;
use std::error::Error;
use std::format;
use std::io;
use std::string::String;

/// How many requests are gathered before the kernel must be told.
const ENTRIES: u32 = 256;
/// How many answers fit before the kernel keeps them elsewhere.
const ANSWERS: u32 = 4096;

/// What every kernel with a usable ring has; what is newer is asked for where it is used.
const NEEDED: [(u8, &str); 9] = [
    (opcode::PollAdd::CODE, "poll"),
    (opcode::AsyncCancel::CODE, "cancel"),
    (opcode::LinkTimeout::CODE, "link_timeout"),
    (opcode::Accept::CODE, "accept"),
    (opcode::Recv::CODE, "recv"),
    (opcode::Send::CODE, "send"),
    (opcode::Read::CODE, "read"),
    (opcode::Write::CODE, "write"),
    (opcode::Fsync::CODE, "fsync"),
];

/// Opens a ring that can do all that is needed.
///
/// # Errors
/// Why this machine has none; an [`Unavailable`] inside.
pub(super) fn open(mode: Mode) -> io::Result<IoUring> {
    let ring = build(mode).map_err(|cause| refuse(reason(&cause), cause))?;
    let parameters = ring.params();
    if !parameters.is_feature_ext_arg()
        || !parameters.is_feature_nodrop()
        || !parameters.is_feature_submit_stable()
    {
        return Err(refuse(OLD.to_owned(), io::ErrorKind::Unsupported.into()));
    }
    let mut probe = Probe::new();
    let asked = ring.submitter().register_probe(&mut probe);
    asked.map_err(|cause| refuse("the kernel does not say what its ring can do".into(), cause))?;
    match NEEDED.iter().find(|(code, _)| !probe.is_supported(*code)) {
        None => Ok(ring),
        Some((_, name)) => {
            let why = format!("the kernel's ring has no operation `{name}`; Linux 6.1 has all");
            Err(refuse(why, io::ErrorKind::Unsupported.into()))
        }
    }
}

const OLD: &str = "the kernel is too old for the completion driver, which needs Linux 6.1";

fn build(mode: Mode) -> io::Result<IoUring> {
    let mut builder = IoUring::builder();
    builder.setup_clamp().setup_cqsize(ANSWERS).setup_submit_all();
    match mode {
        Mode::Bound => {
            builder.setup_single_issuer().setup_defer_taskrun();
            builder.setup_taskrun_flag().setup_r_disabled();
        }
        Mode::Moving => drop(builder.setup_coop_taskrun().setup_taskrun_flag()),
        Mode::Shared => {}
    }
    builder.build(ENTRIES)
}

/// What the kernel means by its error.
fn reason(cause: &io::Error) -> String {
    match cause.raw_os_error() {
        Some(libc::ENOSYS) => "the kernel has no io_uring, or a seccomp filter hides it".to_owned(),
        Some(libc::EPERM | libc::EACCES) => {
            "io_uring is forbidden here: by a seccomp filter, or by \
             the sysctl kernel.io_uring_disabled"
                .to_owned()
        }
        Some(libc::EINVAL) => OLD.to_owned(),
        Some(libc::ENOMEM) => "there is not enough memory for a ring".to_owned(),
        Some(libc::EMFILE | libc::ENFILE) => "there is no descriptor left for a ring".to_owned(),
        _ => format!("the kernel opened no ring: {cause}"),
    }
}

/// Why there is no completion driver.
#[derive(Debug)]
struct Unavailable {
    why: String,
    cause: io::Error,
}

fn refuse(why: String, cause: io::Error) -> io::Error {
    let kind = match cause.raw_os_error() {
        Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM) => cause.kind(),
        _ => io::ErrorKind::Unsupported,
    };
    io::Error::new(kind, Unavailable { why, cause })
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl Error for Unavailable {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}
