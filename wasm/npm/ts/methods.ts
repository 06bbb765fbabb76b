import type { Program } from "./operation.js";

/** The methods of an object, by name. */
export type Methods<B> = { [K in keyof B as B[K] extends (...args: never[]) => unknown ? K : never]: B[K] };

/** What a method is called with. */
export type Args<F> = F extends (...args: infer A) => unknown ? A : never;

/** What whoever called a method gets: what its program or its promise comes to, or its answer as it is. */
export type Result<F> = F extends (...args: never[]) => infer R ? (R extends Program<infer T> ? T : Awaited<R>) : never;
