//! The site, used as a visitor uses it.

use super::Trouble;
use crate::npm::node;
use crate::shell::Log;
use crate::{repo, site, tools};

pub fn visit(log: &mut Log) -> Result<String, Trouble> {
    let chromium = tools::chromium()?;
    let folder = site::assemble(log)?;
    let address = site::serve_in_background(folder.clone())?;
    let pictures = repo::target().join("xtask/site");
    let visitor = repo::root().join("tests/hosts/js/site.mjs");
    let mut command = node(&[]);
    command.arg(visitor).arg(chromium).arg(address);
    log.run(command.arg(&pictures).arg(folder))?;
    Ok(format!("pictures in {}", pictures.display()))
}
