import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunHead, ToWebview } from '../../sidecar/protocol/dashboard.ts';
import type { Findings } from '../../sidecar/protocol/findings.ts';
import { answers, sayAnswer } from '../../sidecar/protocol/findings-words.ts';
import { english } from '../../sidecar/protocol/reason.ts';
import type { View } from '../../webview/view.ts';
import { sampleFindings } from '../support/findings.ts';
import { fiveLanguages } from '../support/run-events.ts';
import { type Dashboard, type Host, host, missing, themeNames } from './harness.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const german: Record<string, string> = JSON.parse(readFileSync('extension/l10n/bundle.l10n.de.json', 'utf8'));
const hostile = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>';

const head = (id: string, more: Partial<RunHead> = {}): RunHead => ({
  id,
  name: `run ${id}`,
  experiment: 'run',
  createdAt: '2026-11-23T20:25:23Z',
  state: 'done',
  step: 800,
  steps: 800,
  device: 'cpu',
  pinned: false,
  tags: [],
  languages: fiveLanguages.map((language) => ({ ...language, name: `Name of ${language.code}` })),
  ...more,
});

/** All that a host says of some runs, each with its findings. */
function told(
  ids: string[],
  findings: (run: string) => Findings | undefined = sampleFindings,
  more: Partial<RunHead> = {},
  words: Record<string, string> = {},
): ToWebview[] {
  return [
    { type: 'hello', words, version: '0.4.0', trusted: true },
    { type: 'connection', state: 'files' },
    { type: 'runs', runs: ids.map((id) => head(id, more)) },
    { type: 'show', runs: ids },
    ...ids.flatMap((run): ToWebview[] => {
      const found = findings(run);
      return found ? [{ type: 'findings', run, findings: found }] : [];
    }),
  ];
}

describe.skipIf(missing)(`the page of findings in Chromium${missing && ` (${missing})`}`, () => {
  let editor: Host;
  beforeAll(async () => {
    editor = await host();
  });
  afterAll(async () => {
    await editor?.close();
  });
  const open = async (options: Parameters<Host['open']>[0], ...messages: ToWebview[]) => {
    const one = await editor.open({ ...options, saved: options?.saved ?? { tab: 'evaluation' } });
    await one.tell(...messages);
    await one.settled();
    return one;
  };
  const clean = async (one: Dashboard) => {
    expect(one.troubles).toEqual([]);
    expect((await one.said()).filter(({ type }) => type === 'fault')).toEqual([]);
    await one.close();
  };
  const page = (one: Dashboard) => one.page.locator('#view-evaluation');
  const table = async (one: Dashboard, chart: string) => {
    const figure = one.page.locator(`[data-chart=${chart}]`);
    if (!(await figure.locator('.chart-table').isVisible())) await figure.locator('button[aria-expanded]').click();
    await one.settled();
    return figure
      .locator('table tr')
      .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent)));
  };
  const choose = async (one: Dashboard, label: string, option: string) => {
    await page(one).locator(`vscode-dropdown[aria-label="${label}"]:visible`).first().click();
    await page(one).locator('vscode-option:visible', { hasText: option }).click();
    await one.settled();
  };

  it('answers in words first, and every number of matrix and bars stands in their tables', async () => {
    const one = await open({}, ...told(['a']));
    expect(await page(one).locator('.answers .overall').innerText()).toBe(
      'New: 2 better. Known: 1 worse, 2 cannot tell.',
    );
    const signs = /[▲▼≈]/g;
    const lines = await page(one).locator('.answers li').allTextContents();
    expect(lines.map((line) => line.replace(signs, ''))).toEqual(answers(sampleFindings(), english).map(sayAnswer));
    expect(lines.map((line) => line.match(signs)?.join('') ?? '')).toEqual(['▲▲', '▲▲', '≈≈', '▼', '≈']);

    const rows = await table(one, 'findings-0');
    expect(rows[0]).toEqual(['After stage', 'fin', 'vie', 'eng', 'deu', 'spa', 'mean', 'BWT', 'FWT']);
    expect(rows[2].slice(0, 2)).toEqual(['1 · fin', '3.84 (3.78 to 3.91); better by 0.08 (0.05 to 0.11)']);
    expect(rows[3].slice(-3, -1)).toEqual(['3.64', '−0.05']);
    expect(rows[2].at(-1)).toBe('– (no run has trained fin alone)');
    expect(rows[1].slice(-2)).toEqual(['– (nothing comes before the base)', '– (nothing was learned before stage 1)']);
    const bars = await table(one, 'findings-bars-0');
    expect(bars[0]).toEqual(['Language', 'Control', 'Adapted', 'Change']);
    expect(bars[1]).toEqual(['fin', '3.93 (3.87 to 4.00)', '3.89 (3.83 to 3.96)', 'better by 0.04 (0.01 to 0.07)']);

    await choose(one, 'Measure', 'CER');
    const cer = await table(one, 'findings-0');
    expect(cer[1][4]).toBe('– (no transcripts)');
    expect(cer[1][5]).toBe('– (not measured)');
    expect((await one.saved()) as View).toMatchObject({ finding: { measure: 'cer' } });
    await clean(one);
  });

  it('shows what lies behind it: confusions with chance, drift from the encoder’s input on, what was skipped, the cost', async () => {
    const one = await open({}, ...told(['a']));
    const confusion = page(one).locator('[data-chart=confusion-states]');
    expect(await confusion.locator('.chart-title').innerText()).toMatch(/accuracy 91\.1.%.*chance 23\.1.%/s);
    expect((await table(one, 'confusion-states'))[1].slice(0, 2)).toEqual(['fin', '84']);
    const drift = await table(one, 'drift');
    expect(drift.at(-1)).toEqual(['0', ...Array(5).fill('0.000')]);
    expect(drift[1]).toEqual(['12', '0.321', '0.281', '0.098', '0.132', '0.104']);
    await choose(one, 'After stage', '1 · fin');
    expect((await table(one, 'drift'))[1][1]).toBe('0.225');
    expect((await table(one, 'confusion-states'))[1][1]).toBe('85');
    const about = await page(one).locator('.about-measuring').innerText();
    expect(about).toContain('ABX within speakers: no language has phone alignments.');
    expect(about).toMatch(/Measuring took 6\.4.% of the run’s time\./);
    await clean(one);
  });

  it('lists the utterances that went worst or lost most, and plays one', async () => {
    const one = await open({}, ...told(['a']));
    const rows = page(one).locator('.examples table').first().locator('tbody');
    expect(await rows.count()).toBe(10);
    expect(await rows.first().innerText()).toMatch(/fin_f1_03\s+f1\s+\d\.\d\s+4:26\.3\s+5\.02/);
    await page(one).getByRole('button', { name: 'Play fin_f1_03' }).first().click();
    await expect
      .poll(async () => (await one.said()).findLast(({ type }) => type === 'play'))
      .toEqual({
        type: 'play',
        path: '/data/speech/fin/session-1.wav',
        startSeconds: 266.3,
      });
    expect(await rows.nth(4).innerText()).toContain('joined of several recordings');
    await page(one).locator('vscode-dropdown[aria-label="Measure"]:visible').nth(1).click();
    await page(one).locator('vscode-option:visible', { hasText: 'CER' }).click();
    await one.settled();
    expect(await rows.first().innerText()).toMatch(/said\s+hän lähti kotiin ennen sadetta\s+heard\s+hän lähti kotin/);
    await page(one).getByRole('button', { name: 'Export Utterances as CSV' }).click();
    await one.page.waitForTimeout(100);
    const saved = (await one.said()).find((message) => message.type === 'export');
    expect(saved?.data.split('\r\n')[1]).toMatch(/^worst,fin,fin_f1_03,f1,/);
    await clean(one);
  });

  it('follows the legend, in words, cells and bars', async () => {
    const one = await open({}, ...told(['a']));
    await page(one).locator('.chip[data-code=vie]').click();
    await one.settled();
    expect(await page(one).locator('.answers li').count()).toBe(4);
    expect((await table(one, 'findings-0'))[0]).toEqual([
      'After stage',
      'fin',
      'eng',
      'deu',
      'spa',
      'mean',
      'BWT',
      'FWT',
    ]);
    expect((await table(one, 'findings-bars-0')).length).toBe(5);
    expect((await table(one, 'drift'))[0]).not.toContain('vie');
    await clean(one);
  });

  it('shows several runs beside one another, with one scale, and the rest of the one that is chosen', async () => {
    const other = sampleFindings();
    other.tables[0].rows[2].fin.change!.value = -0.4;
    other.confusions[0].accuracy = { value: 0.5 };
    other.confusions.splice(2);
    const one = await open({}, ...told(['a', 'b'], (run) => (run === 'a' ? sampleFindings() : other)));
    expect(await page(one).locator('.findings .heat:visible').count()).toBe(4);
    // Drawn when it comes into sight.
    await page(one).locator('.bars').nth(1).scrollIntoViewIfNeeded();
    await one.settled();
    expect(await page(one).locator('.bars:visible').count()).toBe(2);
    expect(await page(one).locator('[data-chart=findings-0] .scale-words').innerText()).toMatch(/0\.40 better/);
    const ticks = (chart: string) =>
      one.page.locator(`[data-chart=${chart}] text[text-anchor=middle]`).allTextContents();
    expect(await ticks('findings-bars-0')).toEqual(await ticks('findings-bars-1'));
    await choose(one, 'Run', 'B run b');
    expect(await page(one).locator('[data-chart=confusion-states] .chart-title').innerText()).toMatch(/accuracy 50\.0/);
    await clean(one);
  });

  it('says why there is nothing: not yet, never, or a file that is wrong; and forgets one that is gone', async () => {
    const one = await open({}, ...told(['a'], () => undefined, { state: 'running' }));
    expect(await page(one).locator('.without').innerText()).toMatch(/^Nothing is measured yet\. /);
    await one.tell({ type: 'runs', runs: [head('a')] });
    await one.settled();
    expect(await page(one).locator('.without').innerText()).toMatch(/^This run has no findings\. /);
    await one.tell({
      type: 'findings',
      run: 'a',
      fault: { code: 'field', at: `tables[0].${hostile}`, what: 'number' },
    });
    await one.settled();
    expect(await page(one).locator('.without').innerText()).toBe(
      `findings.json is not shown: tables[0].${hostile} is no number.`,
    );
    await one.tell({ type: 'findings', run: 'a', findings: { ...sampleFindings(), level: 7 } });
    await one.settled();
    expect(await page(one).locator('.without').innerText()).toBe(
      'findings.json is not shown: level is not between 0 and 1.',
    );
    await one.tell({ type: 'findings', run: 'a', findings: sampleFindings() });
    await one.settled();
    expect(await page(one).locator('.answers li').count()).toBe(5);
    await one.tell({ type: 'findings', run: 'a' });
    await one.settled();
    expect(await page(one).locator('.without').innerText()).toMatch(/^This run has no findings\. /);
    await clean(one);
  });

  it('grows with every row, from the base’s alone', async () => {
    const first = sampleFindings();
    first.rows.splice(1);
    for (const each of first.tables) {
      for (const list of [each.rows, each.average, each.backwardTransfer, each.forwardTransfer, each.compared ?? []])
        list.splice(1);
      delete each.largestLoss;
    }
    Object.assign(first, { drift: [], examples: [], confusions: first.confusions.slice(0, 2) });
    const one = await open({}, ...told(['a'], () => first));
    expect(await page(one).locator('.answers li').first().textContent()).toBe(
      'fin (new): loss 4.61, control 4.61; CER 34.2\u202f%',
    );
    expect((await table(one, 'findings-0')).length).toBe(2);
    expect(await page(one).locator('[data-chart=drift]').isVisible()).toBe(false);
    await one.tell({ type: 'findings', run: 'a', findings: sampleFindings() });
    await one.settled();
    expect((await table(one, 'findings-0')).length).toBe(4);
    await clean(one);
  });

  it('shows hostile names as text, and nothing of them runs', async () => {
    const text = JSON.stringify(sampleFindings())
      .replaceAll('"fin"', JSON.stringify(hostile))
      .replaceAll('"vie"', '"__proto__"')
      .replaceAll('"deu"', '"constructor"')
      .replaceAll('"no transcripts"', JSON.stringify(hostile))
      .replaceAll('"cer"', JSON.stringify(`${hostile}${'x'.repeat(50)}`))
      .replace('"fin_f1_03"', JSON.stringify(hostile))
      .replaceAll('"f1"', JSON.stringify(`\u202e${hostile}`));
    const one = await open({}, ...told(['a'], () => JSON.parse(text), { name: hostile, languages: [] }));
    for (const button of await page(one).locator('button[data-format], button[aria-expanded]').all())
      await button.click();
    await one.page.locator('[data-chart=findings-0] .heat').focus();
    await one.page.keyboard.press('ArrowRight');
    await choose(one, 'Measure', 'img');
    expect(await page(one).locator('.answers li').first().textContent()).toContain('<img src=x');
    expect(await page(one).locator('.answers li').nth(1).textContent()).toMatch(/^__proto__ \(new\): /);
    expect(await one.page.locator('img').count()).toBe(0);
    expect(await one.page.evaluate(() => 'hacked' in window)).toBe(false);
    expect(await one.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    await clean(one);
  });

  it('exports every figure as SVG, CSV and PNG that others can read', async () => {
    const one = await open({}, ...told(['a']));
    const buttons = await page(one).locator('button[data-format]:visible').all();
    expect(buttons.length).toBe(3 * 5);
    for (const button of buttons) await button.click();
    const exported = async () => (await one.said()).filter((message) => message.type === 'export');
    await expect.poll(async () => (await exported()).length, { timeout: 30_000 }).toBe(buttons.length);
    for (const { format, data } of await exported()) {
      if (format === 'svg') {
        const wrong = await one.page.evaluate(
          (xml) =>
            new DOMParser().parseFromString(xml, 'image/svg+xml').querySelector('parsererror')?.textContent ?? '',
          data,
        );
        expect(wrong).toBe('');
        expect(data).not.toMatch(/NaN|Infinity|undefined/);
      }
      if (format === 'png') expect(Buffer.from(data, 'base64').readUInt32BE(16)).toBe(2250);
    }
    const csv = (name: string) =>
      exported().then((all) => all.find((one) => one.format === 'csv' && one.name.endsWith(name))!.data.split('\r\n'));
    expect((await csv('findings-0'))[6]).toMatch(/^0,0,average,3\.4,,,,,,,,/);
    expect((await csv('findings-0')).find((line) => line.startsWith('1,400,fin,'))).toMatch(
      /^1,400,fin,3\.84,3\.7.*,better,,run a$/,
    );
    expect((await csv('confusion-states'))[1]).toBe('fin,fin,84,run a');
    await clean(one);
  });

  it('can be walked and read with the keyboard alone', async () => {
    const one = await open({}, ...told(['a']));
    const said = () => one.page.locator('#say').textContent();
    await one.page.locator('[data-chart=findings-0] .heat').focus();
    await one.page.keyboard.press('ArrowDown');
    await one.page.keyboard.press('ArrowDown');
    expect(await said()).toBe(
      'After stage 1 (fin), step 400, Language fin: 3.84 (3.78 to 3.91), control 3.92 (3.86 to 3.99), better by 0.08 (0.05 to 0.11), from 7 speakers',
    );
    await one.page.keyboard.press('End');
    expect(await said()).toBe('After stage 1 (fin), step 400, FWT: –, no run has trained fin alone');
    await one.page.keyboard.press('ArrowLeft');
    expect(await said()).toBe('After stage 1 (fin), step 400, BWT: −0.01');
    await one.page.locator('[data-chart=findings-bars-0] .bars').focus();
    await one.page.keyboard.press('ArrowDown');
    expect(await said()).toMatch(/^fin: 3\.89 \(3\.83 to 3\.96\), control 3\.93 .*, better by 0\.04/);
    await one.page.keyboard.press('ArrowDown');
    expect(await said()).toMatch(/^vie: /);
    await one.page.locator('[data-chart=drift] .plot').focus();
    await one.settled();
    await one.page.keyboard.press('Home');
    expect(await said()).toMatch(/^fin, Hidden state \(0 is the encoder’s input\) 0: 0\.000/);
    const nameless = await one.page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('#view-evaluation button, #view-evaluation [tabindex="0"]')]
        .filter((element) => !(element.getAttribute('aria-label') ?? element.textContent ?? '').trim())
        .map((element) => element.outerHTML.slice(0, 80)),
    );
    expect(nameless).toEqual([]);
    await clean(one);
  });

  it.each(themeNames)('has nothing serious for axe-core in %s', async (theme) => {
    const one = await open({ theme }, ...told(['a', 'b'], (run) => (run === 'a' ? sampleFindings() : undefined)));
    for (const button of await page(one).locator('button[aria-expanded]:visible').all()) await button.click();
    await one.settled();
    await one.page.evaluate(axe);
    const serious = await one.page.evaluate(async () => {
      const { violations } = await (window as unknown as { axe: typeof import('axe-core') }).axe.run(document);
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
    });
    expect(serious).toEqual([]);
    await one.close();
  });

  it('fits every width in German, with 5 languages and with 40', async () => {
    const many = sampleFindings();
    const more = Array.from({ length: 35 }, (_, i) => `x${String(i).padStart(2, '0')}`);
    for (const code of more) {
      many.languages.push({ code, role: 'existing', entered: 0, seconds: 60, utterances: 9, speakers: 2 });
      for (const { rows } of many.tables) for (const row of rows) row[code] = structuredClone(row.eng);
    }
    for (const findings of [sampleFindings(), many]) {
      const one = await open({ width: 1500 }, ...told(['a'], () => findings, {}, german));
      for (const width of [640, 900, 1280, 1500]) {
        await one.page.setViewportSize({ width, height: 900 });
        await one.settled();
        const wrong = await one.page.evaluate(() => {
          const found: string[] = [];
          if (document.documentElement.scrollWidth > innerWidth) found.push('the page scrolls sideways');
          for (const part of document.querySelectorAll(
            '#view-evaluation .chart-title, #view-evaluation .chart-title > *',
          ))
            if (part.scrollWidth > part.clientWidth + 1 && part.clientWidth > 0) found.push(`cut: ${part.textContent}`);
          for (const figure of document.querySelectorAll('#view-evaluation .bars svg')) {
            const { right } = figure.getBoundingClientRect();
            for (const text of figure.querySelectorAll('text'))
              if (text.getBoundingClientRect().right > right + 1) found.push(`beyond its picture: ${text.textContent}`);
          }
          return found;
        });
        expect(wrong, `${findings.languages.length} languages, ${width} px`).toEqual([]);
      }
      await clean(one);
    }
  });

  it('lives with findings of any shape', async () => {
    const one = await open({}, ...told(['a']));
    const odd = [
      { type: 'findings' },
      { type: 'findings', run: 7, findings: 7 },
      { type: 'findings', run: 'a', findings: null },
      { type: 'findings', run: 'a', findings: { version: 1 } },
      { type: 'findings', run: 'a', fault: 'x' },
      { type: 'findings', run: '__proto__', findings: sampleFindings() },
    ] as unknown as ToWebview[];
    for (const message of odd) {
      await one.tell(message);
      await one.settled();
    }
    await one.tell({
      type: 'findings',
      run: 'a',
      findings: { ...sampleFindings(), rows: [], tables: [], confusions: [], drift: [], examples: [], skipped: [] },
    });
    await one.settled();
    expect(await page(one).locator('.answers li').count()).toBe(5);
    await clean(one);
  });
});
