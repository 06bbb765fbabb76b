// Lives, and exposes nothing.
setInterval(() => {}, 1000);

export {};
