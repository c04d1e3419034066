/** @file Our own small writer of SVG for a paper: tags, text as text, a white page with its title. Pure. */
import { paper } from '../theme.ts';

export const width = 720;
const font = paper.font;

/** Text between tags or in an attribute; what XML 1.0 cannot hold is left out. */
export const escapeXml = (text: string): string =>
  text
    .replace(
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML forbids
      /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
      '',
    )
    .replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

export const round = (value: number) => Math.round(value * 100) / 100;
export type Attributes = Record<string, string | number | undefined>;

export function tag(name: string, attributes: Attributes, ...inner: string[]): string {
  const list = Object.entries(attributes)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? round(value) : escapeXml(String(value))}"`)
    .join('');
  return inner.length > 0 ? `<${name}${list}>${inner.join('')}</${name}>` : `<${name}${list}/>`;
}

export const words = (x: number, y: number, text: string, more: Attributes = {}) =>
  tag('text', { x, y, 'font-size': 11, fill: paper.text, ...more }, escapeXml(text));

/** About as many letters stand in a line at the size of a source. */
const sourceLetters = 128;

/** @param source below all else: of which runs it is, and how it was made */
export function page(above: number, title: string, parts: string[], source = ''): string {
  const lines = source === '' ? [] : wrapped(source, sourceLetters);
  const height = above + lines.length * 13 + (lines.length > 0 ? 6 : 0);
  const under = lines.map((line, i) => words(24, above + 8 + i * 13, line, { 'font-size': 9, fill: paper.muted }));
  const head = { xmlns: 'http://www.w3.org/2000/svg', width, height, viewBox: `0 0 ${width} ${round(height)}` };
  const ground = tag('rect', { width, height, fill: paper.background });
  return `<?xml version="1.0" encoding="UTF-8"?>\n${tag('svg', { ...head, 'font-family': font, role: 'img' }, tag('title', {}, escapeXml(title)), ground, ...parts, ...under)}\n`;
}

function wrapped(text: string, most: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const longer = lines[lines.length - 1] === '' ? word : `${lines[lines.length - 1]} ${word}`;
    if (longer.length <= most) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.filter(Boolean).slice(0, 6);
}
