// A worker without an import map, which no worker has.
import { expose } from "./creel/index.js";

export default expose({ square: (n) => n * n });
