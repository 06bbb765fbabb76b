/** What both cores export: numbers in, numbers out. */
export interface Tasks {
  /** Starts a task, or takes one over that waits, as `step` would answer; the answer is 0 for want of memory. */
  spawn(task: number, priority: number, wait: number): number;
  /** Lets a parked task go on. */
  wake(task: number): void;
}

/** The core of programs. */
export interface Core extends Tasks {
  tick(turns: number): number;
}

/** The core of simulations. */
export interface SimulationCore extends Tasks {
  simulate(seed: number): void;
  end_simulation(): void;
  run_simulation(): number;
  time(): number;
}

/** What the core calls. */
export type Imports = Record<string, (...numbers: number[]) => number | void>;

const modules = new Map<string, WebAssembly.Module>();

/** Makes an instance: dear in a browser, where each reserves room for the largest memory. */
export function instantiate<C extends Tasks>(text: string, js: Imports): C {
  let module = modules.get(text);
  if (!module) modules.set(text, (module = new WebAssembly.Module(decode(text))));
  return new WebAssembly.Instance(module, { js }).exports as unknown as C;
}

/**
 * The bytes of a module that the build wrote as text. Its first 64 characters say in hexadecimal which
 * bytes are frequent: these are one character each, and all others two, of which the first is one of the
 * last in the alphabet. So it stays ASCII, and compresses as well as the bytes themselves, which base64
 * does not: there no byte has a place of its own.
 */
export function decode(text: string): Uint8Array<ArrayBuffer> {
  const [frequent, rare]: [number[], number[]] = [[], []];
  for (let byte = 0; byte < 256; byte++) {
    const isFrequent = (parseInt(text[byte >> 2]!, 16) >> (byte & 3)) & 1;
    (isFrequent ? frequent : rare).push(byte);
  }
  const bytes = new Uint8Array(text.length);
  let length = 0;
  for (let at = 64; at < text.length; at++) {
    const place = ALPHABET.indexOf(text[at]!);
    bytes[length++] = place < frequent.length
      ? frequent[place]!
      : rare[(place - frequent.length) * frequent.length + ALPHABET.indexOf(text[++at]!)]!;
  }
  return bytes.slice(0, length);
}

/** What needs no escape in a string: all of ASCII that can be seen, less four. */
export const ALPHABET = Array.from({ length: 95 }, (_, n) => String.fromCharCode(32 + n))
  .filter((character) => !'"$\\`'.includes(character))
  .join("");
