// What the workers of the page do.
import { expose } from "../creel/index.js";

function isPrime(n) {
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;
  return n > 1;
}

export default expose({
  /** How many primes there are from one number to another. */
  primes(from, to) {
    let count = 0;
    for (let n = from; n < to; n++) if (isPrime(n)) count += 1;
    return count;
  },
  /** Dies, as a mistake in an event handler would make it. */
  die() {
    setTimeout(() => { throw new Error("killed by a button"); });
    return new Promise(() => {});
  },
});
