//! What preview 2 reports, as errors of the standard library.

use std::format;
use std::io::{self, ErrorKind};
use std::string::String;
use wasip2::io::streams::StreamError;

/// The error of an operation on a stream that has not ended.
pub(super) fn of_stream(error: StreamError) -> io::Error {
    match error {
        StreamError::Closed => ErrorKind::BrokenPipe.into(),
        StreamError::LastOperationFailed(error) => from_text(error.to_debug_string()),
    }
}

/// A stream's error is a text for people; hosts put the error of their own system into it, in words or
/// as the name of its kind: "Connection reset by peer", "ConnectionReset".
pub(super) fn from_text(text: String) -> io::Error {
    // The first that is found counts.
    let known = [
        ("reset", ErrorKind::ConnectionReset),
        ("pipe", ErrorKind::BrokenPipe),
        ("abort", ErrorKind::ConnectionAborted),
        ("refused", ErrorKind::ConnectionRefused),
        ("timed out", ErrorKind::TimedOut),
        ("timedout", ErrorKind::TimedOut),
        ("not connected", ErrorKind::NotConnected),
        ("notconnected", ErrorKind::NotConnected),
        ("network is unr", ErrorKind::NetworkUnreachable),
        ("networkunr", ErrorKind::NetworkUnreachable),
        ("unreachable", ErrorKind::HostUnreachable),
        ("no route", ErrorKind::HostUnreachable),
        ("no space", ErrorKind::StorageFull),
        ("storagefull", ErrorKind::StorageFull),
    ];
    let kind = known.iter().find(|(word, _)| contains(&text, word)).map(|(_, kind)| *kind);
    io::Error::new(kind.unwrap_or(ErrorKind::Other), format!("the host says: {text}"))
}

/// Whether `word` is somewhere in `text`, in whatever case. By hand: the search of the standard library
/// and its tables of letters are kilobytes.
fn contains(text: &str, word: &str) -> bool {
    text.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}

/// The error of a socket or a lookup.
#[cfg(feature = "net")]
pub(super) fn of_socket(code: wasip2::sockets::network::ErrorCode) -> io::Error {
    use wasip2::sockets::network::ErrorCode as Code;
    let kind = match code {
        // Whoever waits is told so without a text.
        Code::WouldBlock => return ErrorKind::WouldBlock.into(),
        Code::AccessDenied => ErrorKind::PermissionDenied,
        Code::NotSupported => ErrorKind::Unsupported,
        Code::InvalidArgument
        | Code::InvalidState
        | Code::ConcurrencyConflict
        | Code::NotInProgress => ErrorKind::InvalidInput,
        Code::OutOfMemory => ErrorKind::OutOfMemory,
        Code::Timeout => ErrorKind::TimedOut,
        Code::AddressNotBindable => ErrorKind::AddrNotAvailable,
        Code::AddressInUse => ErrorKind::AddrInUse,
        Code::RemoteUnreachable => ErrorKind::HostUnreachable,
        Code::ConnectionRefused => ErrorKind::ConnectionRefused,
        Code::ConnectionReset => ErrorKind::ConnectionReset,
        Code::ConnectionAborted => ErrorKind::ConnectionAborted,
        Code::NameUnresolvable => ErrorKind::NotFound,
        Code::TemporaryResolverFailure => ErrorKind::ResourceBusy,
        Code::NewSocketLimit => ErrorKind::QuotaExceeded,
        Code::Unknown | Code::DatagramTooLarge | Code::PermanentResolverFailure => ErrorKind::Other,
    };
    io::Error::new(kind, format!("the host says: {}", code.name()))
}
