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
}

/// Runs the cases of `list` that the command line asks for.
pub fn run(list: impl FnOnce(&Request) -> Vec<&'static Case> + 'static) {
    let arguments: Vec<String> = ARGV.with(|all| all.iter().skip(2).cloned().collect());
    let request = Request::new(arguments);
    web::spawn_local(async move {
        for case in list(&request) {
            print(&format!("test {} ... ", case.name));
            let own = EventLoop::new(&mut Builder::new_current_thread());
            own.spawn_local((case.run)()).await.expect("the case passes");
            print("ok\n");
        }
    });
}
