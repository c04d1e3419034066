/**
 * @file Draws the README's picture from a finished run: each language's held-out loss at the start, of the control and
 * of the adapted model. Run: node sidecar/sample/run.mjs sidecar/sample/readme-picture.ts <run folder>
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readLog } from '../runs/log.ts';
import type { EvaluationResult } from '../training/events.ts';

const evaluations: EvaluationResult[] = [];
for await (const event of readLog(join(process.argv[3], 'log.jsonl')))
  if (event.type === 'evaluation') evaluations.push(event as unknown as EvaluationResult);
const [before, after] = [evaluations[0].languages, evaluations.at(-1)!.languages];
const codes = Object.keys(after);
const losses = codes.flatMap((code) =>
  [before[code].adapted, after[code].adapted, after[code].control!].map((s) => s.lossNats),
);
const [low, high] = [Math.floor(Math.min(...losses) * 10 - 0.5) / 10, Math.ceil(Math.max(...losses) * 10 + 0.5) / 10];
const [left, right, top, row] = [150, 660, 66, 40];
const height = top + codes.length * row + 62;
const x = (nats: number) => left + ((nats - low) / (high - low)) * (right - left);
const parts: string[] = [];
const tick = high - low > 1.2 ? 0.2 : 0.1;
for (let v = low; v <= high + 1e-9; v += tick) {
  const at = x(v).toFixed(1);
  parts.push(`<line class="grid" x1="${at}" x2="${at}" y1="${top - 14}" y2="${top + codes.length * row - 14}"/>`);
  parts.push(
    `<text class="quiet" x="${at}" y="${top + codes.length * row + 6}" text-anchor="middle">${v.toFixed(1)}</text>`,
  );
}
codes.forEach((code, i) => {
  const y = top + i * row;
  const { adapted, control, role } = after[code];
  const [a, c, s] = [x(adapted.lossNats), x(control!.lossNats), x(before[code].adapted.lossNats)];
  parts.push(
    `<text x="24" y="${y + 5}"><tspan class="code">${code}</tspan> <tspan class="quiet">${role}</tspan></text>`,
  );
  parts.push(`<line class="${role}" x1="${a.toFixed(1)}" x2="${c.toFixed(1)}" y1="${y}" y2="${y}"/>`);
  parts.push(`<line class="start" x1="${s.toFixed(1)}" x2="${s.toFixed(1)}" y1="${y - 8}" y2="${y + 8}"/>`);
  parts.push(`<circle class="control" cx="${c.toFixed(1)}" cy="${y}" r="6"/>`);
  parts.push(`<circle class="${role} dot" cx="${a.toFixed(1)}" cy="${y}" r="6"/>`);
  parts.push(
    `<text class="quiet" x="736" y="${y + 5}" text-anchor="end">${signed(adapted.lossNats - control!.lossNats)}</text>`,
  );
});
const legend = height - 14;
parts.push(
  `<text class="quiet" x="${(left + right) / 2}" y="${legend - 20}" text-anchor="middle">held-out masked-unit loss, nats (lower is better)</text>`,
  `<circle class="new dot" cx="156" cy="${legend - 4}" r="6"/><circle class="existing dot" cx="172" cy="${legend - 4}" r="6"/><text class="quiet" x="184" y="${legend}">adapted (new, existing)</text>`,
  `<circle class="control" cx="366" cy="${legend - 4}" r="6"/><text class="quiet" x="378" y="${legend}">control: same head, frozen base</text>`,
  `<line class="start" x1="606" x2="606" y1="${legend - 12}" y2="${legend + 4}"/><text class="quiet" x="616" y="${legend}">before the first step</text>`,
);
const style = `text{font:13px system-ui,sans-serif;fill:#1f2328}.code{font-weight:600}.title{font-size:16px;font-weight:600}.quiet{fill:#59636e}
.grid{stroke:#d1d9e0}.start{stroke:#59636e;stroke-width:2}line.new{stroke:#0969da;stroke-width:4}line.existing{stroke:#8250df;stroke-width:4}
.new.dot{fill:#0969da}.existing.dot{fill:#8250df}.control{fill:#fff;stroke:#59636e;stroke-width:2}.paper{fill:#fff}
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.quiet{fill:#9198a1}.grid{stroke:#3d444d}.start{stroke:#9198a1}line.new{stroke:#4493f8}line.existing{stroke:#ab7df8}.new.dot{fill:#4493f8}.existing.dot{fill:#ab7df8}.control{fill:#0d1117;stroke:#9198a1}.paper{fill:#0d1117}}`;
const title = 'The sample: two new languages on a base that knows three';
const label = codes.map(
  (code) =>
    `${code}: adapted ${after[code].adapted.lossNats.toFixed(2)}, control ${after[code].control!.lossNats.toFixed(2)} nats`,
);
writeFileSync(
  'extension/media/sample-result.svg',
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 ${height}" width="760" height="${height}" role="img" aria-label="${title}. ${label.join('; ')}">
<style>${style}</style><rect class="paper" width="760" height="${height}" rx="8"/>
<text class="title" x="24" y="32">${title}</text>
${parts.join('\n')}
</svg>
`,
);

function signed(difference: number): string {
  return `${difference < 0 ? '−' : '+'}${Math.abs(difference).toFixed(3)}`;
}
