/** The memories of all cores that are made from now on: import it before the package. */
export const memories: WebAssembly.Memory[] = [];

const { Instance } = WebAssembly;
WebAssembly.Instance = class extends Instance {
  constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
    super(module, imports);
    memories.push(this.exports["memory"] as WebAssembly.Memory);
  }
};
