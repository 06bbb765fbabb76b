/** The core of simulations, as text: made by the build. @internal */
export const text: string;
