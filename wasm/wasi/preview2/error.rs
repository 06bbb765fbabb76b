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

/// A stream's error is a text for people; hosts put the error of their own system into it.
fn from_text(text: String) -> io::Error {
    let known = [
        ("reset", ErrorKind::ConnectionReset),
        ("broken pipe", ErrorKind::BrokenPipe),
        ("aborted", ErrorKind::ConnectionAborted),
        ("refused", ErrorKind::ConnectionRefused),
        ("timed out", ErrorKind::TimedOut),
        ("not connected", ErrorKind::NotConnected),
    ];
    let lower = text.to_lowercase();
    // "ConnectionReset" is how a host may write it too.
    let lower = lower.replace("brokenpipe", "broken pipe").replace("notconnected", "not connected");
    let kind = known.iter().find(|(word, _)| lower.contains(word)).map(|(_, kind)| *kind);
    io::Error::new(kind.unwrap_or(ErrorKind::Other), format!("the host says: {text}"))
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
        Code::Unknown
        | Code::NewSocketLimit
        | Code::DatagramTooLarge
        | Code::PermanentResolverFailure => ErrorKind::Other,
    };
    io::Error::new(kind, format!("the host says: {}", code.name()))
}
