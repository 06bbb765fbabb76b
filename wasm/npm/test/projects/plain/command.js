// What a command prints.
import { said } from "./program.js";

console.log(await said());
