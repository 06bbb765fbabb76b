//! The program in Node: the event loop drives the runtime, so `main` spawns and returns.

use creel::time::Instant;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(module = "node:fs")]
extern "C" {
    #[wasm_bindgen(js_name = readFileSync)]
    fn read_file(descriptor: u32, encoding: &str) -> String;
    #[wasm_bindgen(js_name = writeSync)]
    fn write(descriptor: u32, text: &str);
}

fn say(line: String) {
    write(1, &format!("{line}\n"));
}

fn main() {
    creel::wasm::web::spawn_local(async {
        let text = read_file(0, "utf8");
        let began = Instant::now();
        let report = creel_demo::work(&text, say).await;
        say(report.describe(began.elapsed()));
    });
}
