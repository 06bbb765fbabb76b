//! Methods, headers and addresses, there and back: previews 2 and 3 have the same types under
//! other paths.

/// The conversions, for the types of the module that is given; its name for all of a message's fields
/// comes second.
macro_rules! conversions {
    ($($types:ident)::+, $entries:ident) => {
        use $($types)::+::{Fields, Method, Scheme};
        use http::header::{HeaderMap, HeaderName, HeaderValue};
        use http::uri::{Authority, Parts, PathAndQuery, Uri};
        use std::borrow::ToOwned;
        use std::format;
        use std::io::{self, ErrorKind};
        use std::vec::Vec;

        pub(super) fn method_to_host(method: &http::Method) -> Method {
            match method.as_str() {
                "GET" => Method::Get,
                "HEAD" => Method::Head,
                "POST" => Method::Post,
                "PUT" => Method::Put,
                "DELETE" => Method::Delete,
                "CONNECT" => Method::Connect,
                "OPTIONS" => Method::Options,
                "TRACE" => Method::Trace,
                "PATCH" => Method::Patch,
                other => Method::Other(other.to_owned()),
            }
        }

        pub(super) fn method_from_host(method: Method) -> io::Result<http::Method> {
            Ok(match method {
                Method::Get => http::Method::GET,
                Method::Head => http::Method::HEAD,
                Method::Post => http::Method::POST,
                Method::Put => http::Method::PUT,
                Method::Delete => http::Method::DELETE,
                Method::Connect => http::Method::CONNECT,
                Method::Options => http::Method::OPTIONS,
                Method::Trace => http::Method::TRACE,
                Method::Patch => http::Method::PATCH,
                Method::Other(other) => other.parse().map_err(invalid)?,
            })
        }

        pub(super) fn scheme_to_host(scheme: &http::uri::Scheme) -> Scheme {
            match scheme.as_str() {
                "http" => Scheme::Http,
                "https" => Scheme::Https,
                other => Scheme::Other(other.to_owned()),
            }
        }

        pub(super) fn uri_from_host(
            scheme: Option<Scheme>,
            authority: Option<std::string::String>,
            path: Option<std::string::String>,
        ) -> io::Result<Uri> {
            let mut parts = Parts::default();
            parts.path_and_query = Some(match path {
                Some(path) => PathAndQuery::from_maybe_shared(path).map_err(invalid)?,
                None => PathAndQuery::from_static("/"),
            });
            // The one without the other is no address.
            if let (Some(scheme), Some(authority)) = (scheme, authority) {
                parts.authority = Some(Authority::from_maybe_shared(authority).map_err(invalid)?);
                parts.scheme = Some(match scheme {
                    Scheme::Http => http::uri::Scheme::HTTP,
                    Scheme::Https => http::uri::Scheme::HTTPS,
                    Scheme::Other(other) => other.parse().map_err(invalid)?,
                });
            }
            Uri::from_parts(parts).map_err(invalid)
        }

        pub(super) fn headers_to_host(headers: &HeaderMap) -> io::Result<Fields> {
            if headers.is_empty() {
                return Ok(Fields::new());
            }
            let entries: Vec<_> = headers
                .iter()
                .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
                .collect();
            Fields::from_list(&entries).map_err(|error| {
                io::Error::new(ErrorKind::InvalidInput, format!("the host refuses a header: {error}"))
            })
        }

        pub(super) fn headers_from_host(fields: &Fields) -> io::Result<HeaderMap> {
            let entries = fields.$entries();
            let mut headers = HeaderMap::with_capacity(entries.len());
            for (name, value) in entries {
                let name = HeaderName::from_bytes(name.as_bytes()).map_err(invalid)?;
                headers.append(name, value_from_host(value)?);
            }
            Ok(headers)
        }

        pub(super) fn value_from_host(value: Vec<u8>) -> io::Result<HeaderValue> {
            HeaderValue::from_maybe_shared(bytes::Bytes::from(value)).map_err(invalid)
        }

        fn invalid(error: impl Into<std::boxed::Box<dyn core::error::Error + Send + Sync>>) -> io::Error {
            io::Error::new(ErrorKind::InvalidData, error)
        }
    };
}

pub(in crate::wasm::wasi) use conversions;
