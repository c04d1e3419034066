import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readLabel, writeLabel } from '../../../sidecar/runs/label.ts';
import { folder } from '../../support/folder.ts';

const none = { tags: [], note: '', pinned: false };
const labelled = (content: string) => ({ path: folder({ 'label.json': content }) });

describe('what a person says about a run', () => {
  it('is nothing where nothing was said', () => expect(readLabel({ path: folder({}) })).toEqual(none));

  it('is kept, and each change leaves the rest', () => {
    const run = { path: folder({}) };
    writeLabel(run, { name: 'Früh “1”', tags: ['a', 'b'] });
    writeLabel(run, { pinned: true, note: 'zwei\nZeilen' });
    expect(readLabel(run)).toEqual({ name: 'Früh “1”', tags: ['a', 'b'], note: 'zwei\nZeilen', pinned: true });
    expect(readdirSync(run.path)).toEqual(['label.json']);
  });

  it.each(
    [
      '',
      '{',
      'null',
      '[]',
      '"text"',
      '7',
      '[{"name":"x"}]',
      '\0\0\0',
      '['.repeat(90_000),
      `{"name":"${'x'.repeat(100_001)}"}`,
      '{"name":7,"tags":"a","note":[],"pinned":"yes"}',
      '{"name":"   ","tags":[1,null,{}],"note":null,"pinned":1}',
      '{"__proto__":{"pinned":true,"name":"x"},"constructor":{"name":"y"}}',
    ].map((content) => [content.slice(0, 60), content]),
  )('is nothing where the file holds %s', (_, content) => expect(readLabel(labelled(content))).toEqual(none));

  it('is cut to what can be shown, and is never more than text', () => {
    const hostile = '<img src=x onerror=alert(1)>';
    const label = readLabel(
      labelled(
        JSON.stringify({
          name: hostile + 'x'.repeat(500),
          tags: [...Array(100).fill('t'.repeat(100)), hostile],
          note: 'n'.repeat(50_000),
          path: '/etc/passwd',
        }),
      ),
    );
    expect(Object.keys(label).sort()).toEqual(['name', 'note', 'pinned', 'tags']);
    expect(label.name).toHaveLength(200);
    expect(label.name?.startsWith(hostile)).toBe(true);
    expect(label.tags).toEqual(Array(20).fill('t'.repeat(60)));
    expect(label.note).toHaveLength(20_000);
  });

  it('reads no folder, and no link out of the run is written through', () => {
    const path = folder({ 'outside.json': '{"note":"mine"}', 'run/keep': '' });
    const run = { path: join(path, 'run') };
    symlinkSync('../outside.json', join(run.path, 'label.json'));
    writeLabel(run, { note: 'changed' });
    expect(readLabel(run).note).toBe('changed');
    expect(readLabel({ path: folder({ 'label.json': '' }) })).toEqual(none);
    const other = { path: folder({}) };
    mkdirSync(join(other.path, 'label.json'));
    writeFileSync(join(other.path, 'label.json', 'x'), '');
    expect(readLabel(other)).toEqual(none);
  });
});
