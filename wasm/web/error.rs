//! What goes wrong in JavaScript, as [`io::Error`].

use super::js;
use std::fmt;
use std::format;
use std::io::{self, ErrorKind};
use std::string::String;
use wasm_bindgen::{JsCast, JsValue};

/// This global scope does not have what was asked for.
///
/// As an [`io::Error`] its kind is [`Unsupported`](ErrorKind::Unsupported).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsupported {
    what: &'static str,
    remedy: &'static str,
}

impl Unsupported {
    pub(super) fn new(what: &'static str, remedy: &'static str) -> Self {
        Self { what, remedy }
    }
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no {} here: {}", self.what, self.remedy)
    }
}

impl std::error::Error for Unsupported {}

impl From<Unsupported> for io::Error {
    fn from(error: Unsupported) -> Self {
        Self::new(ErrorKind::Unsupported, error)
    }
}

/// What JavaScript threw or rejected with, as an error with the same words.
///
/// The kind follows the name: `AbortError` is [`ConnectionAborted`](ErrorKind::ConnectionAborted),
/// `TimeoutError` is [`TimedOut`](ErrorKind::TimedOut), and so on; else it is
/// [`Other`](ErrorKind::Other).
pub fn io_error(thrown: JsValue) -> io::Error {
    let (kind, text) = describe(&thrown);
    io::Error::new(kind, text)
}

fn describe(thrown: &JsValue) -> (ErrorKind, String) {
    let Some(error) = thrown.dyn_ref::<js::Error>() else {
        let text = thrown.as_string().unwrap_or_else(|| format!("{thrown:?}"));
        return (ErrorKind::Other, text);
    };
    let (name, message) = (error.name(), error.message());
    let cause = error.cause().dyn_ref::<js::Error>().map(js::Error::message);
    let text = match cause {
        Some(cause) => format!("{name}: {message}: {cause}"),
        None => format!("{name}: {message}"),
    };
    (kind(&name), text)
}

fn kind(name: &str) -> ErrorKind {
    match name {
        "AbortError" => ErrorKind::ConnectionAborted,
        "TimeoutError" => ErrorKind::TimedOut,
        "NetworkError" | "WebTransportError" => ErrorKind::ConnectionReset,
        "NotAllowedError" | "SecurityError" => ErrorKind::PermissionDenied,
        "NotFoundError" => ErrorKind::NotFound,
        "NotSupportedError" => ErrorKind::Unsupported,
        "DataCloneError" | "SyntaxError" | "RangeError" => ErrorKind::InvalidInput,
        _ => ErrorKind::Other,
    }
}
