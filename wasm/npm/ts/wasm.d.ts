/** The core, compiled: made by the build. @internal */
export function bytes(): Uint8Array<ArrayBuffer>;
