//! The bridges to what JavaScript has: events, signals, iterators, streams.

use creel::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use creel::scope;
use creel::stream::{self, Stream, StreamExt};
use creel::sync::{CancellationToken, oneshot};
use creel::task::yield_now;
use creel::time::{Duration, Instant, sleep, timeout};
use creel::wasm::web::{self, ByteReader, ByteWriter, Events, JsFuture, JsStream};
use js_sys::{Array, Function, Promise};
use std::cell::{Cell, RefCell};
use std::future::pending;
use std::io::ErrorKind;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

#[wasm_bindgen]
extern "C" {
    /// `new Function(parameter, code)`.
    #[wasm_bindgen(js_name = Function)]
    fn compile(parameter: &str, code: &str) -> Function;
}

/// Runs JavaScript with the value `x`.
pub fn js(code: &str, x: &JsValue) -> Result<JsValue, JsValue> {
    compile("x", code).call1(&JsValue::UNDEFINED, x)
}

/// Runs JavaScript that answers a promise, and awaits it.
pub async fn js_async(code: &str, x: &JsValue) -> Result<JsValue, JsValue> {
    let code = format!("return (async () => {{ {code} }})()");
    JsFuture::from(js(&code, x)?.unchecked_into::<Promise>()).await
}

fn text(value: &JsValue) -> String {
    value.as_string().unwrap_or_else(|| format!("{value:?}"))
}

/// Tells when it is dropped.
struct Told(Rc<Cell<bool>>);

impl Drop for Told {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

/// The numbers from one on, and whether they were dropped.
fn counting() -> (JsValue, Rc<Cell<bool>>) {
    let gone = Rc::new(Cell::new(false));
    let guard = Told(gone.clone());
    let endless = stream::iter(1..).map(move |number| {
        let _ = &guard;
        Ok(JsValue::from(number))
    });
    (web::async_iterator(endless), gone)
}

/// Has no item, and no end.
struct Never(#[expect(dead_code, reason = "it tells when it is dropped")] Told);

impl Stream for Never {
    type Item = Result<JsValue, JsValue>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Pending
    }
}

/// Always has a byte, and calls a function before it answers it.
struct CancelsItself(Box<dyn FnMut()>);

impl AsyncRead for CancelsItself {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        (self.0)();
        buf.put_slice(b"x");
        Poll::Ready(Ok(()))
    }
}

/// Runs JavaScript after some time.
async fn after_ms_js(ms: u64, code: &str) {
    sleep(Duration::from_millis(ms)).await;
    js(code, &JsValue::NULL).unwrap();
}

cases! {
    "bridges":

    async fn events_are_a_stream() {
        let target = js("return new EventTarget()", &JsValue::NULL).unwrap();
        let mut events = Events::new(&target, "tick").unwrap();
        let dispatch = "for (const _ of [1, 2, 3]) x.dispatchEvent(new Event('tick'))";
        js(dispatch, &target).unwrap();
        for _ in 0..3 {
            let event = events.next().await.unwrap();
            assert_eq!(text(&js("return x.type", &event).unwrap()), "tick");
        }
        assert!(timeout(Duration::from_millis(3), events.next()).await.is_err());
        assert_eq!(events.lost(), 0);
    }

    async fn a_page_that_is_left_ends_the_tree_of_its_scopes() {
        // Node has no pages: there, an event target stands for one.
        let is_page = js("return 'dispatchEvent' in globalThis", &JsValue::NULL).unwrap().is_truthy();
        if !is_page {
            assert!(timeout(Duration::from_millis(3), web::page_hide()).await.is_err());
            let stand_in = "const target = new EventTarget();
                for (const name of ['addEventListener', 'removeEventListener', 'dispatchEvent'])
                    globalThis[name] = target[name].bind(target)";
            js(stand_in, &JsValue::NULL).unwrap();
        }
        let leave = after_ms_js(1, "globalThis.dispatchEvent(new Event('pagehide'))");
        let ended = scope::Shutdown::new()
            .grace(Duration::from_millis(10))
            .run(web::page_hide(), async |s| {
                s.spawn_named("polite", scope::asked_to_end());
                s.spawn_local(pending::<()>());
                leave.await;
            })
            .await;
        assert!(ended.report.triggered);
        assert_eq!(ended.output, Some(()));
        assert_eq!(ended.report.late.len(), 1, "{}", ended.report);
        if !is_page {
            let away = "for (const name of ['addEventListener', 'removeEventListener', 'dispatchEvent'])
                delete globalThis[name]";
            js(away, &JsValue::NULL).unwrap();
        }
    }

    async fn events_that_nobody_takes_are_counted_and_the_newest_kept() {
        let target = js("return new EventTarget()", &JsValue::NULL).unwrap();
        let mut events = Events::new(&target, "tick").unwrap();
        let dispatch = "for (let i = 0; i < 1030; i++) {
            const event = new Event('tick'); event.number = i; x.dispatchEvent(event);
        }";
        js(dispatch, &target).unwrap();
        assert_eq!(events.lost(), 6);
        let first = events.next().await.unwrap();
        assert_eq!(js("return x.number", &first).unwrap(), JsValue::from(6));
    }

    async fn dropped_events_are_heard_no_more() {
        let target = js(
            "const target = new EventTarget(); target.count = 0;
             for (const name of ['addEventListener', 'removeEventListener']) {
                 const real = target[name];
                 target[name] = function (...rest) {
                     this.count += name[0] == 'a' ? 1 : -1; return real.apply(this, rest);
                 };
             }
             return target",
            &JsValue::NULL,
        );
        let target = target.unwrap();
        let events = Events::new(&target, "tick").unwrap();
        assert_eq!(js("return x.count", &target).unwrap(), JsValue::from(1));
        drop(events);
        assert_eq!(js("return x.count", &target).unwrap(), JsValue::from(0));
        js("x.dispatchEvent(new Event('tick'))", &target).unwrap();
    }

    async fn an_event_can_be_prevented_before_it_is_taken() {
        let target = js("return new EventTarget()", &JsValue::NULL).unwrap();
        let mut events = Events::prevented(&target, "tick").unwrap();
        let dispatch = "return x.dispatchEvent(new Event('tick', { cancelable: true }))";
        assert_eq!(js(dispatch, &target).unwrap(), JsValue::FALSE);
        let event = events.next().await.unwrap();
        assert_eq!(js("return x.defaultPrevented", &event).unwrap(), JsValue::TRUE);
    }

    async fn what_is_no_event_target_is_an_error() {
        let object = js("return {}", &JsValue::NULL).unwrap();
        assert!(Events::new(&object, "tick").is_err());
    }

    async fn a_token_cancels_a_signal() {
        let token = CancellationToken::new();
        let signal = web::signal_of(&token);
        let aborted = |signal: &JsValue| js("return x.aborted", signal).unwrap();
        assert_eq!(aborted(signal.as_js()), JsValue::FALSE);
        token.cancel();
        let began = Instant::now();
        while aborted(signal.as_js()) != JsValue::TRUE {
            assert!(began.elapsed() < Duration::from_secs(20), "the signal hears of it");
            yield_now().await;
        }
        assert_eq!(aborted(web::signal_of(&token).as_js()), JsValue::TRUE, "and at once");
        let other = CancellationToken::new();
        let kept = web::signal_of(&other).as_js().clone();
        other.cancel();
        sleep(Duration::from_millis(1)).await;
        assert_eq!(aborted(&kept), JsValue::FALSE, "a dropped one stays as it is");
    }

    async fn a_signal_cancels_a_token() {
        let controller = js("return new AbortController()", &JsValue::NULL).unwrap();
        let signal = js("return x.signal", &controller).unwrap();
        let token = web::token_of(&signal).unwrap();
        assert!(!token.is_cancelled());
        let waits = web::spawn_local({
            let token = token.child_token();
            async move { token.cancelled().await }
        });
        js("x.abort('enough')", &controller).unwrap();
        waits.await.unwrap();
        assert_eq!(text(&token.reason()), "enough");
        assert!(web::token_of(&signal).unwrap().is_cancelled(), "and at once");
        let other = js("return new EventTarget()", &JsValue::NULL).unwrap();
        let error = web::io_error(web::token_of(&other).unwrap_err()).to_string();
        assert!(error.contains("no AbortSignal"), "{error}");
    }

    async fn a_promise_can_be_cancelled_by_a_signal() {
        let gone = Rc::new(Cell::new(false));
        let guard = Told(gone.clone());
        let controller = js("return new AbortController()", &JsValue::NULL).unwrap();
        let signal = js("return x.signal", &controller).unwrap();
        let promise = web::promise_until(&signal, async move {
            let _guard = guard;
            pending().await
        });
        sleep(Duration::from_millis(1)).await;
        assert!(!gone.get());
        js("x.abort('enough')", &controller).unwrap();
        let outcome = JsFuture::from(promise.unwrap()).await;
        assert_eq!(text(&outcome.unwrap_err()), "enough");
        assert!(gone.get());
    }

    async fn dropping_a_future_aborts_what_it_stands_for() {
        let heard: Rc<RefCell<JsValue>> = Rc::default();
        let hear = heard.clone();
        let future = web::abortable(move |signal| {
            *hear.borrow_mut() = signal.clone();
            Promise::new(&mut |_, _| {})
        });
        assert!(timeout(Duration::from_millis(1), future).await.is_err());
        assert_eq!(js("return x.aborted", &heard.borrow()).unwrap(), JsValue::TRUE);
    }

    async fn a_generator_is_a_stream() {
        let generator = js(
            "return (async function* () {
                for (let i = 1; i <= 3; i++) { await null; yield i }
                throw new RangeError('no more')
             })()",
            &JsValue::NULL,
        );
        let mut stream = JsStream::new(&generator.unwrap()).unwrap();
        for number in 1..=3 {
            assert_eq!(stream.next().await, Some(Ok(JsValue::from(number))));
        }
        let thrown = web::io_error(stream.next().await.unwrap().unwrap_err());
        assert_eq!(thrown.to_string(), "RangeError: no more");
        assert_eq!(thrown.kind(), ErrorKind::InvalidInput);
        assert_eq!(stream.next().await, None);
        let array: JsValue = Array::of2(&1.into(), &2.into()).into();
        let array = JsStream::new(&array).unwrap();
        assert_eq!(array.collect::<Vec<_>>().await.len(), 2, "a plain iterable serves as well");
        assert!(JsStream::new(&JsValue::from(1)).is_err());
    }

    async fn an_iterator_that_breaks_the_rules_is_an_error_and_no_more() {
        for (answer, said) in [
            ("undefined", "TypeError"),
            ("Promise.resolve(5)", "TypeError"),
            ("({ get done() { throw 'no end' } })", "no end"),
            ("({ done: false, get value() { throw 'no value' } })", "no value"),
        ] {
            let iterator = format!(
                "return {{ [Symbol.asyncIterator]() {{ return this }}, next() {{ return {answer} }},
                    get return() {{ throw 'no return' }} }}"
            );
            let mut stream = JsStream::new(&js(&iterator, &JsValue::NULL).unwrap()).unwrap();
            let thrown = web::io_error(stream.next().await.unwrap().unwrap_err()).to_string();
            assert!(thrown.contains(said), "{answer}: {thrown}");
            assert_eq!(stream.next().await, None, "{answer}");
            drop(JsStream::new(&js(&iterator, &JsValue::NULL).unwrap()).unwrap());
        }
    }

    async fn a_dropped_stream_ends_its_generator() {
        let state = js("return { ended: false }", &JsValue::NULL).unwrap();
        let generator = js(
            "return (async function* () {
                try { yield 1; yield 2 } finally { x.ended = true }
             })()",
            &state,
        );
        let mut stream = JsStream::new(&generator.unwrap()).unwrap();
        stream.next().await.unwrap().unwrap();
        drop(stream);
        sleep(Duration::from_millis(1)).await;
        assert_eq!(js("return x.ended", &state).unwrap(), JsValue::TRUE);
    }

    async fn a_stream_is_an_async_iterator() {
        let numbers = stream::iter([1, 2, 3]).map(|number| Ok(JsValue::from(number)));
        let iterator = web::async_iterator(numbers);
        let sum = "let sum = 0; for await (const number of x) sum += number; return sum";
        assert_eq!(js_async(sum, &iterator).await, Ok(JsValue::from(6)));
        let failing = stream::iter([Ok(JsValue::from(1)), Err(JsValue::from("broken"))]);
        let failing = web::async_iterator(failing);
        assert_eq!(js_async(sum, &failing).await, Err(JsValue::from("broken")));
    }

    async fn leaving_a_loop_drops_the_stream() {
        let (iterator, gone) = counting();
        let some = "for await (const number of x) if (number == 5) return number";
        assert_eq!(js_async(some, &iterator).await, Ok(JsValue::from(5)));
        assert!(gone.get());
        let next = "return (await x.next()).done";
        assert_eq!(js_async(next, &iterator).await, Ok(JsValue::TRUE));
    }

    async fn leaving_while_an_item_is_awaited_drops_the_stream_too() {
        let gone = Rc::new(Cell::new(false));
        let guard = Told(gone.clone());
        let iterator = web::async_iterator(Never(guard));
        let leave = "const next = x.next(); await 0; await x.return(); return (await next).done";
        assert_eq!(js_async(leave, &iterator).await, Ok(JsValue::TRUE));
        assert!(gone.get());
    }

    async fn what_is_thrown_into_a_stream_drops_it_and_comes_back() {
        let (iterator, gone) = counting();
        // By a generator that delegates to it, which asks for `throw`.
        let thrown = "const outer = (async function* () { yield* x })();
            await outer.next();
            return await outer.throw('why')";
        assert_eq!(js_async(thrown, &iterator).await, Err(JsValue::from("why")));
        assert!(gone.get());
        let next = "return (await x.next()).done";
        assert_eq!(js_async(next, &iterator).await, Ok(JsValue::TRUE));
    }

    async fn a_readable_stream_is_a_reader() {
        let stream = js(
            "return new ReadableStream({ start(c) {
                c.enqueue(new Uint8Array([104, 101])); c.enqueue(new Uint8Array());
                c.enqueue(new Uint8Array([108, 108, 111])); c.close();
             } })",
            &JsValue::NULL,
        );
        let stream = stream.unwrap();
        let mut reader = ByteReader::new(&stream).unwrap();
        let locked = ByteReader::new(&stream).unwrap_err();
        assert!(locked.to_string().contains("lock"), "{locked}");
        let mut one = [0];
        assert_eq!(reader.read(&mut one).await.unwrap(), 1);
        let mut rest = String::new();
        reader.read_to_string(&mut rest).await.unwrap();
        assert_eq!((one, rest.as_str()), ([b'h'], "ello"));
        assert_eq!(reader.read(&mut one).await.unwrap(), 0, "the end stays");
    }

    async fn a_readable_stream_that_fails_says_why() {
        let stream = js(
            "return new ReadableStream({ pull(c) { c.error(new TypeError('worn out')) } })",
            &JsValue::NULL,
        );
        let mut reader = ByteReader::new(&stream.unwrap()).unwrap();
        let error = reader.read(&mut [0; 8]).await.unwrap_err();
        assert_eq!(error.to_string(), "TypeError: worn out");
        let stream = js(
            "return new ReadableStream({ start(c) { c.enqueue({}) } })",
            &JsValue::NULL,
        );
        let mut reader = ByteReader::new(&stream.unwrap()).unwrap();
        let error = reader.read(&mut [0; 8]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
    }

    async fn a_dropped_reader_cancels_its_stream() {
        let state = js("return {}", &JsValue::NULL).unwrap();
        let stream = js("return new ReadableStream({ cancel() { x.cancelled = true } })", &state);
        drop(ByteReader::new(&stream.unwrap()).unwrap());
        assert_eq!(js("return x.cancelled", &state).unwrap(), JsValue::TRUE);
    }

    async fn a_writable_stream_is_a_writer_that_waits() {
        let state = js("return { written: [], closed: false, release() {} }", &JsValue::NULL);
        let state = state.unwrap();
        let sink = js(
            "return new WritableStream({
                write(chunk) {
                    x.written.push(...chunk);
                    return new Promise((resolve) => (x.release = resolve));
                },
                close() { x.closed = true },
             })",
            &state,
        );
        let mut writer = ByteWriter::new(&sink.unwrap()).unwrap();
        writer.write_all(b"one").await.unwrap();
        let second = timeout(Duration::from_millis(3), writer.write_all(b"two")).await;
        assert!(second.is_err(), "the queue is full");
        js("x.release()", &state).unwrap();
        writer.write_all(b"two").await.unwrap();
        let finish = web::spawn_local(async move {
            writer.shutdown().await.unwrap();
        });
        while !finish.is_finished() {
            js("x.release()", &state).unwrap();
            sleep(Duration::from_millis(1)).await;
        }
        let written = js("return String.fromCharCode(...x.written)", &state).unwrap();
        assert_eq!(text(&written), "onetwo");
        assert_eq!(js("return x.closed", &state).unwrap(), JsValue::TRUE);
    }

    async fn a_writable_stream_that_fails_says_why() {
        let sink = js(
            "return new WritableStream({ async write() { throw new Error('disk full') } })",
            &JsValue::NULL,
        );
        let mut writer = ByteWriter::new(&sink.unwrap()).unwrap();
        writer.write_all(b"lost").await.unwrap();
        let error = writer.flush().await.unwrap_err();
        assert_eq!(error.to_string(), "Error: disk full");
        assert!(writer.write_all(b"more").await.is_err());
    }

    async fn what_is_written_after_the_end_is_refused() {
        let sink = js("return new WritableStream()", &JsValue::NULL).unwrap();
        let mut writer = ByteWriter::new(&sink).unwrap();
        writer.shutdown().await.unwrap();
        assert_eq!(writer.write(b"late").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
    }

    async fn a_dropped_writer_aborts_its_stream() {
        let state = js("return {}", &JsValue::NULL).unwrap();
        let sink = js("return new WritableStream({ abort() { x.aborted = true } })", &state);
        let mut writer = ByteWriter::new(&sink.unwrap()).unwrap();
        writer.write_all(b"half").await.unwrap();
        drop(writer);
        sleep(Duration::from_millis(1)).await;
        assert_eq!(js("return x.aborted", &state).unwrap(), JsValue::TRUE);
    }

    async fn a_reader_is_a_readable_stream() {
        let (mut near, far) = creel::io::duplex(16);
        let stream = web::readable_stream(far);
        let writes = web::spawn_local(async move {
            for _ in 0..10 {
                near.write_all(b"0123456789").await.unwrap();
            }
        });
        let count = "let n = 0; for (const r = x.getReader();;) {
            const { done, value } = await r.read(); if (done) return n; n += value.length }";
        assert_eq!(js_async(count, &stream).await, Ok(JsValue::from(100)));
        writes.await.unwrap();
    }

    async fn cancelling_a_readable_stream_drops_the_reader() {
        let (near, far) = creel::io::duplex(16);
        let stream = web::readable_stream(far);
        let cancel = "const r = x.getReader(); const read = r.read(); await r.cancel(); await read";
        js_async(cancel, &stream).await.unwrap();
        let mut near = near;
        sleep(Duration::from_millis(1)).await;
        assert_eq!(near.write(b"more").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
    }

    async fn a_reader_may_cancel_its_own_stream() {
        let stream: Rc<RefCell<JsValue>> = Rc::default();
        let own = stream.clone();
        let reader = CancelsItself(Box::new(move || {
            js("x.cancel()", &own.borrow()).unwrap();
        }));
        *stream.borrow_mut() = web::readable_stream(reader);
        let x = js("return { reader: x.getReader(), stream: x }", &stream.borrow()).unwrap();
        *stream.borrow_mut() = js("return x.reader", &x).unwrap();
        let read = "return (await x.reader.read()).done";
        assert_eq!(js_async(read, &x).await, Ok(JsValue::TRUE));
        // Nothing was thrown past this task: the runtime goes on.
        sleep(Duration::from_millis(1)).await;
    }

    async fn a_writer_is_a_writable_stream() {
        let (mut near, far) = creel::io::duplex(4);
        let stream = web::writable_stream(far);
        let reads = web::spawn_local(async move {
            let mut all = String::new();
            near.read_to_string(&mut all).await.unwrap();
            all
        });
        let write = "const w = x.getWriter();
            for (const part of ['hello ', 'world']) await w.write(new TextEncoder().encode(part));
            await w.close()";
        js_async(write, &stream).await.unwrap();
        assert_eq!(reads.await.unwrap(), "hello world");
    }

    async fn aborting_a_writable_stream_drops_a_writer_that_waits() {
        let (near, far) = creel::io::duplex(4);
        let stream = web::writable_stream(far);
        let abort = "const w = x.getWriter(); const write = w.write(new Uint8Array(16));
            await new Promise((go) => setTimeout(go)); await w.abort('enough');
            try { await write } catch (reason) { return reason }";
        let abort = js_async(abort, &stream);
        let reason = timeout(Duration::from_secs(5), abort).await.expect("it waits for nobody");
        assert_eq!(text(&reason.unwrap()), "enough");
        let mut near = near;
        let mut some = Vec::new();
        near.read_to_end(&mut some).await.unwrap();
        assert_eq!(some, [0; 4], "what was written before it");
    }

    async fn a_callback_that_throws_is_an_error_and_no_more() {
        let throws = js("return () => { throw new Error('thrown') }", &JsValue::NULL).unwrap();
        let throws: Function = throws.unchecked_into();
        let task = web::spawn_local(async move {
            throws.call0(&JsValue::UNDEFINED).map_err(web::io_error).unwrap_err()
        });
        assert_eq!(task.await.unwrap().to_string(), "Error: thrown");
        // A getter of an awaited value that throws rejects the promise.
        let bad = "return Promise.resolve({ get then() { throw new Error('bad then') } })";
        let bad: Promise = js(bad, &JsValue::NULL).unwrap().unchecked_into();
        let error = web::io_error(JsFuture::from(bad).await.unwrap_err());
        assert_eq!(error.to_string(), "Error: bad then");
    }

    async fn javascript_may_spawn_and_wake_from_inside_a_poll() {
        let (tell, told) = oneshot::channel();
        let mut tell = Some(tell);
        let order: Rc<RefCell<Vec<&str>>> = Rc::default();
        let inner = order.clone();
        let callback = Closure::<dyn FnMut()>::new(move || {
            let inner = inner.clone();
            web::spawn_local(async move { inner.borrow_mut().push("spawned") });
            tell.take().unwrap().send(()).unwrap();
        });
        // An event that is dispatched in a poll is heard in that poll.
        let target = js("return new EventTarget()", &JsValue::NULL).unwrap();
        js("x[0].addEventListener('now', x[1])",
            &Array::of2(&target, callback.as_ref()).into()).unwrap();
        js("x.dispatchEvent(new Event('now'))", &target).unwrap();
        order.borrow_mut().push("still polled");
        told.await.unwrap();
        sleep(Duration::from_millis(1)).await;
        assert_eq!(*order.borrow(), ["still polled", "spawned"]);
    }
}
