//! Runs cases on the event loop of Node, each on a runtime of its own.
//!
//! A panic ends the program here: `harness` says how to go on behind the case that failed.

use crate::conformance::{Case, harness::Request};
use creel::runtime::Builder;
use creel::wasm::web::{self, EventLoop};
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["process", "stdout"], js_name = write)]
    fn print(text: &str);

    #[wasm_bindgen(thread_local_v2, js_namespace = process, js_name = argv)]
    static ARGV: Vec<String>;

    type Process;
    #[wasm_bindgen(thread_local_v2, js_name = process)]
    static PROCESS: Process;
    #[wasm_bindgen(method, setter = exitCode)]
    fn set_exit_code(this: &Process, code: u32);
}

/// Runs the cases that the command line asks for, then, unless it names some, those of the host.
pub fn run(of_host: &'static [Case]) {
    let arguments: Vec<String> = ARGV.with(|all| all.iter().skip(2).cloned().collect());
    let request = Request::new(arguments);
    // Node ends when nothing is left to wait for: a case that hangs must not look like the end.
    PROCESS.with(|process| process.set_exit_code(1));
    web::spawn_local(async move {
        for case in request.cases() {
            run_case("test", case).await;
        }
        if !request.has_filters() {
            for case in of_host {
                run_case("host", case).await;
            }
        }
        PROCESS.with(|process| process.set_exit_code(0));
    });
}

async fn run_case(kind: &str, case: &Case) {
    print(&format!("{kind} {} ... ", case.name));
    let own = EventLoop::new(&mut Builder::new_current_thread());
    own.spawn_local((case.run)()).await.expect("the case passes");
    print("ok\n");
}
