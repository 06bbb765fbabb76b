//! A request before it is read, on either preview.

/// The type for a request of the host's, whose methods for a request's parts are given in this order:
/// method, path with query, scheme, authority, headers.
macro_rules! reads_head {
    ($request:ident: $method:ident $path:ident $scheme:ident $authority:ident $headers:ident) => {
        /// A request of which nothing was read yet: a handler may take it in place of a
        /// [`Request`](http::Request).
        ///
        /// Each part that is asked for is copied from the host then, and what nobody asks for costs
        /// nothing.
        ///
        /// # Examples
        /// ```
        #[doc = concat!("use creel::wasm::wasi::", reads_head!(module $request), "::Unread;")]
        /// use creel::wasm::wasi::http::Body;
        /// use http::Response;
        /// async fn handle(request: Unread) -> std::io::Result<Response<Body>> {
        ///     if request.path_and_query().as_deref() == Some("/alive") {
        ///         return Ok(Response::new("yes".into()));
        ///     }
        ///     let (head, body) = request.read()?.into_parts();
        ///     println!("{} {}", head.method, head.uri);
        ///     Ok(Response::new(Body::new(body)))
        /// }
        /// ```
        pub struct Unread(pub(super) $request);

        impl Unread {
            /// The method.
            ///
            /// # Errors
            /// `InvalidData` if it is none.
            pub fn method(&self) -> std::io::Result<http::Method> {
                method_from_host(self.0.$method())
            }

            /// The path, with the query behind it.
            pub fn path_and_query(&self) -> Option<std::string::String> {
                self.0.$path()
            }

            /// The first header of this name.
            ///
            /// # Errors
            /// `InvalidData` if it has no value that a header may have.
            pub fn header(&self, name: &str) -> std::io::Result<Option<http::HeaderValue>> {
                let first = self.0.$headers().get(name).into_iter().next();
                first.map(value_from_host).transpose()
            }

            /// Reads all of the head.
            ///
            /// # Errors
            /// `InvalidData` if a part of it is not what its name says.
            pub fn read(self) -> std::io::Result<http::Request<Incoming>> {
                let uri = uri_from_host(self.0.$scheme(), self.0.$authority(), self.0.$path())?;
                let (method, headers) = (self.method()?, headers_from_host(&self.0.$headers())?);
                let mut request = http::Request::new(self.into_body());
                *request.method_mut() = method;
                *request.uri_mut() = uri;
                *request.headers_mut() = headers;
                Ok(request)
            }

            /// The body alone.
            pub fn into_body(self) -> Incoming {
                Incoming::new(Message::Request(self.0))
            }
        }

        impl TryFrom<Unread> for http::Request<Incoming> {
            type Error = std::io::Error;

            fn try_from(request: Unread) -> std::io::Result<Self> {
                request.read()
            }
        }

        impl core::fmt::Debug for Unread {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.debug_struct("Unread").finish_non_exhaustive()
            }
        }
    };
    (module IncomingRequest) => {
        "http"
    };
    (module Request) => {
        "preview3::http"
    };
}

pub(in crate::wasm::wasi) use reads_head;
