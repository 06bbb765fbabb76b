//! The program in the simulator: its clock jumps from one deadline to the next.

use creel::sim::Simulator;
use std::time::Instant;

fn main() -> std::io::Result<()> {
    let text = std::io::read_to_string(std::io::stdin())?;
    let simulator = Simulator::new(2026);
    let began = Instant::now();
    let report =
        simulator.run(async move { creel_demo::work(&text, |line| println!("{line}")).await });
    println!("{}", report.describe(began.elapsed()));
    println!("{} ms of simulated time", simulator.elapsed().as_millis());
    Ok(())
}
