//! Under WASI preview 2: each error a host may report has the kind that a program expects, first by the
//! tables alone, then by provoking the host. The modules `lent` and `withheld` are run apart, with a network
//! and without.
#![cfg(all(target_os = "wasi", target_env = "p2"))]

use std::future::Future;

/// Each code with the kind that is expected, and a proof that none is left out.
macro_rules! codes {
    ($code:ident: $($variant:ident $(($($inner:tt)*))? => $kind:ident,)*) => {{
        // It no longer compiles when a code is missing.
        fn _all(code: &$code) {
            match code { $($code::$variant { .. } => {})* }
        }
        [$(($code::$variant $(($($inner)*))?, std::io::ErrorKind::$kind),)*]
    }};
}

fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = creel::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a WASI host").block_on(future)
}

// The folder that paths within start at, which has to be there.
#[path = "hosts"]
mod preview2 {
    #[path = "../../wasm/wasi/preview2/error.rs"]
    mod error;

    use error::{from_text, of_socket, of_stream};
    use std::io::ErrorKind;
    use wasip2::io::streams::StreamError;
    use wasip2::sockets::network::ErrorCode;

    #[test]
    fn every_code_of_a_socket_has_its_kind() {
        let codes = codes! { ErrorCode:
            Unknown => Other,
            AccessDenied => PermissionDenied,
            NotSupported => Unsupported,
            InvalidArgument => InvalidInput,
            OutOfMemory => OutOfMemory,
            Timeout => TimedOut,
            ConcurrencyConflict => InvalidInput,
            NotInProgress => InvalidInput,
            WouldBlock => WouldBlock,
            InvalidState => InvalidInput,
            NewSocketLimit => QuotaExceeded,
            AddressNotBindable => AddrNotAvailable,
            AddressInUse => AddrInUse,
            RemoteUnreachable => HostUnreachable,
            ConnectionRefused => ConnectionRefused,
            ConnectionReset => ConnectionReset,
            ConnectionAborted => ConnectionAborted,
            DatagramTooLarge => Other,
            NameUnresolvable => NotFound,
            TemporaryResolverFailure => ResourceBusy,
            PermanentResolverFailure => Other,
        };
        for (code, kind) in codes {
            assert_eq!(of_socket(code).kind(), kind, "{code}");
        }
    }

    #[test]
    fn an_error_of_a_socket_says_what_the_host_said() {
        let error = of_socket(ErrorCode::AddressInUse);
        assert!(error.to_string().contains("address-in-use"), "{error}");
    }

    #[test]
    fn a_closed_stream_is_a_broken_pipe() {
        assert_eq!(of_stream(StreamError::Closed).kind(), ErrorKind::BrokenPipe);
    }

    #[test]
    fn a_stream_that_failed_has_the_kind_that_its_text_tells() {
        for (text, kind) in [
            ("Connection reset by peer (os error 104)", ErrorKind::ConnectionReset),
            ("Custom { kind: ConnectionReset }", ErrorKind::ConnectionReset),
            ("Broken pipe (os error 32)", ErrorKind::BrokenPipe),
            ("Software caused connection abort", ErrorKind::ConnectionAborted),
            ("Connection refused (os error 111)", ErrorKind::ConnectionRefused),
            ("Connection timed out (os error 110)", ErrorKind::TimedOut),
            ("TimedOut", ErrorKind::TimedOut),
            ("Transport endpoint is not connected (os error 107)", ErrorKind::NotConnected),
            ("NotConnected", ErrorKind::NotConnected),
            ("Network is unreachable (os error 101)", ErrorKind::NetworkUnreachable),
            ("NetworkUnreachable", ErrorKind::NetworkUnreachable),
            ("No route to host (os error 113)", ErrorKind::HostUnreachable),
            ("HostUnreachable", ErrorKind::HostUnreachable),
            ("No space left on device (os error 28)", ErrorKind::StorageFull),
            ("StorageFull", ErrorKind::StorageFull),
            ("something else", ErrorKind::Other),
        ] {
            let error = from_text(text.to_owned());
            assert_eq!(error.kind(), kind, "{text}");
            assert!(error.to_string().contains(text), "{error}");
        }
    }
}

#[path = "hosts"]
mod preview3 {
    #[path = "../../wasm/wasi/preview3/net/error.rs"]
    mod error;

    use error::{of_lookup, of_socket};
    use wasip3::sockets::ip_name_lookup;
    use wasip3::sockets::types::ErrorCode;

    #[test]
    fn every_code_of_a_socket_has_its_kind() {
        let codes = codes! { ErrorCode:
            AccessDenied => PermissionDenied,
            NotSupported => Unsupported,
            InvalidArgument => InvalidInput,
            OutOfMemory => OutOfMemory,
            Timeout => TimedOut,
            InvalidState => InvalidInput,
            AddressNotBindable => AddrNotAvailable,
            AddressInUse => AddrInUse,
            RemoteUnreachable => HostUnreachable,
            ConnectionRefused => ConnectionRefused,
            ConnectionBroken => BrokenPipe,
            ConnectionReset => ConnectionReset,
            ConnectionAborted => ConnectionAborted,
            DatagramTooLarge => Other,
            Other(None) => Other,
        };
        for (code, kind) in codes {
            let name = code.to_string();
            assert_eq!(of_socket(code).kind(), kind, "{name}");
        }
    }

    #[test]
    fn every_code_of_a_lookup_has_its_kind() {
        use ip_name_lookup::ErrorCode;
        let codes = codes! { ErrorCode:
            AccessDenied => PermissionDenied,
            InvalidArgument => InvalidInput,
            NameUnresolvable => NotFound,
            TemporaryResolverFailure => ResourceBusy,
            PermanentResolverFailure => Other,
            Other(None) => Other,
        };
        for (code, kind) in codes {
            let name = code.to_string();
            assert_eq!(of_lookup(code).kind(), kind, "{name}");
        }
    }
}

/// The codes of HTTP, which both previews have.
macro_rules! http {
    ($preview:ident: $($types:ident)::+) => {
        #[path = "hosts"]
        mod $preview {
            mod types {
                pub use $($types)::+::*;
            }
            // The codes of each preview are types of their own.
            #[allow(clippy::duplicate_mod)]
            #[path = "../../wasm/wasi/http/error.rs"]
            mod error;

            use error::error_from_host;
            use types::{DnsErrorPayload, ErrorCode, FieldSizePayload, TlsAlertReceivedPayload};

            fn size() -> FieldSizePayload {
                FieldSizePayload { field_name: None, field_size: None }
            }

            #[test]
            fn every_code_of_http_has_its_kind() {
                let codes = codes! { ErrorCode:
                    DnsTimeout => TimedOut,
                    DnsError(DnsErrorPayload { rcode: None, info_code: None }) => NotFound,
                    DestinationNotFound => NotFound,
                    DestinationUnavailable => HostUnreachable,
                    DestinationIpProhibited => PermissionDenied,
                    DestinationIpUnroutable => HostUnreachable,
                    ConnectionRefused => ConnectionRefused,
                    ConnectionTerminated => ConnectionReset,
                    ConnectionTimeout => TimedOut,
                    ConnectionReadTimeout => TimedOut,
                    ConnectionWriteTimeout => TimedOut,
                    ConnectionLimitReached => QuotaExceeded,
                    TlsProtocolError => Other,
                    TlsCertificateError => Other,
                    TlsAlertReceived(
                        TlsAlertReceivedPayload { alert_id: None, alert_message: None }
                    ) => Other,
                    HttpRequestDenied => PermissionDenied,
                    HttpRequestLengthRequired => InvalidInput,
                    HttpRequestBodySize(None) => InvalidInput,
                    HttpRequestMethodInvalid => InvalidInput,
                    HttpRequestUriInvalid => InvalidInput,
                    HttpRequestUriTooLong => InvalidInput,
                    HttpRequestHeaderSectionSize(None) => InvalidInput,
                    HttpRequestHeaderSize(None) => InvalidInput,
                    HttpRequestTrailerSectionSize(None) => InvalidInput,
                    HttpRequestTrailerSize(size()) => InvalidInput,
                    HttpResponseIncomplete => UnexpectedEof,
                    HttpResponseHeaderSectionSize(None) => InvalidData,
                    HttpResponseHeaderSize(size()) => InvalidData,
                    HttpResponseBodySize(None) => InvalidData,
                    HttpResponseTrailerSectionSize(None) => InvalidData,
                    HttpResponseTrailerSize(size()) => InvalidData,
                    HttpResponseTransferCoding(None) => InvalidData,
                    HttpResponseContentCoding(None) => InvalidData,
                    HttpResponseTimeout => TimedOut,
                    HttpUpgradeFailed => Other,
                    HttpProtocolError => InvalidData,
                    LoopDetected => Other,
                    ConfigurationError => Other,
                    InternalError(None) => Other,
                };
                for (code, kind) in codes {
                    assert_eq!(error_from_host(&code).kind(), kind, "{code}");
                }
            }
        }
    };
}

http!(http_of_preview2: wasip2::http::types);
http!(http_of_preview3: wasip3::http::types);

/// With a network, and the folder `scratch`.
mod lent {
    use super::block_on;
    use creel::fs;
    use creel::io::{AsyncReadExt, AsyncWriteExt};
    use creel::net::{TcpListener, TcpStream, lookup_host};
    use creel::wasm::wasi::http::{Body, send};
    use std::io::{self, ErrorKind};
    use std::net::SocketAddr;

    async fn listener() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    async fn pair() -> (TcpStream, TcpStream) {
        let (listener, address) = listener().await;
        let (client, server) = creel::join!(TcpStream::connect(address), listener.accept());
        (client.unwrap(), server.unwrap().0)
    }

    fn kind<T>(result: io::Result<T>) -> ErrorKind {
        result.err().expect("an error").kind()
    }

    #[test]
    fn nobody_listens() {
        block_on(async {
            let (listener, address) = listener().await;
            drop(listener);
            assert_eq!(kind(TcpStream::connect(address).await), ErrorKind::ConnectionRefused);
            let request = http::Request::get(format!("http://{address}/")).body(Body::empty());
            assert_eq!(kind(send(request.unwrap()).await), ErrorKind::ConnectionRefused);
        });
    }

    #[test]
    fn an_address_is_taken_or_not_of_this_machine() {
        block_on(async {
            let (_listener, address) = listener().await;
            assert_eq!(kind(TcpListener::bind(address).await), ErrorKind::AddrInUse);
            // Of the range for documentation.
            let elsewhere = TcpListener::bind("192.0.2.1:0").await;
            assert_eq!(kind(elsewhere), ErrorKind::AddrNotAvailable);
        });
    }

    #[test]
    fn a_name_that_is_none() {
        block_on(async {
            let found = lookup_host("not a name:80").await.map(|_| ());
            assert_eq!(kind(found), ErrorKind::InvalidInput);
        });
    }

    #[test]
    fn the_other_side_is_gone() {
        block_on(async {
            let (mut client, server) = pair().await;
            client.write_all(b"nobody reads this").await.unwrap();
            server.readable().await.unwrap();
            drop(server);
            let gone = loop {
                match client.write_all(&[0; 1000]).await {
                    // It takes a moment until the system knows.
                    Ok(()) => creel::time::sleep(std::time::Duration::from_millis(1)).await,
                    Err(error) => break error,
                }
            };
            let kinds = [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset];
            assert!(kinds.contains(&gone.kind()), "{gone}");
        });
    }

    #[test]
    fn writing_after_the_end() {
        block_on(async {
            let (mut client, _server) = pair().await;
            client.shutdown().await.unwrap();
            assert_eq!(kind(client.write_all(b"late").await), ErrorKind::BrokenPipe);
        });
    }

    #[test]
    fn a_broken_answer_of_http() {
        block_on(async {
            let (listener, address) = listener().await;
            creel::spawn(async move {
                let (mut stream, _) = listener.accept().await.unwrap();
                let _ = stream.read(&mut [0; 1024]).await;
                stream.write_all(b"this is not HTTP\r\n\r\n").await.unwrap();
            });
            let request = http::Request::get(format!("http://{address}/")).body(Body::empty());
            assert_eq!(kind(send(request.unwrap()).await), ErrorKind::InvalidData);
        });
    }

    #[test]
    fn what_the_file_system_refuses() {
        block_on(async {
            let _ = fs::remove_dir_all("scratch/errors").await;
            fs::create_dir_all("scratch/errors/folder/inner").await.unwrap();
            fs::write("scratch/errors/file", "x").await.unwrap();
            let folder = "scratch/errors/folder";
            let file = "scratch/errors/file";
            assert_eq!(kind(fs::read("scratch/errors/none").await), ErrorKind::NotFound);
            assert_eq!(kind(fs::create_dir(folder).await), ErrorKind::AlreadyExists);
            assert_eq!(kind(fs::remove_dir(folder).await), ErrorKind::DirectoryNotEmpty);
            assert_eq!(kind(fs::rename("scratch/errors", folder).await), ErrorKind::InvalidInput);
            assert_eq!(kind(fs::write(folder, "x").await), ErrorKind::IsADirectory);
            assert_eq!(kind(fs::remove_file(folder).await), ErrorKind::IsADirectory);
            assert_eq!(kind(fs::remove_dir(file).await), ErrorKind::NotADirectory);
            assert_eq!(kind(fs::read_dir(file).await), ErrorKind::NotADirectory);
            assert_eq!(kind(fs::read_link(file).await), ErrorKind::InvalidInput);
            let long = format!("scratch/{}", "a".repeat(300));
            assert_eq!(kind(fs::read(long).await), ErrorKind::InvalidFilename);
            let outside = fs::read("scratch/../../outside").await;
            assert_eq!(kind(outside), ErrorKind::PermissionDenied);
            fs::remove_dir_all("scratch/errors").await.unwrap();
        });
    }

    /// Each of these ends with nothing to wait for; the host would end a program that waited then.
    #[test]
    fn the_host_is_never_asked_to_wait_for_nothing() {
        block_on(async {});
        block_on(creel::task::yield_now());
        block_on(async { creel::time::sleep(std::time::Duration::ZERO).await });
        block_on(async {
            creel::spawn(std::future::pending::<()>());
        });
        // Busy for so long that it looks at its sources, of which nobody waits for any.
        block_on(async {
            let _listener = listener().await;
            for _ in 0..1000 {
                creel::task::yield_now().await;
            }
        });
    }

    #[test]
    fn what_there_is_not_says_so() {
        let pool = creel::runtime::Builder::new_multi_thread().build().map(|_| ());
        assert_eq!(kind(pool), ErrorKind::Unsupported);
        block_on(async {
            let (client, _server) = pair().await;
            assert_eq!(kind(client.set_nodelay(false)), ErrorKind::Unsupported);
        });
    }
}

/// What a runtime of somebody else's loop lacks: it cannot wait with the host.
#[test]
fn a_runtime_that_cannot_wait_has_no_sockets_and_says_so() {
    use creel::net::{TcpListener, TcpStream, UdpSocket, lookup_host};

    fn refused<T>(result: std::io::Result<T>) {
        let error = result.err().expect("it cannot wait for that");
        assert_eq!(error.kind(), std::io::ErrorKind::Unsupported, "{error}");
        assert!(error.to_string().contains("no I/O"), "{error}");
    }

    let runtime = creel::runtime::Builder::new_current_thread().build_passive(|| {});
    let asked = runtime.spawn(async {
        refused(TcpListener::bind("127.0.0.1:0").await);
        refused(TcpStream::connect("127.0.0.1:9").await);
        refused(UdpSocket::bind("127.0.0.1:0").await);
        refused(lookup_host("localhost:80").await.map(|_| ()));
    });
    while runtime.tick(64) == creel::runtime::Next::Now {}
    assert!(asked.is_finished());
}

/// Without a network and without a folder.
mod withheld {
    use super::block_on;
    use creel::net::{TcpListener, TcpStream, UdpSocket, lookup_host};
    use std::io::ErrorKind;

    #[test]
    fn the_network() {
        block_on(async {
            let bound = TcpListener::bind("127.0.0.1:0").await.unwrap_err();
            assert_eq!(bound.kind(), ErrorKind::PermissionDenied, "{bound}");
            let connected = TcpStream::connect("127.0.0.1:9").await.unwrap_err();
            assert_eq!(connected.kind(), ErrorKind::PermissionDenied, "{connected}");
            let bound = UdpSocket::bind("127.0.0.1:0").await.unwrap_err();
            assert_eq!(bound.kind(), ErrorKind::PermissionDenied, "{bound}");
            // wasmtime does not tell that it may not from that it cannot.
            let found = lookup_host("localhost:80").await.map(|_| ()).unwrap_err();
            assert_eq!(found.kind(), ErrorKind::Other, "{found}");
            assert!(found.to_string().contains("permanent-resolver-failure"), "{found}");
        });
    }

    #[test]
    fn a_folder() {
        block_on(async {
            let read = creel::fs::read("scratch/file").await.unwrap_err();
            assert_eq!(read.kind(), ErrorKind::NotFound, "{read}");
        });
    }
}
