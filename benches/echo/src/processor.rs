//! On which processors this process, and those that it starts, may run.
//!
//! Why unsafe: the standard library has no name for it.

/// Runs `f` on one processor, and whatever it starts, too.
pub fn on_one<R>(f: impl FnOnce() -> R) -> R {
    let size = size_of::<libc::cpu_set_t>();
    // SAFETY: a set of processors is an array of numbers, and both calls stay within it.
    let before = unsafe {
        let mut set: libc::cpu_set_t = core::mem::zeroed();
        assert_eq!(libc::sched_getaffinity(0, size, &raw mut set), 0, "it is this process");
        set
    };
    let allow = |set: &libc::cpu_set_t| {
        // SAFETY: as above.
        let done = unsafe { libc::sched_setaffinity(0, size, set) };
        assert_eq!(done, 0, "some of these were allowed before");
    };
    // SAFETY: as above; every number that is asked about lies within the set.
    let one = unsafe {
        let first = (0..libc::CPU_SETSIZE as usize).find(|cpu| libc::CPU_ISSET(*cpu, &before));
        let mut one: libc::cpu_set_t = core::mem::zeroed();
        libc::CPU_SET(first.expect("this runs somewhere"), &mut one);
        one
    };
    allow(&one);
    let result = f();
    allow(&before);
    result
}
