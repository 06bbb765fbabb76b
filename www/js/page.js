/** The element with this id. */
export const $ = (id) => document.getElementById(id);

/** Every element that a selector finds. */
export const each = (selector) => document.querySelectorAll(selector);

/** The number that an input holds. */
export const number = (id) => Number($(id).value);

/** Waits for the next frame. */
export const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));

/** An element with attributes and children. */
export function element(name, attributes = {}, ...children) {
  const made = name.startsWith("svg:")
    ? document.createElementNS("http://www.w3.org/2000/svg", name.slice(4))
    : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
