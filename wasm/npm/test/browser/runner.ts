/** Node's test runner, as much of it as the tests use. */
type Run = () => void | Promise<void>;
interface Options {
  readonly skip?: boolean;
}

/** What the page that loads the tests provides. */
declare const harness: { print(text: string): void; exit(code: number): void };

const tests: { readonly name: string; readonly run: Run }[] = [];
let group = "";

export function describe(name: string, define: () => void): void {
  group = name;
  define();
}

export function test(name: string, options: Options | Run, run?: Run): void {
  const { skip = false } = typeof options === "function" ? {} : options;
  if (!skip) tests.push({ name: `${group}: ${name}`, run: typeof options === "function" ? options : run! });
}

/** Runs every test, one after another, and tells the page. */
export async function runAll(): Promise<void> {
  let failed = 0;
  for (const { name, run } of tests) {
    try {
      await run();
      harness.print(`ok ${name}\n`);
    } catch (error) {
      failed += 1;
      harness.print(`not ok ${name}\n${error instanceof Error ? error.stack : String(error)}\n`);
    }
  }
  harness.print(`# pass ${tests.length - failed}\n# fail ${failed}\n`);
  harness.exit(failed === 0 ? 0 : 1);
}
