/** @file A report as one HTML page that needs nothing else: no script, no font, no address; pictures stand in it. */
import type { Block, TableBlock } from './document.ts';

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`).replace(/\p{Cc}/gu, (c) => (c === '\n' ? c : ' '));

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1.5rem; }
h1 { font-size: 1.7rem; line-height: 1.2; } h2 { margin-top: 2.4rem; border-bottom: 1px solid var(--line); padding-bottom: .2rem; }
.table { overflow-x: auto; margin: .4rem 0 1.2rem; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
p.caption { margin: 1.2rem 0 0; color: color-mix(in srgb, currentColor 75%, transparent); }
th, td { padding: .25rem .7rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th.word, td.word { text-align: left; } td.word.long { white-space: normal; } td small { display: block; opacity: .75; }
summary { cursor: pointer; margin: 1rem 0; } thead th { border-bottom-width: 2px; }
tbody tr:hover { background: var(--soft); }
figure { margin: 1.2rem 0; } figure svg { max-width: 100%; height: auto; display: block; } figcaption { margin-top: .4rem; color: color-mix(in srgb, currentColor 75%, transparent); }
pre { background: var(--soft); padding: .8rem 1rem; overflow-x: auto; font-size: .85rem; }
@media print { body { max-width: none; margin: 0; } h2 { break-after: avoid; } figure, .table { break-inside: avoid; } }
`;

/** Longer, and a cell of words may break. */
const LONG = 60;

export function toHtml(title: string, blocks: readonly Block[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${blocks.map(block).join('\n')}
</main>
</body>
</html>
`;
}

function block(one: Block): string {
  switch (one.kind) {
    case 'heading':
      return `<h${one.level}>${escapeHtml(one.text)}</h${one.level}>`;
    case 'text':
      return `<p>${escapeHtml(one.text)}</p>`;
    case 'list':
      return `<ul>\n${one.items.map((item) => `<li>${escapeHtml(item)}</li>`).join('\n')}\n</ul>`;
    case 'code':
      return `<pre><code>${escapeHtml(one.text)}</code></pre>`;
    case 'table':
      return table(one);
    case 'picture':
      return `<figure>\n${one.svg}\n<figcaption>${escapeHtml(one.caption)}</figcaption>\n</figure>`;
  }
}

/** `3.84 (3.79 to 3.90)`: the interval goes below its number. */
const WITH_INTERVAL = /^([^()]+) (\([^()]+\))$/;

function table({ caption, head, rows, words, folded }: TableBlock): string {
  const cell = (tag: 'th' | 'td', text: string, column: number) => {
    const classes = column < words ? ` class="word${text.length > LONG ? ' long' : ''}"` : '';
    const scope = tag === 'th' ? ' scope="col"' : '';
    const [, value, interval] = (column >= words && WITH_INTERVAL.exec(text)) || [undefined, text];
    const inside = `${escapeHtml(value)}${interval ? ` <small>${escapeHtml(interval)}</small>` : ''}`;
    return `<${tag}${scope}${classes}>${inside}</${tag}>`;
  };
  const line = (tag: 'th' | 'td', cells: readonly string[]) =>
    `<tr>${cells.map((text, column) => cell(tag, text, column)).join('')}</tr>`;
  const whole = `<div class="table" tabindex="0" role="region" aria-label="${escapeHtml(caption)}"><table>
<thead>${line('th', head)}</thead>
<tbody>
${rows.map((row) => line('td', row)).join('\n')}
</tbody>
</table></div>`;
  if (folded) return `<details><summary>${escapeHtml(caption)}</summary>\n${whole}\n</details>`;
  return `<p class="caption">${escapeHtml(caption)}</p>\n${whole}`;
}
