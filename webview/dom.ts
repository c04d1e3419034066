/** @file The one way an element is made: text is text, style goes through the CSSOM, no HTML is ever parsed. */

type Child = Node | string | false | undefined;
type Props = Record<string, unknown> & {
  class?: string;
  style?: Partial<Record<string, string>>;
  data?: Record<string, string>;
};

/** Makes an element: `onclick` and other functions are listeners, the rest attributes (`true` bare, `false` absent). */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props?: Props,
  ...children: Child[]
): HTMLElementTagNameMap[K];
export function h(tag: string, props?: Props, ...children: Child[]): HTMLElement;
export function h(tag: `vscode-${string}`, props?: Props, ...children: Child[]): HTMLElement;
export function h(tag: string, props: Props = {}, ...children: Child[]): HTMLElement {
  const element = document.createElement(tag);
  apply(element, props);
  element.append(...children.filter((child) => child !== undefined && child !== false));
  return element;
}

/** The same for SVG. */
export function svg(tag: string, props: Record<string, unknown> = {}, ...children: Child[]): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  apply(element, props);
  element.append(...children.filter((child) => child !== undefined && child !== false));
  return element;
}

function apply(element: HTMLElement | SVGElement, props: Props): void {
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === false) continue;
    if (name === 'style') {
      for (const [property, text] of Object.entries(value as Record<string, string>))
        element.style.setProperty(property, text);
    } else if (name === 'data') {
      for (const [key, text] of Object.entries(value as Record<string, string>)) element.dataset[key] = text;
    } else if (typeof value === 'function') element.addEventListener(name.slice(2), value as EventListener);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
}

/** Sets text only where it changed, so that a screen reader is not told twice. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function setAttribute(element: Element, name: string, value: string | undefined): void {
  if (value === undefined) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** Builds a container's content anew only when what it shows has changed. */
export function keyed(container: Element): (key: string, build: () => Node[]) => void {
  let last: string | undefined;
  return (key, build) => {
    if (key === last) return;
    last = key;
    container.replaceChildren(...build());
  };
}

let counter = 0;
export const freshId = (prefix: string): string => `${prefix}-${++counter}`;

/** The run that the editor's own context menu on an element acts on, as VS Code reads it. */
export const runContext = (run: string): string =>
  JSON.stringify({ webviewSection: 'run', run, preventDefaultContextMenuItems: true });
