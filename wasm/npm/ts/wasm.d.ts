/** The core of programs, as text: made by the build. @internal */
export const text: string;
