//! What the runtimes of preview 3 have from their host.

#[cfg(feature = "net")]
use {super::net, crate::platform, core::any::Any, std::string::String};

/// Names and sockets. What is waited for knows whom to wake, so there is nothing to keep.
#[derive(Debug)]
pub(super) struct Driver;

impl crate::platform::Driver for Driver {
    #[cfg(feature = "net")]
    fn lookup(&self, host: String, port: u16) -> platform::Lookup {
        // Always so, and yet the compiler leaves out what follows where no name is ever asked for.
        assert!(platform::names_are_asked_for(), "somebody asks for one");
        net::lookup(host, port)
    }

    #[cfg(feature = "net")]
    fn sockets(&self) -> Option<&'static (dyn Any + Send + Sync)> {
        Some(&net::SOCKETS)
    }

    /// What is waited for ends with the export.
    fn shut_down(&self) {}
}
