//! `cargo xtask site`: puts the site together and serves it on this machine.
//!
//! It is a folder of files for any static host: the page in `www`, the npm package that it runs, and the
//! documentation.

use crate::doc;
use crate::hosts::{self, Context, Host, Source};
use crate::shell::Log;
use crate::steps::Trouble;
use crate::{npm, repo};
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Where it is served unless an address is given.
const ADDRESS: &str = "127.0.0.1:8080";

/// What the page measures beside the package.
const MEASURED: Source<'static> = Source {
    package: "creel-site",
    kind: "--bin",
    features: |_| "",
    entry: Some("creel-site"),
    profile: Some("npm"),
};

/// Puts the site together, with the documentation, and serves it until it is interrupted.
pub fn run(words: &[String]) -> ExitCode {
    let address = words.first().map_or(ADDRESS, String::as_str);
    let folder = match Log::create("site").map_err(Trouble::Failed).and_then(|mut log| {
        let folder = assemble(&mut log)?;
        log.run(&mut doc::command())?;
        copy(&repo::target().join("doc"), &folder.join("api"))
            .map_err(|error| error.to_string())?;
        Ok(folder)
    }) {
        Ok(folder) => folder,
        Err(Trouble::Failed(why)) => {
            eprintln!("{why}");
            return ExitCode::FAILURE;
        }
        Err(Trouble::Missing(missing)) => {
            eprintln!("{} is missing; get it with {}", missing.what, missing.get);
            return ExitCode::FAILURE;
        }
    };
    let served = TcpListener::bind(address).and_then(|listener| {
        println!("{} is served at http://{}", folder.display(), listener.local_addr()?);
        serve(&listener, &folder)
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{address}: {error}; another address can be given");
            ExitCode::FAILURE
        }
    }
}

/// Puts the page and the package into one folder, without the documentation; the answer is the folder.
pub fn assemble(log: &mut Log) -> Result<PathBuf, Trouble> {
    npm::build(log)?;
    let folder = repo::target().join("site");
    let failed = |error: io::Error| format!("{}: {error}", folder.display());
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(failed)?;
    }
    copy(&repo::root().join("www"), &folder).map_err(failed)?;
    // The sources of what it measures are no part of it.
    fs::remove_dir_all(folder.join("rust")).map_err(failed)?;
    copy(&npm::folder().join("dist"), &folder.join("creel")).map_err(failed)?;
    let measured = hosts::build(Host::Chromium(Context::Window), MEASURED, log)?;
    let made = measured.path().parent().expect("it is in a folder");
    copy(made, &folder.join("measured")).map_err(failed)?;
    Ok(folder)
}

/// Copies a folder with all that is in it.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy(&entry.path(), &target)?,
            false => drop(fs::copy(entry.path(), target)?),
        }
    }
    Ok(())
}

/// Serves a folder on a free port as long as the process lives; the answer is the address.
pub fn serve_in_background(folder: PathBuf) -> Result<String, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    std::thread::spawn(move || serve(&listener, &folder));
    Ok(format!("http://{address}"))
}

/// Answers requests for files, one connection after another: enough for one visitor.
fn serve(listener: &TcpListener, folder: &Path) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept()?;
        // A visitor who breaks off is no reason to stop.
        let _ = answer(stream, folder);
    }
}

fn answer(mut stream: TcpStream, folder: &Path) -> io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let path = request.split(' ').nth(1).unwrap_or("/").split(['?', '#']).next().unwrap_or("/");
    let name = path.trim_start_matches('/');
    let name = if name.is_empty() { "index.html" } else { name };
    let is_inside = !name.split('/').any(|part| part == "..");
    match fs::read(folder.join(name)) {
        Ok(body) if is_inside => {
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                media_type(name),
                body.len(),
            );
            stream.write_all(head.as_bytes())?;
            stream.write_all(&body)
        }
        _ => stream
            .write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
    }
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css",
        Some("js") => "text/javascript",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}
