/** There are no processes in a browser: tests that need one are left out there. */
export function spawnSync(): never {
  throw new Error("there are no processes here");
}
