//! The program on a thread of this machine.

use creel::runtime::Builder;
use std::time::Instant;

fn main() -> std::io::Result<()> {
    let text = std::io::read_to_string(std::io::stdin())?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let began = Instant::now();
    let report = runtime.block_on(creel_demo::work(&text, |line| println!("{line}")));
    println!("{}", report.describe(began.elapsed()));
    Ok(())
}
