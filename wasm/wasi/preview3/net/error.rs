//! What preview 3 reports of sockets, as errors of the standard library.

use std::format;
use std::io::{self, ErrorKind};
use wasip3::sockets::ip_name_lookup;
use wasip3::sockets::types::ErrorCode;

/// The error of a socket.
pub(super) fn of_socket(code: ErrorCode) -> io::Error {
    let kind = match &code {
        ErrorCode::AccessDenied => ErrorKind::PermissionDenied,
        ErrorCode::NotSupported => ErrorKind::Unsupported,
        ErrorCode::InvalidArgument | ErrorCode::InvalidState => ErrorKind::InvalidInput,
        ErrorCode::OutOfMemory => ErrorKind::OutOfMemory,
        ErrorCode::Timeout => ErrorKind::TimedOut,
        ErrorCode::AddressNotBindable => ErrorKind::AddrNotAvailable,
        ErrorCode::AddressInUse => ErrorKind::AddrInUse,
        ErrorCode::RemoteUnreachable => ErrorKind::HostUnreachable,
        ErrorCode::ConnectionRefused => ErrorKind::ConnectionRefused,
        ErrorCode::ConnectionBroken => ErrorKind::BrokenPipe,
        ErrorCode::ConnectionReset => ErrorKind::ConnectionReset,
        ErrorCode::ConnectionAborted => ErrorKind::ConnectionAborted,
        ErrorCode::DatagramTooLarge | ErrorCode::Other(_) => ErrorKind::Other,
    };
    io::Error::new(kind, format!("the host says: {code}"))
}

/// The error of a lookup.
pub(super) fn of_lookup(code: ip_name_lookup::ErrorCode) -> io::Error {
    use ip_name_lookup::ErrorCode;
    let kind = match &code {
        ErrorCode::AccessDenied => ErrorKind::PermissionDenied,
        ErrorCode::InvalidArgument => ErrorKind::InvalidInput,
        ErrorCode::NameUnresolvable => ErrorKind::NotFound,
        ErrorCode::TemporaryResolverFailure => ErrorKind::ResourceBusy,
        ErrorCode::PermanentResolverFailure | ErrorCode::Other(_) => ErrorKind::Other,
    };
    io::Error::new(kind, format!("the host says: {code}"))
}
