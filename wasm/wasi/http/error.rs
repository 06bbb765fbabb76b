//! What the host reports of HTTP, as errors of the standard library. Compiled into each preview by its
//! path: the codes are the same under other names.

use super::types::ErrorCode as Code;
use std::format;
use std::io::{self, ErrorKind};

pub(super) fn error_from_host(code: &Code) -> io::Error {
    let kind = match code {
        Code::DnsTimeout
        | Code::ConnectionTimeout
        | Code::ConnectionReadTimeout
        | Code::ConnectionWriteTimeout
        | Code::HttpResponseTimeout => ErrorKind::TimedOut,
        Code::DnsError(_) | Code::DestinationNotFound => ErrorKind::NotFound,
        Code::DestinationUnavailable | Code::DestinationIpUnroutable => ErrorKind::HostUnreachable,
        Code::DestinationIpProhibited | Code::HttpRequestDenied => ErrorKind::PermissionDenied,
        Code::ConnectionRefused => ErrorKind::ConnectionRefused,
        Code::ConnectionTerminated => ErrorKind::ConnectionReset,
        Code::ConnectionLimitReached => ErrorKind::QuotaExceeded,
        Code::HttpResponseIncomplete => ErrorKind::UnexpectedEof,
        Code::HttpRequestMethodInvalid
        | Code::HttpRequestUriInvalid
        | Code::HttpRequestUriTooLong
        | Code::HttpRequestLengthRequired
        | Code::HttpRequestBodySize(_)
        | Code::HttpRequestHeaderSectionSize(_)
        | Code::HttpRequestHeaderSize(_)
        | Code::HttpRequestTrailerSectionSize(_)
        | Code::HttpRequestTrailerSize(_) => ErrorKind::InvalidInput,
        Code::HttpProtocolError
        | Code::HttpResponseHeaderSectionSize(_)
        | Code::HttpResponseHeaderSize(_)
        | Code::HttpResponseBodySize(_)
        | Code::HttpResponseTrailerSectionSize(_)
        | Code::HttpResponseTrailerSize(_)
        | Code::HttpResponseTransferCoding(_)
        | Code::HttpResponseContentCoding(_) => ErrorKind::InvalidData,
        Code::TlsProtocolError
        | Code::TlsCertificateError
        | Code::TlsAlertReceived(_)
        | Code::HttpUpgradeFailed
        | Code::LoopDetected
        | Code::ConfigurationError
        | Code::InternalError(_) => ErrorKind::Other,
    };
    io::Error::new(kind, format!("the host says: {code}"))
}
