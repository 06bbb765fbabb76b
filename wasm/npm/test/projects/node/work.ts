import { expose } from "creel";

export default expose({ square: (n: number) => n * n });
