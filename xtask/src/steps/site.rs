//! The site, used as a visitor uses it.

use super::Trouble;
use crate::npm::node;
use crate::shell::Log;
use crate::{repo, site, tools};
use std::net::TcpListener;

pub fn visit(log: &mut Log) -> Result<String, Trouble> {
    let chromium = tools::chromium()?;
    let folder = site::assemble(log)?;
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    // Serves as long as the process lives.
    std::thread::spawn(move || site::serve(&listener, &folder));
    let pictures = repo::target().join("xtask/site");
    let visitor = repo::root().join("tests/hosts/js/site.mjs");
    let mut command = node(&[]);
    command.arg(visitor).arg(chromium).arg(format!("http://{address}"));
    log.run(command.arg(&pictures))?;
    Ok(format!("pictures in {}", pictures.display()))
}
