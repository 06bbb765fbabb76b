/** Node's strict assertions, as many of them as the tests use. */
type Expected = RegExp | (new (...args: never[]) => Error) | ((error: never) => boolean) | Record<string, unknown>;

class AssertionError extends Error {
  override name = "AssertionError";
}

function check(condition: unknown, message: () => string): asserts condition {
  if (!condition) throw new AssertionError(message());
}

const shown = (value: unknown): string => JSON.stringify(value) ?? String(value);

function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || !a || !b) return false;
  const [left, right] = [Object.entries(a), Object.entries(b)];
  return left.length === right.length && left.every(([key, value]) => same(value, (b as Record<string, unknown>)[key]));
}

function fits(error: unknown, expected: Expected | undefined): boolean {
  if (expected === undefined) return true;
  if (expected instanceof RegExp) return expected.test(String(error));
  if (typeof expected === "object") {
    return Object.entries(expected).every(([key, value]) => same((error as Record<string, unknown>)[key], value));
  }
  const isClass = expected.prototype instanceof Error || expected === (Error as unknown);
  return isClass ? error instanceof (expected as new () => Error) : (expected as (error: unknown) => boolean)(error);
}

function failed(f: () => never | void, expected: Expected | undefined, outcome: { error: unknown } | undefined): void {
  check(outcome, () => `${f} did not fail`);
  check(fits(outcome.error, expected), () => `failed with ${outcome.error}`);
}

const assert = {
  ok: (value: unknown, message = "not so"): void => check(value, () => message),
  fail: (message = "failed"): never => {
    throw new AssertionError(message);
  },
  equal: (a: unknown, b: unknown): void => check(Object.is(a, b), () => `${shown(a)} is not ${shown(b)}`),
  deepEqual: (a: unknown, b: unknown): void => check(same(a, b), () => `${shown(a)} is not ${shown(b)}`),
  match: (text: string, pattern: RegExp): void => check(pattern.test(text), () => `${text} does not match ${pattern}`),
  throws(f: () => void, expected?: Expected): void {
    let outcome: { error: unknown } | undefined;
    try {
      f();
    } catch (error) {
      outcome = { error };
    }
    failed(f, expected, outcome);
  },
  async rejects(promise: PromiseLike<unknown>, expected?: Expected): Promise<void> {
    const outcome = await promise.then(() => undefined, (error: unknown) => ({ error }));
    failed(() => {}, expected, outcome);
  },
};

export default assert;
