import "./tasks.js";
import "./workers.js";
import "./frames.js";
import "./replay.js";
import "./bench.js";
import { each } from "./page.js";

// What a slider says stands beside it.
for (const input of each('input[type="range"]')) {
  const output = document.querySelector(`output[for="${input.id}"]`);
  const show = () => (output.value = input.value);
  input.addEventListener("input", show);
  show();
}
