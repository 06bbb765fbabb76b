//! Runs cases on the event loop of Node, a page or a worker, each on a runtime of its own.
//!
//! A panic ends the program here: `harness` says how to go on behind the case that failed. What
//! JavaScript brings along stands in `js/`.

use crate::conformance::{Case, all, harness::Request};
use creel::runtime::Builder;
use creel::wasm::web::{self, EventLoop};
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = harness, js_name = print)]
    fn print(text: &str);
    #[wasm_bindgen(js_namespace = harness, js_name = exit)]
    fn exit(code: u32);

    #[wasm_bindgen(thread_local_v2, js_namespace = harness, js_name = arguments)]
    static ARGUMENTS: Vec<String>;
    #[wasm_bindgen(thread_local_v2, js_namespace = harness, js_name = context)]
    static CONTEXT: String;
    #[wasm_bindgen(thread_local_v2, js_namespace = harness, js_name = server)]
    static SERVER: String;
    /// Where the server of WebTransport listens, the hash of its certificate, and where it ends each session.
    #[wasm_bindgen(thread_local_v2, js_namespace = harness, js_name = transport)]
    static TRANSPORT: String;
}

/// Where this is: `node`, `window`, `worker`, `shared-worker` or `service-worker`.
pub fn context() -> String {
    CONTEXT.with(String::clone)
}

/// The address of the test server, with `path` behind it.
pub fn server(path: &str) -> String {
    SERVER.with(|server| format!("{server}{path}"))
}

/// The server of WebTransport, as `127.0.0.1:PORT`, the SHA-256 of its certificate, and where it ends each
/// session with code 42.
pub fn transport() -> (String, [u8; 32], String) {
    let told = TRANSPORT.with(String::clone);
    let mut words = told.split(' ').map(str::to_owned);
    let mut word = || words.next().expect("it runs");
    let (address, hash, curt) = (word(), word(), word());
    let mut bytes = hash.split(':').map(|byte| u8::from_str_radix(byte, 16).unwrap());
    (address, std::array::from_fn(|_| bytes.next().unwrap()), curt)
}

/// Runs what the command line asks for of the conformance list and of the host's own cases.
pub fn run(of_host: impl IntoIterator<Item = &'static Case>) {
    let request = Request::new(ARGUMENTS.with(Vec::clone));
    let cases = request.choose(all().into_iter().chain(of_host).collect());
    web::spawn_local(async move {
        for case in cases {
            print(&format!("test {} ... ", case.name));
            let own = EventLoop::new(&mut Builder::new_current_thread());
            own.spawn_local((case.run)()).await.expect("the case passes");
            print("ok\n");
        }
        exit(0);
    });
}
