// A handler as Deno, Bun and workers of the edge take it: nothing but what the web has.
import { all, retry, sleep, timeout, TimeoutError } from "./creel/index.js";

export default {
  async fetch(request) {
    const limit = Number(new URL(request.url).searchParams.get("limit"));
    const part = (n) => retry(async (attempt) => {
      if (attempt === 1) throw new Error("the first attempt always fails");
      return n;
    }, { initial: 1 });
    try {
      const parts = await timeout(limit, async ({ wait }) => {
        if (limit < 100) await wait(sleep(1e9));
        return await wait(all([1, 2, 3].map(part)));
      });
      return Response.json(parts);
    } catch (error) {
      return new Response(error.message, { status: error instanceof TimeoutError ? 504 : 500 });
    }
  },
};
