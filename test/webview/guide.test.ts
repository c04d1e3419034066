import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalogue, shapeOf } from '../../sidecar/architecture/catalogue.ts';
import { composeGuide, type GuideInput } from '../../sidecar/config/guide/plan.ts';
import type { FromGuide, GuideChoice, ToGuide } from '../../sidecar/config/guide/view.ts';
import { type Dashboard, type Host, host, missing } from './harness.ts';

const german = JSON.parse(readFileSync('extension/l10n/bundle.l10n.de.json', 'utf8')) as Record<string, string>;
const counted = { seconds: 3600, clips: 1200, speakers: 3, short: [{ belowSeconds: 0.5, clips: 400, seconds: 120 }] };
const input: GuideInput = {
  open: true,
  trusted: true,
  datasets: [
    { name: 'radio', language: 'yor', counted },
    { name: 'digits', language: 'eng', counted },
  ],
  models: [
    {
      name: 'mine',
      shape: shapeOf(catalogue[1]),
      facts: { parameters: 9.4e7, hasHead: false, heads: ['head0.safetensors', 'head_it2.safetensors'], faults: 0 },
    },
  ],
  taken: [],
  paces: { machine: 'M', entries: [] },
  threads: 2,
};

describe.skipIf(missing)(`the guide’s page${missing && ` (${missing})`}`, () => {
  let editor: Host;
  beforeAll(async () => {
    editor = await host('webview/guide/main.ts');
  });
  afterAll(async () => {
    await editor?.close();
  });
  const tell = (one: Dashboard, ...messages: ToGuide[]) => one.tell(...(messages as never[]));
  const view = (choice: GuideChoice = { roles: {} }, given = input): ToGuide => ({
    type: 'view',
    view: composeGuide(given, choice).view,
  });
  const chosen = async (one: Dashboard) => {
    const said = (await one.said()) as unknown as FromGuide[];
    return said.flatMap((message) => (message.type === 'choose' ? [message.choice] : [])).at(-1);
  };

  it('is in German, every word that stands on it', async () => {
    const one = await editor.open();
    await tell(one, { type: 'hello', words: german, language: 'de' }, view());
    await one.settled();
    const text = await one.page.locator('main').innerText();
    const english = Object.keys(german).filter((words) => /\p{L}{4} \p{L}/u.test(words) && !words.includes('{'));
    expect(english.length).toBeGreaterThan(300);
    expect(english.filter((words) => german[words] !== words && text.includes(words))).toEqual([]);
    expect(text).toContain('1.406 Sprachen');
    const heads = one.page.getByRole('combobox', { name: 'Eigener Kopf' });
    expect(await heads.evaluate((select) => (select as unknown as { value: string }).value)).toBe(
      'head_it2.safetensors',
    );
    expect(one.troubles).toEqual([]);
    await one.close();
  });

  it.each([925, 620])('fits into a window of %i pixels: nothing makes the page itself wider', async (width) => {
    const one = await editor.open({ width, height: 625 });
    await tell(one, { type: 'hello', words: german, language: 'de' }, view());
    await one.settled();
    expect(await one.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    await one.close();
  });

  it('says what is chosen, and takes up a base that the host has added meanwhile', async () => {
    const one = await editor.open();
    await tell(one, { type: 'hello', words: {}, language: 'en' }, view());
    await one.page.getByRole('radio', { name: 'MMS 300M' }).check();
    expect(await chosen(one)).toMatchObject({ base: 'hub:facebook/mms-300m' });
    await tell(one, view({ roles: {}, base: 'hub:facebook/mms-300m' }));
    await one.settled();
    expect(await one.page.getByRole('button', { name: 'Download MMS 300M, 1.27 GB' }).isVisible()).toBe(true);
    expect(await one.page.locator('footer').innerText()).toContain('Download the base model first');
    // It was downloaded: another is the chosen one now, and a later choice does not take that back.
    await tell(one, view({ roles: {}, base: 'model:mine' }));
    await one.page.locator('#name').pressSequentially('x');
    expect(await chosen(one)).toMatchObject({ base: 'model:mine', name: expect.stringContaining('x') });
    await one.close();
  });

  it('comes back as it was after its tab was hidden', async () => {
    const saved = { roles: { yor: 'existing', eng: 'new' }, replay: 0.5 };
    const one = await editor.open({ saved });
    await tell(one, { type: 'hello', words: {}, language: 'en' });
    await expect.poll(() => chosen(one)).toEqual(saved);
    await one.close();
  });
});
