//! Time: instants, sleeps, intervals, timeouts.
