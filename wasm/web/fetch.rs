//! `fetch`, with bodies that stream both ways, ended by dropping.

use super::abort::{AbortOnDrop, abortable};
use super::byte_stream::{ByteReader, readable_stream};
use super::error::io_error;
use crate::io::{AsyncRead, AsyncReadExt, ReadBuf};
use crate::stream::Stream;
use js_sys::{Object, Promise, Reflect, Uint8Array};
use std::fmt;
use std::io;
use std::pin::Pin;
use std::string::String;
use std::task::{Context, Poll};
use std::vec::Vec;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch)]
    fn js_fetch(url: &str, options: &Object) -> Promise;

    type Headers;
    #[wasm_bindgen(constructor)]
    fn new() -> Headers;
    #[wasm_bindgen(method, catch)]
    fn append(this: &Headers, name: &str, value: &str) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn get(this: &Headers, name: &str) -> Result<Option<String>, JsValue>;

    #[wasm_bindgen(js_name = Response)]
    type JsResponse;
    #[wasm_bindgen(method, getter)]
    fn status(this: &JsResponse) -> u16;
    #[wasm_bindgen(method, getter)]
    fn url(this: &JsResponse) -> String;
    #[wasm_bindgen(method, getter)]
    fn headers(this: &JsResponse) -> Headers;
    #[wasm_bindgen(method, getter)]
    fn body(this: &JsResponse) -> JsValue;
}

/// Gets what is at a URL: [`Request::get`] and [`Request::send`].
///
/// # Errors
/// As [`Request::send`].
///
/// # Cancel safety
/// Dropping the future ends the request.
///
/// ```ignore
/// let page = web::fetch("https://example.org").await?.text().await?;
/// ```
pub async fn fetch(url: &str) -> io::Result<Response> {
    Request::get(url).send().await
}

/// A request to be made by the browser's `fetch`.
///
/// ```ignore
/// let response = Request::post("/orders").header("content-type", "text/plain").body("two").send();
/// ```
#[must_use = "a request is made by `send`"]
pub struct Request {
    url: String,
    options: Object,
    headers: Headers,
    /// What was wrong with an option.
    wrong: Option<JsValue>,
}

impl Request {
    /// A request of any method.
    pub fn new(method: &str, url: &str) -> Self {
        let (options, headers) = (Object::new(), Headers::new());
        Self { url: url.into(), options, headers, wrong: None }
            .option("method", &JsValue::from_str(method))
    }

    /// A request of the method `GET`.
    pub fn get(url: &str) -> Self {
        Self::new("GET", url)
    }

    /// A request of the method `POST`.
    pub fn post(url: &str) -> Self {
        Self::new("POST", url)
    }

    /// Adds a header. A bad one is an error of [`send`](Self::send).
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Err(thrown) = self.headers.append(name, value) {
            self.wrong.get_or_insert(thrown);
        }
        self
    }

    /// What to send.
    pub fn body(self, bytes: impl AsRef<[u8]>) -> Self {
        self.option("body", &Uint8Array::from(bytes.as_ref()))
    }

    /// Sends what is read from `reader`, while it is read. Browsers do so over HTTP/2 and later;
    /// else the request fails.
    pub fn body_stream(self, reader: impl AsyncRead + 'static) -> Self {
        self.option("body", &readable_stream(reader)).option("duplex", &JsValue::from_str("half"))
    }

    /// Sets any other option that `fetch` knows: `credentials`, `mode`, `cache`, ...
    pub fn option(self, name: &str, value: &JsValue) -> Self {
        Reflect::set(&self.options, &JsValue::from_str(name), value)
            .expect("a plain object takes any property");
        self
    }

    /// Makes the request and waits for the head of the answer. Any status is an answer, 404 too.
    ///
    /// # Errors
    /// If the request is not well-formed, and if there is no answer: browsers say little of why.
    ///
    /// # Cancel safety
    /// Dropping the future ends the request.
    pub async fn send(self) -> io::Result<Response> {
        if let Some(wrong) = self.wrong {
            return Err(io_error(wrong));
        }
        let (url, options) = (self.url, self.options);
        let set = |name: &str, value: &JsValue| {
            Reflect::set(&options, &JsValue::from_str(name), value)
                .expect("a plain object takes any property");
        };
        set("headers", &self.headers);
        let mut answer = abortable(|signal| {
            set("signal", signal);
            js_fetch(&url, &options)
        });
        let response: JsResponse = (&mut answer).await.map_err(io_error)?.unchecked_into();
        let body = response.body();
        let body = if body.is_null() { None } else { Some(ByteReader::new(&body)?) };
        Ok(Response { response, body, _abort: answer.take_abort() })
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("url", &self.url).finish_non_exhaustive()
    }
}

/// The answer to a [`Request`]: a reader of its body, and a stream of the body's chunks.
///
/// The body is taken from the network as it is read. Dropped before the end, the request is ended.
pub struct Response {
    response: JsResponse,
    body: Option<ByteReader>,
    /// Dropped last.
    _abort: Option<AbortOnDrop>,
}

impl Response {
    /// The status: 200 for what was found.
    pub fn status(&self) -> u16 {
        self.response.status()
    }

    /// Where the answer came from, behind redirections.
    pub fn url(&self) -> String {
        self.response.url()
    }

    /// The value of a header; several of the name are joined by commas.
    pub fn header(&self, name: &str) -> Option<String> {
        self.response.headers().get(name).ok().flatten()
    }

    /// Reads the body to its end.
    ///
    /// # Errors
    /// If the connection breaks.
    ///
    /// # Cancel safety
    /// Dropping the future ends the request.
    pub async fn bytes(mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes).await?;
        Ok(bytes)
    }

    /// Reads the body to its end as UTF-8.
    ///
    /// # Errors
    /// If the connection breaks, and [`InvalidData`](io::ErrorKind::InvalidData) for other bytes.
    ///
    /// # Cancel safety
    /// Dropping the future ends the request.
    pub async fn text(self) -> io::Result<String> {
        let bytes = self.bytes().await?;
        String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }
}

impl AsyncRead for Response {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.body {
            Some(body) => Pin::new(body).poll_read(cx, buf),
            None => Poll::Ready(Ok(())),
        }
    }
}

impl Stream for Response {
    type Item = io::Result<Vec<u8>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut self.body {
            Some(body) => Pin::new(body).poll_next(cx),
            None => Poll::Ready(None),
        }
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("status", &self.status()).finish_non_exhaustive()
    }
}
