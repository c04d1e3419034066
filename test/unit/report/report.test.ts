import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { XMLValidator } from 'fast-xml-parser';
import { afterAll, describe, expect, it } from 'vitest';
import type { Findings } from '../../../sidecar/protocol/findings.ts';
import { escapeHtml } from '../../../sidecar/report/html.ts';
import { writeReport } from '../../../sidecar/report/index.ts';
import { escapeMarkdown } from '../../../sidecar/report/markdown.ts';
import { sampleFindings } from '../../support/findings.ts';

const root = mkdtempSync(join(tmpdir(), 'milore-report-'));
afterAll(() => rmSync(root, { recursive: true }));

let made = 0;
function runOf(findings: Findings | undefined, name = 'one after the other'): string {
  const path = join(root, `run-${made++}`);
  mkdirSync(path);
  const write = (file: string, value: unknown) => writeFileSync(join(path, file), JSON.stringify(value));
  write('run.json', {
    name,
    createdAt: '2026-11-26T01:02:03Z',
    versions: { milore: '0.4.0', node: '20' },
    device: 'cpu',
  });
  write('resolved.json', { training: { steps: 200 }, languages: { fin: { data: ['/data/fin'] } } });
  writeFileSync(join(path, 'experiment.milore.yaml'), 'name: one\n# ``` inside\n');
  const corpus = { language: 'fin', role: 'new', trainSeconds: 330, heldOutSeconds: 60, utterances: 90, speakers: 6 };
  const events = [
    { type: 'started', device: 'cpu', step: 0 },
    { type: 'corpus', ...corpus, skipped: [{ reasonCode: 'silent' }], dropped: { pieces: 2 } },
    { type: 'note', level: 'warning', text: 'The disk is slow.' },
    { type: 'done', step: 200, seconds: 600 },
  ].map((event, i) => JSON.stringify({ seq: i + 1, time: '2026-11-26T01:02:03Z', ...event }));
  writeFileSync(join(path, 'log.jsonl'), `${events.join('\n')}\n`);
  if (findings) write('findings.json', findings);
  return path;
}
const reported = async (path: string) => {
  const out = join(root, `out-${made++}`);
  const files = await writeReport(path, out);
  return { out, files, read: (name: string) => readFileSync(join(out, name), 'utf8') };
};

describe('a report', () => {
  it('says the answer, the data, every number of every table, and how to do it again, in three forms', async () => {
    const findings = sampleFindings();
    findings.parameters = { base: 1_000_000, experts: 18_000, routers: 2000, baseTrained: 0, head: 5000 };
    const { read } = await reported(runOf(findings));
    const [html, markdown, latex] = ['report.html', 'report.md', 'tables.tex'].map(read);
    for (const text of [html, markdown]) {
      expect(text).toMatch(/20,000 parameters were trained \(18,000 in experts, 2,000 in routers\), 2\.00.% of/);
      expect(text).toContain('fin (new): ');
      expect(text).toContain('1 silent, 2 too short');
      expect(text).toContain('The disk is slow.');
      expect(text).toContain('milore train experiment.milore.yaml');
    }
    for (const table of findings.tables)
      for (const row of table.rows)
        for (const { value } of Object.values(row)) {
          if (value === undefined) continue;
          const shown = (table.unit === 'share' ? 100 * value : value).toFixed(table.unit === 'share' ? 1 : 2);
          for (const text of [html, markdown, latex]) expect(text).toContain(shown.replace('-', '\u2212'));
        }
    const last = findings.rows.length - 1;
    for (const { counts } of findings.confusions.filter(({ row }) => row === 0 || row === last))
      expect(markdown.replace(/\\/g, '')).toContain(`| ${counts[0].join(' | ')} |`);
    expect(latex.match(/\\begin\{table\}/g)?.length).toBe(latex.match(/\\end\{table\}/g)?.length);
    expect(latex).toContain('\\bottomrule');
  });

  it('is one page that asks nothing of the world, and pictures that are XML by themselves', async () => {
    const { read, files } = await reported(runOf(sampleFindings()));
    const html = read('report.html');
    expect(html).not.toMatch(/<script|<link|<iframe|src=|@import|url\(/i);
    expect(html.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:/);
    expect(html).toContain("default-src 'none'");
    const pictures = files.filter((name) => name.endsWith('.svg'));
    expect(pictures.length).toBeGreaterThan(4);
    for (const name of pictures) {
      expect(XMLValidator.validate(read(name)), name).toBe(true);
      expect(read(name)).not.toMatch(/NaN|Infinity|undefined/);
      expect(read('report.md')).toContain(`(${name})`);
    }
  });

  it('holds hostile names as text', async () => {
    const evil = '<img src=x onerror=alert(1)>|`$\\input{x}%](javascript:a)';
    const findings = sampleFindings();
    const [first] = findings.languages;
    const text = JSON.stringify(findings).replaceAll(`"${first.code}"`, JSON.stringify(evil));
    const { read } = await reported(runOf(JSON.parse(text) as Findings, evil));
    const html = read('report.html');
    expect(html).not.toMatch(/<img/i);
    expect(html).toContain(escapeHtml(evil));
    expect(read('report.md')).not.toMatch(/(?<!\\)<img|(?<!\\)\]\(javascript/);
    const latex = read('tables.tex');
    expect(latex).not.toMatch(/\\input/);
    for (const line of latex.split('\n').filter((one) => one.includes('onerror') && one.includes('&')))
      expect(line.match(/(?<!\\)[%$#_]/g)).toBeNull();
    for (const name of readdirSync(join(root)).filter((one) => one.startsWith('out-'))) expect(name).not.toMatch(/</);
  });

  it('replaces an older report, and nothing else', async () => {
    const path = runOf(sampleFindings());
    const { out } = await reported(path);
    await expect(writeReport(path, out)).resolves.toContain('report.html');
    writeFileSync(join(out, 'thesis.docx'), 'x');
    await expect(writeReport(path, out)).rejects.toThrow(/it holds other files, such as "thesis.docx"/);
    expect(readFileSync(join(out, 'thesis.docx'), 'utf8')).toBe('x');
  });

  it('says what is missing in a run that has measured nothing, or whose findings are not findings', async () => {
    await expect(writeReport(runOf(undefined), join(root, 'no'))).rejects.toThrow(/has not measured anything yet/);
    const wrong = { ...sampleFindings(), version: 7 } as unknown as Findings;
    await expect(writeReport(runOf(wrong), join(root, 'no'))).rejects.toThrow(/cannot be used/);
    await expect(writeReport(join(root, 'nowhere'), join(root, 'no'))).rejects.toThrow(/there is no such folder/);
    expect(readdirSync(root)).not.toContain('no');
  });
});

it('escapes what each form takes for its own', () => {
  expect(escapeHtml(`<a href="x">&'\u0007`)).toBe('&#60;a href=&#34;x&#34;&#62;&#38;&#39; ');
  expect(escapeMarkdown('a|b*_<i>`')).toBe('a\\|b\\*\\_\\<i\\>\\`');
});
